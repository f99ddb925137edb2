package falcohttp

import (
	"bytes"
	"regexp"
)

// textPrefix is what Falco's text form begins with: a time and a priority.
var textPrefix = regexp.MustCompile(`^(?:\d\d:\d\d:\d\d(?:\.\d{1,9})?|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)` +
	`: (?i:Emergency|Alert|Critical|Error|Warning|Notice|Informational|Debug|info) `)

// prefixBytes is longer than any time and priority.
const prefixBytes = 64

// splitBody finds the alerts in a body that somebody posted, in time that is linear in its length: JSON objects, each on
// one line or on several, whatever stands between them of white space, commas and the brackets of arrays; and lines of
// text. It calls take with where each begins and ends.
//
//   - An object without an end is one piece, up to where the next alert can begin: at the brace that showed that it has no
//     end; otherwise after a comma on the same line, or with a later line.
//   - What is neither is a piece up to the end of its line, or up to a comma or bracket with an object after it.
//
// isText says that lines which do not begin an alert belong to the text alert above them: what stands in a text of
// Falco's comes from an attacker at times, and must not make an alert of its own.
func splitBody(body []byte, isText bool, take func(start, end int)) {
	var scan objectScan
	// What a scan has seen before this is not looked at twice again: so that time stays linear.
	scannedTo := 0
	for at := skipBetween(body, 0); at < len(body); at = skipBetween(body, at) {
		var end int
		switch {
		case body[at] != '{':
			switch {
			case !beginsText(body, at):
				end = objectAfter(body, at, lineEnd(body, at))
			case isText:
				end = nextText(body, at)
			default:
				end = lineEnd(body, at)
			}
		case scan.read(body, at):
			end = scan.end
		case scan.nestedLine == -1 || at < scannedTo:
			end = nextAlert(body, scan.failedAt)
			scannedTo = max(scannedTo, scan.failedAt)
		default:
			// A line that was cut off where a value comes next takes the next line for that value.
			end = scan.nestedLine
			scannedTo = max(scannedTo, scan.failedAt)
		}
		take(at, at+len(bytes.TrimRight(body[at:end], "\r\n")))
		at = end
	}
}

// skipBetween returns where something begins, or the body ends.
func skipBetween(body []byte, at int) int {
	for at < len(body) && (isBlank(body[at]) || bytes.IndexByte([]byte(",[]}"), body[at]) >= 0) {
		at++
	}
	return at
}

// nextAlert returns where an alert may begin at the earliest, after an object that failed there.
func nextAlert(body []byte, failedAt int) int {
	if failedAt < len(body) && body[failedAt] == '{' {
		return failedAt
	}
	for at := failedAt; ; {
		end := lineEnd(body, at)
		if object := objectAfter(body, at, end); object < end {
			return object
		}
		at = skipBetween(body, end)
		if at == len(body) || body[at] == '{' || beginsText(body, at) {
			return at
		}
	}
}

// objectAfter returns the first brace between from and end that follows a comma or an opening bracket; end if there is
// none.
func objectAfter(body []byte, from, end int) int {
	var before byte
	for at := from; at < end; at++ {
		if body[at] == '{' && (before == ',' || before == '[') {
			return at
		}
		if !isBlank(body[at]) {
			before = body[at]
		}
	}
	return end
}

// nextText returns the first line after the one at this place that begins a text alert, or where the body ends.
func nextText(body []byte, at int) int {
	line := lineEnd(body, at) + 1
	for line < len(body) && !beginsText(body, line) {
		line = lineEnd(body, line) + 1
	}
	return min(line, len(body))
}

// beginsText reports whether a text alert begins there.
func beginsText(body []byte, at int) bool {
	head := body[at:min(len(body), at+prefixBytes)]
	if len(head) < 5 || head[2] != ':' && head[4] != '-' {
		return false
	}
	return textPrefix.Match(head)
}

func lineEnd(body []byte, at int) int {
	if length := bytes.IndexByte(body[at:], '\n'); length >= 0 {
		return at + length
	}
	return len(body)
}

func isBlank(c byte) bool {
	return c == ' ' || c >= '\t' && c <= '\r'
}
