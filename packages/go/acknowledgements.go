package falco

import (
	"sync"
	"time"
)

// coalesceFor is the longest that an acknowledgement waits to be sent together with others.
const coalesceFor = time.Millisecond

// acknowledgements tracks which responses of one call are done. The server expects the number of the first ones that are
// done, so an alert waits for the earlier ones. A timer sends the number soon, for many alerts at once; markDone never
// sends, so a stalled connection does not block its callers.
type acknowledgements struct {
	// How many responses the server sends before it waits.
	window uint64
	send   func(count uint64)

	mu sync.Mutex
	// Done, though an earlier one is not.
	early    map[uint64]struct{}
	received uint64
	done     uint64
	sent     uint64
	timer    *time.Timer
	pending  bool
	stopped  bool
	// Closed once all that was received is done; nil unless a caller waits for that.
	allDone chan struct{}
	// Held while something is being sent, so that counts go out in order.
	sending sync.Mutex
}

func newAcknowledgements(window uint64, send func(count uint64)) *acknowledgements {
	a := &acknowledgements{window: window, send: send, early: map[uint64]struct{}{}}
	a.timer = time.AfterFunc(time.Hour, a.flush)
	a.timer.Stop()
	return a
}

// receive counts one more response, and returns its place among them.
func (a *acknowledgements) receive() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.received++
	return a.received - 1
}

// markDone is safe for concurrent use. It reports whether that counts; after the end of the call it does not.
func (a *acknowledgements) markDone(place uint64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stopped {
		return false
	}
	if place < a.done {
		return true
	}
	if place > a.done {
		a.early[place] = struct{}{}
		return true
	}
	a.done++
	for len(a.early) > 0 {
		if _, isDone := a.early[a.done]; !isDone {
			break
		}
		delete(a.early, a.done)
		a.done++
	}
	switch {
	case (a.done-a.sent)*4 >= a.window:
		a.timer.Reset(0)
		a.pending = true
	case !a.pending:
		a.timer.Reset(coalesceFor)
		a.pending = true
	}
	a.tellAllDone()
	return true
}

// settled returns a channel that is closed once all that was received is done. Nothing may be received after the call.
func (a *acknowledgements) settled() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.allDone = make(chan struct{})
	all := a.allDone
	a.tellAllDone()
	return all
}

func (a *acknowledgements) tellAllDone() {
	if a.allDone != nil && a.done == a.received {
		close(a.allDone)
		a.allDone = nil
	}
}

// flush sends what has not been sent yet.
func (a *acknowledgements) flush() {
	a.sending.Lock()
	defer a.sending.Unlock()
	a.mu.Lock()
	a.pending = false
	count := a.done
	isNew := count > a.sent && !a.stopped
	a.sent = count
	a.mu.Unlock()
	if isNew {
		a.send(count)
	}
}

// stop prevents further sends.
func (a *acknowledgements) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stopped = true
	a.timer.Stop()
}

// close sends what has not been sent yet, and stops.
func (a *acknowledgements) close() {
	a.flush()
	a.stop()
	// Wait for a send of the timer.
	a.sending.Lock()
	defer a.sending.Unlock()
}
