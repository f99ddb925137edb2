package falco

import (
	"math"
	"time"
)

// retryDelay is how long to wait before an attempt: exponential with full jitter, so that the clients of a server that
// restarts do not come back all at once. failed counts the attempts in a row that have failed, from 1; random is from
// 0 to 1.
func retryDelay(failed int, initial, longest time.Duration, random float64) time.Duration {
	delay := min(float64(longest), float64(initial)*math.Pow(2, float64(failed-1)))
	return time.Duration(random * delay)
}
