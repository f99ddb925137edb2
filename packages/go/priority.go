package falco

import (
	"fmt"
	"strconv"
	"strings"
)

// Priority is the severity of a rule: 0 is the most severe, 7 the least.
type Priority int32

// The priorities, most severe first.
const (
	PriorityEmergency Priority = iota
	PriorityAlert
	PriorityCritical
	PriorityError
	PriorityWarning
	PriorityNotice
	PriorityInformational
	PriorityDebug
)

// A table of our own: the enum of the contract has three names for each number.
var priorityNames = [...]string{
	"Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug",
}

// String returns the name as Falco writes it, e.g. "Warning"; the number if Falco has no such priority.
func (p Priority) String() string {
	if p.isKnown() {
		return priorityNames[p]
	}
	return strconv.Itoa(int(p))
}

// MarshalText returns what String does, so that JSON and other formats have the name.
func (p Priority) MarshalText() ([]byte, error) {
	return []byte(p.String()), nil
}

// UnmarshalText reads what ParsePriority does.
func (p *Priority) UnmarshalText(name []byte) error {
	parsed, err := ParsePriority(string(name))
	if err != nil {
		return err
	}
	*p = parsed
	return nil
}

// AtLeast reports whether p is as severe as other, or more.
func (p Priority) AtLeast(other Priority) bool {
	return p <= other
}

// Ptr returns a pointer to p, for Filter.MinPriority.
func (p Priority) Ptr() *Priority {
	return &p
}

func (p Priority) isKnown() bool {
	return p >= PriorityEmergency && p <= PriorityDebug
}

// ParsePriority reads a name in any case: one of Falco's eight, or "info".
func ParsePriority(name string) (Priority, error) {
	for number, known := range priorityNames {
		if strings.EqualFold(name, known) {
			return Priority(number), nil
		}
	}
	if strings.EqualFold(name, "info") {
		return PriorityInformational, nil
	}
	return 0, invalid(fmt.Sprintf("priority: %q, expected one of %s", name, strings.Join(priorityNames[:], ", ")))
}
