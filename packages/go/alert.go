package falco

import (
	"time"

	"github.com/falco-outputs/falco-outputs/packages/go/api/schema"
)

// Alert is what Falco emits when a rule matches. json.Marshal gives Falco's JSON.
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
	// Hostname is the machine's that Falco watches.
	Hostname string
	// Tags are the rule's.
	Tags []string
	// Source is where the event came from, e.g. "syscall" or "k8s_audit"; empty from a Falco too old to name it.
	Source string
	// SourceDeprecated is the source as a number, which is all that an old Falco sent.
	SourceDeprecated int32
	// Sequence is the position in the server's log; 0 from Falco itself, and of an alert that tells a loss.
	Sequence uint64

	// Whether it has a time: the first instant of year 1 is one, too.
	timed  bool
	origin origin
}

// SourceName is Source, or the name of the number that an old Falco sent in its place.
func (a *Alert) SourceName() string {
	if a.Source != "" {
		return a.Source
	}
	return sourceNames[schema.Source(a.SourceDeprecated)]
}

// origin is where an alert came from, for those that are acknowledged by hand.
type origin struct {
	acknowledgements *acknowledgements
	place            uint64
}
