package falco

import "time"

// StreamOption is an option of a stream. Options that make no sense together end the stream with codes.InvalidArgument,
// without a call to the server.
type StreamOption func(*streamConfig)

// streamConfig is the sum of a stream's options.
type streamConfig struct {
	// The filter of the short form.
	short         Filter
	allow, deny   []Filter
	since, until  *time.Time
	group         *string
	broadcast     bool
	after         *uint64
	follow        bool
	acknowledge   acknowledgeMode
	filterLocally bool
	reconnect     reconnectSettings
	onStatus      func(Status)
	pollInterval  time.Duration
	drainTimeout  time.Duration
	inBatches     bool
}

type acknowledgeMode int

const (
	acknowledgeNever acknowledgeMode = iota
	acknowledgeByLoop
	acknowledgeByHand
)

// option returns the name of the option that sets it.
func (m acknowledgeMode) option() string {
	if m == acknowledgeByHand {
		return "AcknowledgeByHand"
	}
	return "Acknowledge"
}

const (
	defaultPollInterval = 100 * time.Millisecond
	defaultDrainTimeout = 10 * time.Second
	defaultInitialDelay = 100 * time.Millisecond
	defaultMaxDelay     = 30 * time.Second
)

// Group joins a group: its members share its alerts, and every group gets all alerts. A new group begins with the next
// alert, unless After says otherwise. It keeps its place while it has no members.
func Group(name string) StreamOption {
	return func(c *streamConfig) { c.group = &name }
}

// Broadcast gets every alert, and takes none from others. Sub begins with the next alert, Get with the oldest alert
// retained, unless After or Since says otherwise.
func Broadcast() StreamOption {
	return func(c *streamConfig) { c.broadcast = true }
}

// After starts a broadcast or a new group after this sequence number; 0: with the oldest alert retained.
func After(sequence uint64) StreamOption {
	return func(c *streamConfig) { c.after = &sequence }
}

// Follow keeps Get open for new alerts.
func Follow() StreamOption {
	return func(c *streamConfig) { c.follow = true }
}

// Acknowledge makes the server hold each alert until the loop comes back for the next one. If this subscriber dies or
// leaves the loop before that, the alert goes to another subscriber.
func Acknowledge() StreamOption {
	return func(c *streamConfig) { c.acknowledge = acknowledgeByLoop }
}

// AcknowledgeByHand makes the server hold each alert until its method Acknowledge is called.
func AcknowledgeByHand() StreamOption {
	return func(c *streamConfig) { c.acknowledge = acknowledgeByHand }
}

// DrainTimeout sets how long a stream that acknowledges may stay open after its context was cancelled or Client.Close
// was called. Its loop gets no more alerts, and ends once all that it got are acknowledged. A loop that is left ends at
// once. Default: 10 s.
func DrainTimeout(timeout time.Duration) StreamOption {
	return func(c *streamConfig) { c.drainTimeout = timeout }
}

// WaitOnFirstConnect keeps trying even if the very first connection of the client fails.
func WaitOnFirstConnect() StreamOption {
	return func(c *streamConfig) { c.reconnect.waitOnFirstConnect = true }
}

// MaxAttempts sets how many attempts in a row may fail before the error ends the stream. With 0, the stream ends when
// its connection is lost. Default: no limit.
func MaxAttempts(attempts int) StreamOption {
	return func(c *streamConfig) { c.reconnect.maxAttempts = attempts }
}

// RetryDelay sets the longest wait before the first attempt to reconnect, and the longest of all: the limit doubles with
// each attempt. The waits are random, and the same for all streams of a client; on a unix socket they are at most 1 s.
// Default: 100 ms, 30 s.
func RetryDelay(first, longest time.Duration) StreamOption {
	return func(c *streamConfig) { c.reconnect.initialDelay, c.reconnect.maxDelay = first, longest }
}

// OnStatus sets a function that is called when the status of the stream's connection changes, and when alerts were
// lost. It runs in the goroutine that iterates.
func OnStatus(tell func(Status)) StreamOption {
	return func(c *streamConfig) { c.onStatus = tell }
}

// PollInterval sets how often Falco's own server is asked for alerts, since it sends none unasked. A Falco Outputs
// server is asked only once. Default: 100 ms.
func PollInterval(interval time.Duration) StreamOption {
	return func(c *streamConfig) { c.pollInterval = interval }
}
