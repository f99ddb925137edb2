package falco

import "strings"

// pattern is a value of a filter: the texts between its stars. One text alone must be equal; of several, a value begins
// with the first, ends with the last, and has the others in between, in their order.
type pattern []string

func parsePattern(value string) pattern {
	var p pattern
	var text strings.Builder
	for at := 0; at < len(value); at++ {
		if value[at] == '*' {
			p = append(p, text.String())
			text.Reset()
			continue
		}
		if strings.HasPrefix(value[at:], `\*`) {
			at++
		}
		text.WriteByte(value[at])
	}
	return append(p, text.String())
}

// matches takes the first place where each text fits, and never goes back: it is linear in the value's length.
func (p pattern) matches(value string) bool {
	if len(p) == 1 {
		return value == p[0]
	}
	rest, begins := strings.CutPrefix(value, p[0])
	if !begins {
		return false
	}
	rest, ends := strings.CutSuffix(rest, p[len(p)-1])
	if !ends {
		return false
	}
	for _, text := range p[1 : len(p)-1] {
		_, after, found := strings.Cut(rest, text)
		if !found {
			return false
		}
		rest = after
	}
	return true
}
