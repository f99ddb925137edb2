package falco

import (
	"regexp"
	"time"
)

var rfc3339 = regexp.MustCompile(
	`^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:)(\d\d)(\.\d{1,9})?(?:[Zz]|([+-](?:[01]\d|2[0-3])):?([0-5]\d))$`)

// parseTime reads RFC 3339 with 0 to 9 digits of a fraction and any offset, in which older Falco left out the colon.
func parseTime(text string) (time.Time, bool) {
	m := rfc3339.FindStringSubmatch(text)
	if m == nil {
		return time.Time{}, false
	}
	day, clock, second, fraction, offset := m[1], m[2], m[3], m[4], "Z"
	if m[5] != "" {
		offset = m[5] + ":" + m[6]
	}
	isLeap := second == "60"
	if isLeap {
		second = "00"
	}
	at, err := time.Parse(time.RFC3339, day+"T"+clock+second+fraction+offset)
	if err != nil {
		return time.Time{}, false
	}
	if isLeap {
		at = at.Add(time.Minute)
	}
	return at.UTC(), at.Unix() >= minSeconds && at.Unix() <= maxSeconds
}
