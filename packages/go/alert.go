package falco

import (
	"time"

	"github.com/falco-outputs/falco-outputs/packages/go/api/schema"
)

// Alert is what Falco emits when a rule matches. json.Marshal writes Falco's JSON, and json.Unmarshal reads it. In a
// test, write it as a literal.
type Alert struct {
	// Time is when the event happened; zero if the alert does not say.
	Time time.Time
	// Priority is the rule's severity.
	Priority Priority
	// Rule is the rule's name.
	Rule string
	// Output is the rule's output, with its fields filled in.
	Output string
	// OutputFields are the fields of the output, as text: numbers keep every digit, an absent value is "<NA>", a list
	// is "(a,b)".
	OutputFields map[string]string
	// Hostname names the machine that Falco watches.
	Hostname string
	// Tags are the rule's.
	Tags []string
	// Source is where the event came from, e.g. "syscall" or "k8s_audit"; empty from a Falco too old to name it.
	Source string
	// SourceDeprecated is the source as a number, which is all that an old Falco sent.
	SourceDeprecated int32
	// Sequence is the position in the server's log; 0 from Falco itself, and for an alert that reports a loss.
	Sequence uint64

	// Whether the alert has a time; the zero time.Time is a time too.
	timed  bool
	origin origin
}

// HasTime reports whether the alert says when the event happened.
func (a *Alert) HasTime() bool {
	return a.timed || !a.Time.IsZero()
}

// SourceName returns Source, or the name of the number that an old Falco sent in its place.
func (a *Alert) SourceName() string {
	if a.Source != "" {
		return a.Source
	}
	return sourceNames[schema.Source(a.SourceDeprecated)]
}

// Acknowledge marks an alert of a stream with AcknowledgeByHand as done. The server learns of it once all earlier
// alerts are done as well, so handlers may finish in any order, each in its own goroutine.
//
// It reports whether that counts. It does not if the connection that delivered the alert is lost or the stream has
// ended: then the alert is delivered again, to this or another subscriber. It returns an error with
// codes.InvalidArgument if the alert did not come from a stream that acknowledges.
func (a *Alert) Acknowledge() (counts bool, err error) {
	if a.origin.acknowledgements == nil {
		return false, invalid("the alert did not come from a stream with AcknowledgeByHand or Acknowledge")
	}
	return a.origin.acknowledge(), nil
}

// origin is where an alert came from, if it must be acknowledged.
type origin struct {
	acknowledgements *acknowledgements
	place            uint64
}

func (o origin) acknowledge() bool {
	return o.acknowledgements != nil && o.acknowledgements.markDone(o.place)
}
