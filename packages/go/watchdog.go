package falco

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
)

const (
	// An interval of heartbeats outside these bounds, in milliseconds, is ignored.
	minHeartbeatMS = 100
	maxHeartbeatMS = 3_600_000
	// After so many intervals without a message, the connection is dead.
	silentIntervals = 3
)

// watchdog records when a call last heard from the server, and ends a call that waits too long for a message.
type watchdog struct {
	openedAt time.Time
	// When the server was last heard from, in nanoseconds since openedAt; 0: never.
	heard atomic.Int64
	// When the wait for a message began, in nanoseconds since openedAt; 0: nothing waits.
	waiting atomic.Int64
}

func newWatchdog() *watchdog {
	return &watchdog{openedAt: time.Now()}
}

func (w *watchdog) now() int64 {
	return max(1, int64(time.Since(w.openedAt)))
}

// startWaiting marks the start of a wait for a message.
func (w *watchdog) startWaiting() {
	w.waiting.Store(w.now())
}

// stopWaiting marks its end, and whether a message arrived.
func (w *watchdog) stopWaiting(isMessage bool) {
	w.waiting.Store(0)
	if isMessage {
		w.hear()
	}
}

func (w *watchdog) hear() {
	w.heard.Store(w.now())
}

// heardAt returns the zero time if the server was never heard from.
func (w *watchdog) heardAt() time.Time {
	heard := w.heard.Load()
	if heard == 0 {
		return time.Time{}
	}
	return w.openedAt.Add(time.Duration(heard))
}

// silenceLimit returns how long a server with this interval of heartbeats may be silent; 0: no limit.
func silenceLimit(intervalMS uint64) time.Duration {
	if intervalMS < minHeartbeatMS || intervalMS > maxHeartbeatMS {
		return 0
	}
	return silentIntervals * time.Duration(intervalMS) * time.Millisecond
}

// watch aborts the call of this context once a wait for a message has taken longer than the limit.
func (w *watchdog) watch(ctx context.Context, abort context.CancelCauseFunc, limit time.Duration) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		// A wait that begins after this is looked at before it takes too long.
		rest := limit
		if since := w.waiting.Load(); since != 0 {
			rest -= time.Duration(w.now() - since)
		}
		if rest <= 0 {
			message := fmt.Sprintf("nothing was heard for %d ms: the connection is dead", limit.Milliseconds())
			abort(&Error{Code: codes.Unavailable, Message: message})
			return
		}
		timer.Reset(rest)
	}
}
