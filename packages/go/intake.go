package falco

import (
	"sync"
)

const (
	// What is taken in before the loop asks for it. The server is held back by flow control beyond that.
	maxTakenAlerts = 1024
	maxTakenBytes  = 1024 * 1024
)

// intake receives the responses of one call in a goroutine of its own, so that a batch is what has arrived.
type intake struct {
	// Closed when nothing more is received.
	done chan struct{}
	// Of the goroutine that iterates.
	batch []*response

	mu         sync.Mutex
	changed    sync.Cond
	taken      []*response
	bytes      int
	err        error
	discarding bool
}

func newIntake(receive func() (*response, error)) *intake {
	i := &intake{done: make(chan struct{})}
	i.changed.L = &i.mu
	go i.run(receive)
	return i
}

func (i *intake) run(receive func() (*response, error)) {
	defer close(i.done)
	for {
		r, err := receive()
		i.mu.Lock()
		switch {
		case err != nil:
			i.err = err
		case !i.discarding:
			i.add(r)
		}
		i.changed.Broadcast()
		for err == nil && !i.discarding && (len(i.taken) >= maxTakenAlerts || i.bytes >= maxTakenBytes) {
			i.changed.Wait()
		}
		i.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// add is called with the mutex held. Of heartbeats in a row the last one is enough: a loop that is busy for long does not
// fill up with them.
func (i *intake) add(r *response) {
	if last := len(i.taken) - 1; r.scanned != 0 && last >= 0 && i.taken[last].scanned != 0 {
		i.taken[last] = r
		return
	}
	i.taken = append(i.taken, r)
	i.bytes += r.bytes
}

// next waits for a response, or for the error after the last one.
func (i *intake) next() (*response, error) {
	if len(i.batch) == 0 {
		if err := i.wait(); err != nil {
			return nil, err
		}
	}
	return i.poll(), nil
}

// wait makes a batch of all that has arrived.
func (i *intake) wait() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	for len(i.taken) == 0 && i.err == nil {
		i.changed.Wait()
	}
	if len(i.taken) == 0 {
		return i.err
	}
	i.batch, i.taken, i.bytes = i.taken, nil, 0
	i.changed.Broadcast()
	return nil
}

// poll returns the next response of the batch; nil if there is none.
func (i *intake) poll() *response {
	if len(i.batch) == 0 {
		return nil
	}
	r := i.batch[0]
	i.batch[0] = nil
	i.batch = i.batch[1:]
	return r
}

// discard lets go of what was taken in, and of what still comes. It may be called on nil.
func (i *intake) discard() {
	if i == nil {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.discarding = true
	i.taken, i.bytes = nil, 0
	i.changed.Broadcast()
}
