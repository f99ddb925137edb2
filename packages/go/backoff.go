package falco

import (
	"math"
	"math/rand/v2"
	"sync"
	"time"
)

// maxUnixDelay is the longest wait before an attempt to connect to a unix socket, where attempts are cheap.
const maxUnixDelay = time.Second

// backoff decides when the streams of a client try again after their connection failed: all at the same time.
type backoff struct {
	// limit is the longest wait; 0: only the stream's own limit applies.
	limit time.Duration

	mu sync.Mutex
	// failed counts the decisions since an alert came, or since a connection held.
	failed    int
	decidedAt time.Time
	until     time.Time
}

// next returns how long a stream waits whose last attempt began at this time. An attempt that began before the latest
// decision failed together with the one that was decided about.
func (b *backoff) next(began time.Time, initial, longest time.Duration) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if began.After(b.decidedAt) {
		longest = b.capped(longest)
		if now.Sub(began) > longest {
			b.failed = 0
		}
		b.failed++
		b.decidedAt = now
		b.until = now.Add(retryDelay(b.failed, initial, longest, rand.Float64()))
	}
	return max(0, b.until.Sub(now))
}

func (b *backoff) capped(longest time.Duration) time.Duration {
	if b.limit > 0 {
		return min(longest, b.limit)
	}
	return longest
}

// reset says that an alert came: a server that takes calls and drops them is left alone for longer and longer.
func (b *backoff) reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed = 0
}

// retryDelay returns how long to wait before an attempt: exponential backoff with full jitter, so that the clients of a
// server that restarts do not come back all at once. failed counts the failures in a row, from 1; random is from 0 to 1.
func retryDelay(failed int, initial, longest time.Duration, random float64) time.Duration {
	delay := min(float64(longest), float64(initial)*math.Pow(2, float64(failed-1)))
	return time.Duration(random * delay)
}
