package falco

import (
	"encoding/json"
	"testing"
	"time"
)

func TestJSON(t *testing.T) {
	at := time.Date(2026, 1, 31, 23, 59, 59, 120, time.FixedZone("", 3600))
	for expected, alert := range map[string]Alert{
		`{"output":"","output_fields":{},"priority":"Emergency","rule":"","tags":[]}`: {},
		`{"hostname":"h","output":"o","output_fields":{"a":"<NA>","proc.aname[2]":"b"},"priority":"Warning","rule":"r","sequence":7,"source":"syscall","tags":["t","u"],"time":"2026-01-31T22:59:59.000000120Z"}`: {
			Time: at, Priority: PriorityWarning, Rule: "r", Output: "o", Hostname: "h", Tags: []string{"t", "u"}, Source: "syscall", Sequence: 7,
			OutputFields: map[string]string{"proc.aname[2]": "b", "a": "<NA>"},
		},
		`{"output":"","output_fields":{},"priority":"9","rule":"","source":"internal"}`:                             {Priority: 9, SourceDeprecated: 2},
		`{"output":"","output_fields":{},"priority":"Emergency","rule":"","source":"plugin","tags":[]}`:             {SourceDeprecated: 3},
		`{"output":"","output_fields":{},"priority":"Emergency","rule":"","source":"x","tags":[]}`:                  {Source: "x", SourceDeprecated: 2},
		`{"output":"","output_fields":{},"priority":"Emergency","rule":"","tags":["x"]}`:                            {SourceDeprecated: 9, Tags: []string{"x"}},
		`{"output":"","output_fields":{},"priority":"Emergency","rule":"","sequence":9007199254740991,"tags":[]}`:   {Sequence: 1<<53 - 1},
		`{"output":"","output_fields":{},"priority":"Emergency","rule":"","sequence":"9007199254740992","tags":[]}`: {Sequence: 1 << 53},
		`{"output":"\"\\\b\f\n\r\t\u0000\u001f` + "\u007f\u2028<&>ä🦅\uFFFD(\uFFFD" + `","output_fields":{},"priority":"Emergency","rule":"","tags":[]}`: {
			Output: "\"\\\b\f\n\r\t\x00\x1f\u007f\u2028<&>ä🦅\xff(\xc3",
		},
		`{"output":"","output_fields":{},"priority":"Emergency","rule":"","tags":[],"time":"0001-01-01T00:00:00.000000000Z"}`: {timed: true},
	} {
		if got := alert.JSON(); got != expected {
			t.Errorf("got      %s\nexpected %s", got, expected)
		}
		marshalled, err := json.Marshal(&alert)
		if err != nil {
			t.Error(err)
		}
		var one, other any
		if json.Unmarshal(marshalled, &one) != nil || json.Unmarshal([]byte(expected), &other) != nil {
			t.Errorf("no JSON: %s", marshalled)
		}
	}
}
