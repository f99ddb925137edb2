package falco

import (
	"strings"
	"unicode/utf8"
)

// toValidUTF8 replaces what is not UTF-8 by U+FFFD, as the WHATWG's decoder does: each longest part that could have been
// the beginning of a character becomes one of them. (strings.ToValidUTF8 makes one of any number of bytes.)
func toValidUTF8(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text) + utf8.UTFMax)
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && size == 1 {
			size = invalidPrefix(text[i:])
			b.WriteRune(utf8.RuneError)
		} else {
			b.WriteString(text[i : i+size])
		}
		i += size
	}
	return b.String()
}

// invalidPrefix returns the length of the beginning of a character that is cut off: 1 for a byte that begins none.
func invalidPrefix(text string) int {
	lower, upper := byte(0x80), byte(0xBF)
	more := 0
	switch lead := text[0]; {
	case lead >= 0xC2 && lead <= 0xDF:
		more = 1
	case lead >= 0xE0 && lead <= 0xEF:
		more = 2
		if lead == 0xE0 {
			lower = 0xA0
		} else if lead == 0xED {
			upper = 0x9F
		}
	case lead >= 0xF0 && lead <= 0xF4:
		more = 3
		if lead == 0xF0 {
			lower = 0x90
		} else if lead == 0xF4 {
			upper = 0x8F
		}
	}
	length := 1
	for length <= more && length < len(text) && text[length] >= lower && text[length] <= upper {
		length++
		lower, upper = 0x80, 0xBF
	}
	return length
}
