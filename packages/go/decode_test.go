package falco

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/falco-outputs/falco-outputs/packages/go/api/outputs"
	"github.com/falco-outputs/falco-outputs/packages/go/api/schema"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

var whole = &outputs.Response{
	Time:             &timestamppb.Timestamp{Seconds: 1_780_391_647, Nanos: 123_456_789},
	Priority:         schema.Priority_WARNING,
	SourceDeprecated: schema.Source_K8S_AUDIT,
	Rule:             "Terminal shell in container",
	Output:           "größe 🦅 \x00",
	OutputFields:     map[string]string{"proc.aname[2]": "sshd", "evt.time": "1780391647123456789", "": "<NA>", "empty": ""},
	Hostname:         "node-1",
	Tags:             []string{"container", "", "shell"},
	Source:           "k8s_audit",
	Sequence:         1<<64 - 1,
	Scanned:          1<<63 + 1,
}

// compare says where decoding differs from what the protobuf package makes of the same bytes.
func compare(t *testing.T, message []byte) {
	t.Helper()
	var expected outputs.Response
	wanted := proto.Unmarshal(message, &expected)
	var got Alert
	scanned, err := got.decode(message)
	if wanted != nil && strings.Contains(wanted.Error(), "invalid UTF-8") {
		if err == nil && !utf8.ValidString(got.JSON()) {
			t.Fatalf("%x: got text that is not UTF-8: %+v", message, got)
		}
		return
	}
	if (err == nil) != (wanted == nil) {
		t.Fatalf("%x: got %v, the protobuf package says %v", message, err, wanted)
	}
	if err != nil {
		return
	}
	if scanned != expected.GetScanned() || got.Rule != expected.GetRule() || got.Output != expected.GetOutput() || got.Hostname != expected.GetHostname() ||
		got.Source != expected.GetSource() || got.Sequence != expected.GetSequence() ||
		int32(got.Priority) != int32(expected.GetPriority()) || got.SourceDeprecated != int32(expected.GetSourceDeprecated()) ||
		!slices.Equal(got.Tags, expected.GetTags()) || !maps.Equal(got.OutputFields, expected.GetOutputFields()) {
		t.Fatalf("%x: got %+v, expected %v", message, got, &expected)
	}
	isTime := expected.GetTime().IsValid()
	if got.timed != isTime || isTime && !got.Time.Equal(expected.GetTime().AsTime()) {
		t.Fatalf("%x: got the time %v, expected %v", message, got.Time, expected.GetTime())
	}
}

