package falco

import (
	"maps"
	"slices"
	"strconv"
)

// JSON returns the alert as Falco writes it, on one line, plus its sequence number. Values of output_fields are text, as
// in Falco's API: numbers keep every digit.
func (a *Alert) JSON() string {
	return string(a.appendJSON(nil))
}

// MarshalJSON returns what JSON does.
func (a Alert) MarshalJSON() ([]byte, error) {
	return a.appendJSON(nil), nil
}

// maxExactJSON is the largest integer that every JSON reader reads exactly.
const maxExactJSON = 1<<53 - 1

func (a *Alert) appendJSON(b []byte) []byte {
	b = append(b, '{')
	if a.Hostname != "" {
		b = append(appendString(append(b, `"hostname":`...), a.Hostname), ',')
	}
	b = appendString(append(b, `"output":`...), a.Output)
	b = append(b, `,"output_fields":{`...)
	for i, name := range slices.Sorted(maps.Keys(a.OutputFields)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, name), ':')
		b = appendString(b, a.OutputFields[name])
	}
	b = appendString(append(b, `},"priority":`...), a.Priority.String())
	b = appendString(append(b, `,"rule":`...), a.Rule)
	if a.Sequence > maxExactJSON {
		b = appendString(append(b, `,"sequence":`...), strconv.FormatUint(a.Sequence, 10))
	} else if a.Sequence != 0 {
		b = strconv.AppendUint(append(b, `,"sequence":`...), a.Sequence, 10)
	}
	source := a.SourceName()
	if source != "" {
		b = appendString(append(b, `,"source":`...), source)
	}
	// Falco's own alerts never have any.
	if source != "internal" {
		b = append(b, `,"tags":[`...)
		for i, tag := range a.Tags {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, tag)
		}
		b = append(b, ']')
	}
	if a.HasTime() {
		b = append(b, `,"time":"`...)
		b = a.Time.UTC().AppendFormat(b, "2006-01-02T15:04:05.000000000Z")
		b = append(b, '"')
	}
	return append(b, '}')
}

const hexDigits = "0123456789abcdef"

// appendString writes a JSON string as JavaScript does: encoding/json would escape what matters to HTML.
func appendString(b []byte, text string) []byte {
	text = toValidUTF8(text)
	b = append(b, '"')
	start := 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, text[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\b':
			b = append(b, `\b`...)
		case '\f':
			b = append(b, `\f`...)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		default:
			b = append(b, `\u00`...)
			b = append(b, hexDigits[c>>4], hexDigits[c&0xf])
		}
		start = i + 1
	}
	return append(append(b, text[start:]...), '"')
}
