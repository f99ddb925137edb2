package falco

import (
	"strconv"
)

// LossCause is why alerts were lost.
type LossCause string

// The causes.
const (
	// LossOverflow: the bound of the server's log reached them before the group took them.
	LossOverflow LossCause = "overflow"
	// LossSlow: the bound of the server's log reached them before this broadcast read them.
	LossSlow LossCause = "slow"
	// LossRestart: they were in a log that the server no longer has, and nobody knows how many.
	LossRestart LossCause = "restart"
	// LossUnknown: a newer server has a cause that this package does not know; Loss.Text has its name.
	LossUnknown LossCause = "unknown"
)

// Loss tells which alerts a subscriber misses for good.
type Loss struct {
	// Cause is why.
	Cause LossCause
	// Text is the cause as the server names it.
	Text string
	// Lost is how many; 0 if nobody knows.
	Lost uint64
	// FirstSequence and LastSequence are the first and the last of their sequence numbers; 0 if nobody knows.
	FirstSequence, LastSequence uint64
}

// lossOf reads the alert with which our server tells a loss: one without a sequence number.
func lossOf(alert *Alert) (Loss, bool) {
	if alert.Sequence != 0 {
		return Loss{}, false
	}
	text, found := alert.OutputFields["cause"]
	if !found {
		return Loss{}, false
	}
	cause := LossCause(text)
	switch cause {
	case LossOverflow, LossSlow, LossRestart:
	default:
		cause = LossUnknown
	}
	return Loss{
		Cause:         cause,
		Text:          text,
		Lost:          numberOf(alert.OutputFields["lost"]),
		FirstSequence: numberOf(alert.OutputFields["first_sequence"]),
		LastSequence:  numberOf(alert.OutputFields["last_sequence"]),
	}, true
}

// numberOf returns 0 for what is not a number.
func numberOf(text string) uint64 {
	number, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0
	}
	return number
}