func encode(t testing.TB, message proto.Message) []byte {
	t.Helper()
	encoded, err := proto.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func TestDecodeMatchesProtobuf(t *testing.T) {
	message := encode(t, whole)
	compare(t, message)
	for length := range message {
		compare(t, message[:length])
	}
	for position := range message {
		for _, flip := range []byte{1, 0x80, 0x0f, 0xff} {
			damaged := slices.Clone(message)
			damaged[position] ^= flip
			compare(t, damaged)
		}
	}
}

func TestDecodeUnusualMessages(t *testing.T) {
	text := func(number protowire.Number, value string) []byte {
		return protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), value)
	}
	varint := func(number protowire.Number, value uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), value)
	}
	nested := func(number protowire.Number, parts ...[]byte) []byte {
		return text(number, string(slices.Concat(parts...)))
	}
	group := protowire.AppendGroup(protowire.AppendTag(nil, 99, protowire.StartGroupType), 99, varint(1, 1))
	for name, message := range map[string][]byte{
		"nothing":                     {},
		"a field twice":               slices.Concat(text(4, "one"), text(4, "two"), varint(2, 1), varint(2, 3)),
		"a time in two parts":         slices.Concat(nested(1, varint(1, 7)), nested(1, varint(2, 9))),
		"an empty time":               nested(1),
		"the first instant of year 1": nested(1, varint(1, 1<<64-62_135_596_800)),
		"a time before year 1":        nested(1, varint(1, 1<<64-62_135_596_801)),
		"the last second of 9999":     nested(1, varint(1, 253_402_300_799), varint(2, 999_999_999)),
		"a time after 9999":           nested(1, varint(1, 253_402_300_800)),
		"too many nanoseconds":        nested(1, varint(2, 1_000_000_000)),
		"nanoseconds below 0":         nested(1, varint(2, 1<<64-1)),
		"an entry without a key":      nested(6, text(2, "value")),
		"an entry without a value":    nested(6, text(1, "key")),
		"an empty entry":              nested(6),
		"a key twice":                 slices.Concat(nested(6, text(1, "key"), text(2, "one")), nested(6, text(1, "key"), text(2, "two"))),
		"an entry turned around":      nested(6, text(2, "value"), text(1, "key")),
		"an entry with more in it":    nested(6, text(1, "key"), text(3, "more"), group, text(2, "value")),
		"fields between entries":      slices.Concat(nested(6, text(1, "a")), text(4, "rule"), nested(6, text(1, "b"))),
		"an unknown field":            slices.Concat(text(4, "rule"), varint(99, 1), text(98, "x"), group),
		"another type":                slices.Concat(text(2, "x"), varint(4, 1), text(10, "x"), varint(6, 1)),
		"no UTF-8 in a rule":          text(4, "\xff"),
		"no UTF-8 in a tag":           text(8, "\xc3("),
		"no UTF-8 in a field":         nested(6, text(1, "key"), text(2, "\xff")),
		"no UTF-8 in an unknown one":  text(99, "\xff"),
		"a priority nobody knows":     varint(2, 9),
		"a priority below 0":          varint(2, 1<<64-1),
		"a priority of 64 bits":       varint(2, 1<<40|3),
		"a field's number of 0":       {0x02, 0x00},
		"a wire type of 7":            {0x27},
		"a varint without an end":     {0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
		"a group without an end":      protowire.AppendTag(nil, 99, protowire.StartGroupType),
		"an end without a group":      protowire.AppendTag(nil, 99, protowire.EndGroupType),
		"a length beyond the end":     {0x22, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
	} {
		t.Run(name, func(t *testing.T) { compare(t, message) })
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(f, whole))
	f.Add([]byte{})
	// A field's number above the highest.
	f.Add([]byte("\xf0\x9f\xa6\x8500"))
	f.Fuzz(compare)
}

func TestDecodeReplacesInvalidUTF8(t *testing.T) {
	message := protowire.AppendString(protowire.AppendTag(nil, fieldRule, protowire.BytesType), "a\xffb")
	message = protowire.AppendString(protowire.AppendTag(message, fieldTags, protowire.BytesType), "\xc3(")
	entry := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "k\xe2\x82")
	entry = protowire.AppendString(protowire.AppendTag(entry, 2, protowire.BytesType), "\xf0\x9f\xa6\x85\xf0\x9f")
	message = protowire.AppendBytes(protowire.AppendTag(message, fieldOutputFields, protowire.BytesType), entry)
	var alert Alert
	if _, err := alert.decode(message); err != nil {
		t.Fatal(err)
	}
	if alert.Rule != "a\uFFFDb" || alert.Tags[0] != "\uFFFD(" || alert.OutputFields["k\uFFFD"] != "🦅\uFFFD" {
		t.Errorf("got %+q", alert.JSON())
	}
}

func TestToValidUTF8(t *testing.T) {
	// As the WHATWG's decoder does it: https://encoding.spec.whatwg.org/#utf-8-decoder
	for text, expected := range map[string]string{
		"":                             "",
		"größe 🦅":                      "größe 🦅",
		"\xff":                         "\uFFFD",
		"\xc3":                         "\uFFFD",
		"\xc3(":                        "\uFFFD(",
		"\xe2\x82":                     "\uFFFD",
		"\xe2\x82a":                    "\uFFFDa",
		"\xf0\x9f\xa6":                 "\uFFFD",
		"\xf0\x9f\xa6\xf0\x9f\xa6\x85": "\uFFFD🦅",
		"\xe0\x80\x80":                 "\uFFFD\uFFFD\uFFFD",
		"\xed\xa0\x80":                 "\uFFFD\uFFFD\uFFFD",
		"\xf0\x80\x80\x80":             "\uFFFD\uFFFD\uFFFD\uFFFD",
		"\xf4\x90\x80\x80":             "\uFFFD\uFFFD\uFFFD\uFFFD",
		"\xc0\xaf":                     "\uFFFD\uFFFD",
		"\x80\xbf":                     "\uFFFD\uFFFD",
		"a\uFFFDb\xfe":                 "a\uFFFDb\uFFFD",
	} {
		if got := toValidUTF8(text); got != expected {
			t.Errorf("%+q: got %+q, expected %+q", text, got, expected)
		}
	}
}

func TestCodec(t *testing.T) {
	message := encode(t, whole)
	var got response
	parts := mem.BufferSlice{mem.SliceBuffer(message[:10]), mem.SliceBuffer(message[10:])}
	if err := (alertCodec{}).Unmarshal(parts, &got); err != nil || got.err != nil || got.alert.Rule != whole.GetRule() || got.bytes != len(message) {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := (alertCodec{}).Unmarshal(parts, &outputs.Response{}); err == nil {
		t.Error("it decodes into what is not an alert")
	}
	if _, err := (alertCodec{}).Marshal(7); err == nil {
		t.Error("it encodes what is not a message")
	}
}
