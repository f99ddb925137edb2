package falco

import (
	"time"

	"github.com/falco-outputs/falco-outputs/packages/go/api/schema"
)

// Alert is what Falco emits when a rule matches. json.Marshal writes Falco's JSON, and json.Unmarshal reads it. A test may
// make one as a literal.
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
	// Sequence is the position in the server's log; 0 from Falco itself, and for an alert that tells a loss.
	Sequence uint64

	// Whether it has a time: the first instant of year 1 is one too.
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

// Acknowledge marks an alert of a stream with AcknowledgeByHand as done. The server is told once all that came before it
// are done as well, so that handlers may finish in any order, each in a goroutine of its own.
//
// It reports whether that counts: false if the connection that brought the alert is lost, or its stream has ended, so that
// the alert comes again, or goes to another member of the group. The error, codes.InvalidArgument, is about an alert that
// did not come from a stream that acknowledges.
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
