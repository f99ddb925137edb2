package falco

import "time"

// StreamOption is an option of a stream. Options that make no sense together end the stream with codes.InvalidArgument
// before anything is asked of the server.
type StreamOption func(*streamConfig)

// streamConfig is what options add up to.
type streamConfig struct {
	// The short form of allow.
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

// Group joins a group: its members share its alerts, and every group gets all of them. It begins with what comes once it
// exists, unless After says otherwise, and keeps its place while it has no members.
func Group(name string) StreamOption {
	return func(c *streamConfig) { c.group = &name }
}

// Broadcast gets every alert, and takes none from others. Sub begins with what comes, Get with the oldest alert retained,
// unless After says otherwise.
func Broadcast() StreamOption {
	return func(c *streamConfig) { c.broadcast = true }
}

// After starts a broadcast, or a group that is new, after this sequence number; 0: with the oldest alert retained.
func After(sequence uint64) StreamOption {
	return func(c *streamConfig) { c.after = &sequence }
}

// Follow keeps Get open for what comes.
func Follow() StreamOption {
	return func(c *streamConfig) { c.follow = true }
}

// Acknowledge has the server hold each alert until the loop comes back for the next one. What is not acknowledged when
// this subscriber dies, or leaves the loop, goes to another one.
func Acknowledge() StreamOption {
	return func(c *streamConfig) { c.acknowledge = acknowledgeByLoop }
}

// AcknowledgeByHand has the server hold each alert until its method Acknowledge is called.
func AcknowledgeByHand() StreamOption {
	return func(c *streamConfig) { c.acknowledge = acknowledgeByHand }
}

// DrainTimeout sets how long a stream that acknowledges stays open after its context was cancelled, or Client.Close was
// called: its loop gets nothing more, and ends once everything that it got is acknowledged. A loop that is left ends at
// once. Default: 10 s.
func DrainTimeout(timeout time.Duration) StreamOption {
	return func(c *streamConfig) { c.drainTimeout = timeout }
}

// WaitOnFirstConnect keeps trying when the very first connection of the client fails too.
func WaitOnFirstConnect() StreamOption {
	return func(c *streamConfig) { c.reconnect.waitOnFirstConnect = true }
}

// MaxAttempts sets how many attempts in a row may fail before the error ends the stream. With 0 there is none, and the
// stream ends when its connection is lost. Default: no limit.
func MaxAttempts(attempts int) StreamOption {
	return func(c *streamConfig) { c.reconnect.maxAttempts = attempts }
}

// RetryDelay sets the longest wait before the first attempt to connect again, and what that doubles up to. The waits are
// random below it, and the same for all streams of a client; on a unix socket they are at most 1 s. Default: 100 ms, 30 s.
func RetryDelay(first, longest time.Duration) StreamOption {
	return func(c *streamConfig) { c.reconnect.initialDelay, c.reconnect.maxDelay = first, longest }
}

// OnStatus is called with what becomes of the stream's connection, and with losses, by the goroutine that iterates.
func OnStatus(tell func(Status)) StreamOption {
	return func(c *streamConfig) { c.onStatus = tell }
}

// PollInterval sets how often Falco's own server, which answers only to requests, is asked. Default: 100 ms. A Falco
// Outputs server is never asked twice.
func PollInterval(interval time.Duration) StreamOption {
	return func(c *streamConfig) { c.pollInterval = interval }
}
