package falco

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/falco-outputs/falco-outputs/packages/go/internal/reference"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Falco's alerts are the same whether the server reads their JSON or this package does.
func TestUnmarshalMatchesTheServer(t *testing.T) {
	server, client := serve(t, nil)
	lines := reference.FixtureLines(t)
	server.Publish(lines...)
	served := all(t, client.Get(limited(t), Broadcast()))
	if len(served) != len(lines) {
		t.Fatalf("the server read %d of %d lines", len(served), len(lines))
	}
	for i, line := range lines {
		var alert Alert
		if err := json.Unmarshal([]byte(line.(string)), &alert); err != nil {
			t.Errorf("%v: %s", err, line)
			continue
		}
		served[i].Sequence = 0
		if got, expected := alert.JSON(), served[i].JSON(); got != expected {
			t.Errorf("got      %s\nexpected %s", got, expected)
		}
		if alert.SourceDeprecated != served[i].SourceDeprecated {
			t.Errorf("%s: the number of the source is %d, expected %d", line, alert.SourceDeprecated, served[i].SourceDeprecated)
		}
	}
}

func TestJSONRoundTrip(t *testing.T) {
	alert := Alert{
		Priority: PriorityCritical, Rule: "r <&> \u2028", Output: "o\n\"\x00", Hostname: "h", Tags: []string{"b", "a"}, Source: "syscall",
		OutputFields: map[string]string{"evt.time": "1780391647123456789", "": "<NA>", "__proto__": "x"}, timed: true,
	}
	// A value and a pointer are the same, also within something else.
	for _, value := range []any{alert, &alert, []Alert{alert}, map[string]any{"alert": alert}} {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), `"priority":"Critical"`) || strings.Contains(string(text), "OutputFields") {
			t.Errorf("got %s", text)
		}
	}
	var again Alert
	if err := json.Unmarshal([]byte(alert.JSON()), &again); err != nil {
		t.Fatal(err)
	}
	if again.JSON() != alert.JSON() {
		t.Errorf("got      %s\nexpected %s", again.JSON(), alert.JSON())
	}
}

func TestUnmarshalReplacesInvalidUTF8(t *testing.T) {
	var alert Alert
	if err := alert.UnmarshalJSON([]byte("{\"rule\":\"a\xe2\x82b\",\"priority\":\"Notice\",\"output_fields\":{\"f\\ud83e\":\"\xff\"}}")); err != nil {
		t.Fatal(err)
	}
	if alert.Rule != "a\uFFFDb" || alert.OutputFields["f\uFFFD"] != "\uFFFD" {
		t.Errorf("got %+q", alert.JSON())
	}
}

func TestUnmarshalInvalid(t *testing.T) {
	deep := strings.Repeat("[", 64) + strings.Repeat("]", 64)
	for text, message := range map[string]string{
		``:                                   "not an alert: JSON: it is wrong, or breaks off, at byte 0",
		`{"rule":"secret"`:                   "not an alert: JSON: it is wrong, or breaks off, at byte 16",
		`{"rule":"r" "priority":"Notice"}`:   "not an alert: JSON: it is wrong, or breaks off, at byte 13",
		`null`:                               "not an alert: JSON: expected an object",
		`[{"rule":"r","priority":"Notice"}]`: "not an alert: JSON: expected an object",
		`{"priority":"Notice"}`:              `not an alert: "rule" is missing`,
		`{"rule":"r"}`:                       `not an alert: "priority" is missing`,
		`{"rule":null,"priority":"Notice"}`:  `not an alert: "rule" is not a string`,
		`{"rule":"r","priority":5}`:          `not an alert: "priority" is not a string`,
		`{"rule":"r","priority":"secret"}`:   `not an alert: "priority" is not one of Emergency, Alert, Critical, Error, Warning, Notice, Informational, Debug`,
		`{"rule":"r","priority":"Notice","time":"secret"}`:               `not an alert: "time" is not in RFC 3339, e.g. "2026-01-31T23:59:59.123456789Z"`,
		`{"rule":"r","priority":"Notice","time":"2026-02-29T00:00:00Z"}`: `not an alert: "time" is not in RFC 3339, e.g. "2026-01-31T23:59:59.123456789Z"`,
		`{"rule":"r","priority":"Notice","tags":"secret"}`:               `not an alert: "tags" is not an array of strings`,
		`{"rule":"r","priority":"Notice","tags":[5]}`:                    `not an alert: "tags" is not an array of strings`,
		`{"rule":"r","priority":"Notice","output_fields":[]}`:            `not an alert: "output_fields" is not an object`,
		`{"rule":"r","priority":"Notice","a":` + deep + `}`:              "not an alert: JSON: expected at most 64 nested levels",
	} {
		var alert Alert
		err := alert.UnmarshalJSON([]byte(text))
		if status.Code(err) != codes.InvalidArgument || err.Error() != message {
			t.Errorf("%s\ngot      %v\nexpected %s", text, err, message)
		}
	}
	flat := fmt.Sprintf(`{"rule":"r","priority":"Notice","a":%s}`, deep[1:len(deep)-1])
	if err := (&Alert{}).UnmarshalJSON([]byte(flat)); err != nil {
		t.Errorf("64 levels: %v", err)
	}
}

