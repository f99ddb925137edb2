package falco

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// UnmarshalJSON reads one alert as Falco writes it with json_output: true. Its rule and priority must be there; members
// that an alert does not have are ignored. Values of output_fields become text: numbers keep every digit, null is
// "<NA>", a list is "(a,b)". Output is the member message if Falco was configured to omit output. A sequence number is
// not read, since it is a position in another server's log.
//
// An error has codes.InvalidArgument. It quotes nothing of the alert, so it may be logged.
func (a *Alert) UnmarshalJSON(text []byte) error {
	parsed, err := parseAlert([]byte(toValidUTF8(string(text))))
	if err != nil {
		return err
	}
	*a = *parsed
	return nil
}

// maxJSONDepth is far beyond what Falco writes, which nests two levels deep.
const maxJSONDepth = 64

func parseAlert(text []byte) (*Alert, error) {
	if isTooDeep(text) {
		return nil, notAlert(fmt.Sprintf("JSON: expected at most %d nested levels", maxJSONDepth))
	}
	// A map, so that names are exact, and of duplicates the last one counts.
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, notJSON(err)
	}
	if members == nil {
		return nil, notAlert("JSON: expected an object")
	}
	a := &Alert{}
	if err := a.readMembers(members); err != nil {
		return nil, err
	}
	return a, nil
}

func (a *Alert) readMembers(members map[string]json.RawMessage) error {
	var priority, at string
	var output, message string
	hasRule, err := readString(members, "rule", &a.Rule, true)
	if err != nil {
		return err
	}
	hasPriority, err := readString(members, "priority", &priority, true)
	if err != nil {
		return err
	}
	if !hasRule || !hasPriority {
		missing := "priority"
		if !hasRule {
			missing = "rule"
		}
		return notAlert(fmt.Sprintf("%q is missing", missing))
	}
	if a.Priority, err = ParsePriority(priority); err != nil {
		return notAlert(`"priority" is not one of ` + strings.Join(priorityNames[:], ", "))
	}
	hasTime, err := readString(members, "time", &at, false)
	if err != nil {
		return err
	}
	if hasTime {
		if a.Time, a.timed = parseTime(at); !a.timed {
			return notAlert(`"time" is not in RFC 3339, e.g. "2026-01-31T23:59:59.123456789Z"`)
		}
	}
	hasOutput, err := readString(members, "output", &output, false)
	if err != nil {
		return err
	}
	if _, err := readString(members, "message", &message, false); err != nil {
		return err
	}
	if a.Output = message; hasOutput {
		a.Output = output
	}
	if _, err := readString(members, "hostname", &a.Hostname, false); err != nil {
		return err
	}
	if _, err := readString(members, "source", &a.Source, false); err != nil {
		return err
	}
	a.SourceDeprecated = deprecatedSource(a.Source)
	if err := a.readTags(members["tags"]); err != nil {
		return err
	}
	return a.readFields(members["output_fields"])
}

func (a *Alert) readTags(value json.RawMessage) error {
	if isAbsent(value) {
		return nil
	}
	var tags []json.RawMessage
	if json.Unmarshal(value, &tags) != nil {
		return wrongMember("tags", "an array of strings")
	}
	a.Tags = make([]string, len(tags))
	for i, tag := range tags {
		if tag[0] != '"' || json.Unmarshal(tag, &a.Tags[i]) != nil {
			return wrongMember("tags", "an array of strings")
		}
	}
	return nil
}

func (a *Alert) readFields(value json.RawMessage) error {
	if isAbsent(value) {
		return nil
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(value, &fields) != nil {
		return wrongMember("output_fields", "an object")
	}
	a.OutputFields = make(map[string]string, len(fields))
	for name, value := range fields {
		a.OutputFields[name] = fieldText(value)
	}
	return nil
}

// fieldText returns the text that Falco's gRPC API has for a value. An object, which Falco does not write, stays the
// JSON text that it is.
func fieldText(value json.RawMessage) string {
	switch value[0] {
	case '"':
		var text string
		_ = json.Unmarshal(value, &text) // of what was read as JSON before
		return text
	case '[':
		var items []json.RawMessage
		_ = json.Unmarshal(value, &items) // of what was read as JSON before
		texts := make([]string, len(items))
		for i, item := range items {
			texts[i] = fieldText(item)
		}
		return "(" + strings.Join(texts, ",") + ")"
	case 'n':
		return "<NA>"
	default:
		return string(value)
	}
}

// readString reports whether the member exists. A null counts as a missing member, unless the member is required.
func readString(members map[string]json.RawMessage, name string, into *string, required bool) (bool, error) {
	value, isThere := members[name]
	if !isThere || !required && isAbsent(value) {
		return false, nil
	}
	if value[0] != '"' || json.Unmarshal(value, into) != nil {
		return false, wrongMember(name, "a string")
	}
	return true, nil
}

func isAbsent(value json.RawMessage) bool {
	return len(value) == 0 || value[0] == 'n'
}

// isTooDeep looks only at brackets and strings, and ignores what is between them.
func isTooDeep(text []byte) bool {
	depth := 0
	for at := 0; at < len(text); at++ {
		switch text[at] {
		case '{', '[':
			if depth++; depth > maxJSONDepth {
				return true
			}
		case '}', ']':
			depth--
		case '"':
			for at++; at < len(text) && text[at] != '"'; at++ {
				if text[at] == '\\' {
					at++
				}
			}
		}
	}
	return false
}

func notJSON(err error) *Error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind):
		return notAlert("JSON: expected an object")
	case errors.As(err, &syntax):
		return notAlert(fmt.Sprintf("JSON: it is wrong, or breaks off, at byte %d", syntax.Offset))
	default:
		return notAlert("not JSON")
	}
}

func wrongMember(name, expected string) *Error {
	return notAlert(fmt.Sprintf("%q is not %s", name, expected))
}

func notAlert(reason string) *Error {
	return invalid("not an alert: " + reason)
}
