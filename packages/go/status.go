package falco

import (
	"time"
)

// Status is a change in the status of a stream: one of Connecting, Connected, Disconnected, Resumed and Lost.
type Status interface{ isStatus() }

// Connecting is the start of an attempt to connect.
type Connecting struct {
	// Attempt counts from 1, and starts again after each success.
	Attempt int
}

// Connected means that the server answered for the first time. Falco's own server answers only with its first alert.
type Connected struct{}

// Disconnected means that the connection was lost or an attempt failed. Another attempt follows.
type Disconnected struct {
	// Err is why.
	Err *Error
	// RetryIn is the time until the next attempt.
	RetryIn time.Duration
	// LastHeardAt is when the last message from the server arrived on this stream, heartbeats included; zero: never.
	LastHeardAt time.Time
}

// Resumed means that the server answers again. The stream continues where it was, as far as its mode allows.
type Resumed struct{}

// Lost means that alerts were lost.
type Lost struct {
	// Loss describes them.
	Loss Loss
	// Alert is the alert that reports the loss; the loop gets it next.
	Alert *Alert
}

func (Connecting) isStatus()   {}
func (Connected) isStatus()    {}
func (Disconnected) isStatus() {}
func (Resumed) isStatus()      {}
func (Lost) isStatus()         {}
