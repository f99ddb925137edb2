package falco

import (
	"time"
)

// Status tells what becomes of a stream: one of Connecting, Connected, Disconnected, Resumed and Lost.
type Status interface{ isStatus() }

// Connecting says that an attempt begins.
type Connecting struct {
	// Attempt counts from 1, and again after each success.
	Attempt int
}

// Connected says that the server answered for the first time. Falco's own does so only with its first alert.
type Connected struct{}

// Disconnected says that the connection was lost, or an attempt failed; another one follows.
type Disconnected struct {
	// Err is why.
	Err *Error
	// RetryIn is how long it takes until the next attempt begins.
	RetryIn time.Duration
	// LastHeardAt is when the latest message of the server's arrived on this stream, a heartbeat included; zero: never.
	LastHeardAt time.Time
}

// Resumed says that the server answers again; the stream continues where it was, as far as its mode allows.
type Resumed struct{}

// Lost says that alerts were lost.
type Lost struct {
	// Loss says which.
	Loss Loss
	// Alert is the one that tells it; the loop gets it next.
	Alert *Alert
}

func (Connecting) isStatus()   {}
func (Connected) isStatus()    {}
func (Disconnected) isStatus() {}
func (Resumed) isStatus()      {}
func (Lost) isStatus()         {}
