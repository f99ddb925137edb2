package falcohttp

// maxDepth is as deep as an alert may be nested.
const maxDepth = 64

// objectScan looks for the end of a JSON object by its brackets and strings alone, in one pass over its bytes. What
// stands between them is for the reader of JSON to judge.
type objectScan struct {
	// Where the object ends, if it does.
	end int
	// Where it showed that it has no end: at a line end within a string, at a bracket that closes another one, at a
	// brace where no value can stand (it begins the next object), at the 65th level, or where the bytes end.
	failedAt int
	// Of an object that fails, the first object within it that begins a line: -1 if there is none.
	nestedLine int
	open       [maxDepth + 1]byte
}

// read reads the object that begins at start, with a brace. It reports whether the object has an end.
func (s *objectScan) read(body []byte, start int) bool {
	depth := 0
	// The last byte that is not white space; of a string its closing quote.
	var before byte
	s.nestedLine = -1
	for at := start; at < len(body); at++ {
		c := body[at]
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		case '"':
			at = stringEnd(body, at+1)
			if at == len(body) || body[at] != '"' {
				return s.fail(at)
			}
		case '{':
			if depth > 0 && !isValueNext(s.open[depth], before) {
				return s.fail(at)
			}
			if depth > 0 && s.nestedLine == -1 && body[at-1] == '\n' {
				s.nestedLine = at
			}
			fallthrough
		case '[':
			if depth == maxDepth {
				return s.fail(at)
			}
			depth++
			s.open[depth] = c
		case '}', ']':
			// In ASCII, a bracket and the one that closes it are two apart.
			if s.open[depth] != c-2 {
				return s.fail(at)
			}
			if depth--; depth == 0 {
				s.end = at + 1
				return true
			}
		}
		before = c
	}
	return s.fail(len(body))
}

func (s *objectScan) fail(at int) bool {
	s.failedAt = at
	return false
}

// isValueNext reports whether a value may follow before, within an array or object that was opened by opened.
func isValueNext(opened, before byte) bool {
	return before == ':' || opened == '[' && (before == ',' || before == '[')
}

// stringEnd returns where the string that goes on at this place ends: at its quote, or at what cannot be in it, a line
// end or the end of the body.
func stringEnd(body []byte, at int) int {
	for ; at < len(body); at++ {
		switch c := body[at]; {
		case c == '"' || c == '\n':
			return at
		case c == '\\' && (at+1 == len(body) || body[at+1] != '\n'):
			at++
		}
	}
	return len(body)
}
