package falco

import (
	"math"
	"slices"
	"time"

	"github.com/falco-outputs/falco-outputs/packages/go/api/outputs"
	"github.com/falco-outputs/falco-outputs/packages/go/api/schema"
)

// Option is an option of a stream. Options that make no sense together end the stream with codes.InvalidArgument before
// anything is asked of the server.
type Option func(*streamConfig)

// streamConfig is what options add up to. The filter's fields are the request's.
type streamConfig struct {
	filter        outputs.Request
	group         *string
	broadcast     bool
	after         *uint64
	follow        bool
	acknowledge   acknowledgeMode
	filterLocally bool
	reconnect     *ReconnectOptions
	onStatus      func(Status)
	pollInterval  time.Duration
}

type acknowledgeMode int

const (
	acknowledgeNever acknowledgeMode = iota
	acknowledgeByLoop
	acknowledgeByHand
)

const defaultPollInterval = 100 * time.Millisecond

// Group joins a group: its members share its alerts, every group gets all of them. It begins with what comes once it
// exists, unless After says otherwise, and keeps its place without members.
func Group(name string) Option {
	return func(c *streamConfig) { c.group = &name }
}

// Broadcast gets every alert, and shares with nobody. Sub begins with what comes, Get with the oldest retained, unless
// After says otherwise.
func Broadcast() Option {
	return func(c *streamConfig) { c.broadcast = true }
}

// After starts a broadcast, or a group that is new, behind this sequence number; 0: with the oldest retained.
func After(sequence uint64) Option {
	return func(c *streamConfig) { c.after = &sequence }
}

// Follow keeps Get open for what comes.
func Follow() Option {
	return func(c *streamConfig) { c.follow = true }
}

// MinPriority chooses alerts that are at least this severe. Filters are for groups and broadcasts: each one that is
// given must hold. The shared queue has none, for what does not match would be lost to the others; see FilterLocally.
func MinPriority(priority Priority) Option {
	return func(c *streamConfig) { c.filter.MinPriority = schema.Priority(priority).Enum() }
}

// Tags chooses alerts that carry any of these tags, exact and case-sensitive.
func Tags(tags ...string) Option {
	return func(c *streamConfig) { c.filter.Tags = slices.Clone(tags) }
}

// Rules chooses alerts of any of these rules, exact and case-sensitive.
func Rules(rules ...string) Option {
	return func(c *streamConfig) { c.filter.Rules = slices.Clone(rules) }
}

// Sources chooses alerts of any of these sources, exact and case-sensitive.
func Sources(sources ...string) Option {
	return func(c *streamConfig) { c.filter.Sources = slices.Clone(sources) }
}

// Hostnames chooses alerts of any of these hosts, exact and case-sensitive.
func Hostnames(hostnames ...string) Option {
	return func(c *streamConfig) { c.filter.Hostnames = slices.Clone(hostnames) }
}

// FilterLocally filters the shared queue of any server on this side: what does not match is taken from the queue all
// the same.
func FilterLocally() Option {
	return func(c *streamConfig) { c.filterLocally = true }
}

// Acknowledge has the server hold each alert until the loop comes back for the next one. What is not acknowledged when
// this subscriber dies, or leaves the loop, goes to another one.
func Acknowledge() Option {
	return func(c *streamConfig) { c.acknowledge = acknowledgeByLoop }
}

// AcknowledgeByHand has the server hold each alert until Client.Acknowledge is called with it.
func AcknowledgeByHand() Option {
	return func(c *streamConfig) { c.acknowledge = acknowledgeByHand }
}

// ReconnectOptions is how a stream comes back when its connection is lost. The zero value is the default.
type ReconnectOptions struct {
	// WaitOnFirstConnect goes on trying when the very first connection fails, too.
	WaitOnFirstConnect bool
	// MaxAttempts is how many attempts in a row may fail before the error ends the stream. Default: no limit.
	MaxAttempts int
	// InitialDelay is the longest wait before the first attempt; it doubles with each, and the waits are random below
	// it. Default: 100 ms.
	InitialDelay time.Duration
	// MaxDelay is what it doubles up to. Default: 30 s.
	MaxDelay time.Duration
}

func (r ReconnectOptions) withDefaults() *ReconnectOptions {
	if r.MaxAttempts == 0 {
		r.MaxAttempts = math.MaxInt
	}
	if r.InitialDelay == 0 {
		r.InitialDelay = 100 * time.Millisecond
	}
	if r.MaxDelay == 0 {
		r.MaxDelay = 30 * time.Second
	}
	return &r
}

// Reconnect says how a stream comes back.
func Reconnect(options ReconnectOptions) Option {
	return func(c *streamConfig) { c.reconnect = &options }
}

// NoReconnect ends the stream with the first connection that is lost.
func NoReconnect() Option {
	return func(c *streamConfig) { c.reconnect = nil }
}

// OnStatus is told what becomes of the stream's connection, and of losses. It is called by the goroutine that iterates.
func OnStatus(tell func(Status)) Option {
	return func(c *streamConfig) { c.onStatus = tell }
}

// PollInterval is how often Falco's own server, which answers only to requests, is asked while no alert comes.
// Default: 100 ms. A Falco Outputs server is never asked twice.
func PollInterval(interval time.Duration) Option {
	return func(c *streamConfig) { c.pollInterval = interval }
}
