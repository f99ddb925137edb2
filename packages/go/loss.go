package falco

import (
	"strconv"
)

// LossCause is the reason why alerts were lost.
type LossCause string

// The causes.
const (
	// LossOverflow: the server's log was full and dropped them before the group took them.
	LossOverflow LossCause = "overflow"
	// LossSlow: the server's log was full and dropped them before this broadcast read them.
	LossSlow LossCause = "slow"
	// LossDisk: they are in the server's log on a disk, and cannot be read.
	LossDisk LossCause = "disk"
	// LossRestart: they were in a log that the server no longer has. Their number is unknown.
	LossRestart LossCause = "restart"
	// LossUnknown: a cause that this package does not know, from a newer server; Loss.Text has its name.
	LossUnknown LossCause = "unknown"
)

// Loss describes alerts that a subscriber will never get.
type Loss struct {
	// Cause is the reason.
	Cause LossCause
	// Text is the cause as the server names it.
	Text string
	// Lost is the number of alerts; 0 if unknown.
	Lost uint64
	// FirstSequence and LastSequence are the first and the last of their sequence numbers; 0 if unknown.
	FirstSequence, LastSequence uint64
}

// lossOf reads the alert with which our server reports a loss. It has no sequence number.
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
	case LossOverflow, LossSlow, LossDisk, LossRestart:
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

// numberOf returns 0 if the text is not a number.
func numberOf(text string) uint64 {
	number, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0
	}
	return number
}
