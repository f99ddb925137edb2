package falco

import (
	"sync"
)

const (
	// How much is read ahead of the loop. Beyond that, flow control holds the server back.
	maxTakenAlerts = 1024
	maxTakenBytes  = 1024 * 1024
)

// intake receives the responses of one call in its own goroutine, so that a batch is all that has arrived.
type intake struct {
	// Closed when the goroutine has ended.
	done chan struct{}
	// Used only by the goroutine that iterates.
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

// add is called with the mutex held. Heartbeats in a row become one, so that they do not fill the intake of a loop that
// is busy for long.
func (i *intake) add(r *response) {
	if last := len(i.taken) - 1; r.scanned != 0 && last >= 0 && i.taken[last].scanned != 0 {
		i.taken[last].scanned = max(i.taken[last].scanned, r.scanned)
		return
	}
	i.taken = append(i.taken, r)
	i.bytes += r.bytes
}

// next waits for the next response, or for the error that follows the last one.
func (i *intake) next() (*response, error) {
	if len(i.batch) == 0 {
		if err := i.wait(); err != nil {
			return nil, err
		}
	}
	return i.poll(), nil
}

// wait waits for a response, and makes a batch of all that have arrived.
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

// discard drops all responses, including those that still arrive. It may be called on nil.
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
