package falco

import (
	"strconv"
	"time"
)

// Status is what becomes of a stream: one of Connecting, Connected, Disconnected, Resumed and Lost.
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
	// RetryIn is when the next attempt begins.
	RetryIn time.Duration
}

// Resumed says that the server answers again; the stream goes on where it was, as far as its mode allows.
type Resumed struct{}

// Lost says that alerts were lost.
type Lost struct {
	// Loss says which.
	Loss Loss
	// Alert is the one that tells it; it comes next.
	Alert *Alert
}

func (Connecting) isStatus()   {}
func (Connected) isStatus()    {}
func (Disconnected) isStatus() {}
func (Resumed) isStatus()      {}
func (Lost) isStatus()         {}

// Loss is which alerts a subscriber misses for good.
type Loss struct {
	// Cause is one of:
	// "overflow": the server's bound reached them before the group took them;
	// "slow": before this broadcast read them;
	// "restart": they were in a log that the server has no more, and nobody knows how many.
	Cause string
	// Count is how many; 0 if nobody knows.
	Count uint64
	// First and Last are their sequence numbers; 0 if nobody knows.
	First, Last uint64
}

// lossOf reads the alert with which our server tells a loss: one without a sequence number.
func lossOf(alert *Alert) (Loss, bool) {
	if alert.Sequence != 0 {
		return Loss{}, false
	}
	cause, found := alert.OutputFields["cause"]
	if !found {
		return Loss{}, false
	}
	return Loss{
		Cause: cause,
		Count: numberOf(alert.OutputFields["lost"]),
		First: numberOf(alert.OutputFields["first_sequence"]),
		Last:  numberOf(alert.OutputFields["last_sequence"]),
	}, true
}

func numberOf(text string) uint64 {
	number, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0
	}
	return number
}