func TestParseTime(t *testing.T) {
	for text, expected := range map[string]string{
		"2026-01-31T23:59:59Z":                "2026-01-31T23:59:59.000000000Z",
		"2026-01-31t23:59:59.1z":              "2026-01-31T23:59:59.100000000Z",
		"2026-01-31 23:59:59.123456789+00:00": "2026-01-31T23:59:59.123456789Z",
		"2026-01-31T23:59:59.5-0530":          "2026-02-01T05:29:59.500000000Z",
		"2026-01-01T00:00:00+1400":            "2025-12-31T10:00:00.000000000Z",
		"2016-12-31T23:59:60Z":                "2017-01-01T00:00:00.000000000Z",
		"0001-01-01T00:00:00Z":                "0001-01-01T00:00:00.000000000Z",
		"9999-12-31T23:59:59.999999999Z":      "9999-12-31T23:59:59.999999999Z",
	} {
		if at, isTime := parseTime(text); !isTime || at.Format("2006-01-02T15:04:05.000000000Z") != expected {
			t.Errorf("%s: got %v, %v, expected %s", text, at, isTime, expected)
		}
	}
	for _, text := range []string{
		"", "yesterday", "2026-01-31", "2026-01-31T23:59:59", "2026-01-31T24:00:00Z", "2026-01-31T23:60:00Z", "2026-02-29T00:00:00Z",
		"2026-01-31T23:59:59.Z", "2026-01-31T23:59:59.1234567890Z", "2026-01-31T23:59:59,5Z", "2026-01-31T23:59:59+24:00",
		"2026-01-31T23:59:59+00:60", "2026-01-31T23:59:59 Z", "0001-01-01T00:00:00+00:01", "2026-01-31T23:59:59.5+05300",
	} {
		if at, isTime := parseTime(text); isTime {
			t.Errorf("%q: got %v, expected that it is not a time", text, at)
		}
	}
}

// What is read says the same when it is written and read again.
func FuzzUnmarshalJSON(f *testing.F) {
	for _, text := range []string{
		`{"rule":"r","priority":"Notice","output_fields":{"a":[1,null,{"b":2}],"c":-1.5E-07},"tags":["t"],"time":"2026-01-31T23:59:59.5-0530"}`,
		"{\"rule\":\"\xff\",\"priority\":\"info\",\"message\":\"\\ud83e\",\"source\":\"K8S_audit\"}", `{"rule":null}`, "", "[", `{"a":{`, "null",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var alert, again Alert
		if alert.UnmarshalJSON(text) != nil {
			return
		}
		if err := again.UnmarshalJSON([]byte(alert.JSON())); err != nil || again.JSON() != alert.JSON() {
			t.Errorf("%q: got %s, then %s, %v", text, alert.JSON(), again.JSON(), err)
		}
	})
}
