package falco

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// The fields of a falco.outputs.response.
const (
	fieldTime             = 1
	fieldPriority         = 2
	fieldSourceDeprecated = 3
	fieldRule             = 4
	fieldOutput           = 5
	fieldOutputFields     = 6
	fieldHostname         = 7
	fieldTags             = 8
	fieldSource           = 9
	fieldSequence         = 10
	fieldScanned          = 11
)

// The range of google.protobuf.Timestamp: years 1 to 9999.
const (
	minSeconds = -62_135_596_800
	maxSeconds = 253_402_300_799
)

// decode reads an encoded falco.outputs.response. It takes and refuses what the protobuf package does, except that text
// that is not UTF-8 is replaced. Its strings are parts of one, so that an alert costs one allocation for its text
// instead of about forty.
//
// If scanned is not 0, the message is not an alert: the server has looked at its log up to that sequence number.
func (a *Alert) decode(message []byte) (scanned uint64, err error) {
	d := decoder{alert: a, bytes: message, text: string(message)}
	err = d.message()
	return d.scanned, err
}

type decoder struct {
	alert *Alert
	bytes []byte
	// The same bytes: what an alert says is cut from it.
	text string
	at   int

	seconds int64
	nanos   int32
	scanned uint64
}

func (d *decoder) message() error {
	for d.at < len(d.bytes) {
		number, kind, err := d.tag()
		if err != nil {
			return err
		}
		if err := d.field(number, kind); err != nil {
			return err
		}
	}
	if d.alert.timed {
		d.setTime()
	}
	return nil
}

func (d *decoder) field(number protowire.Number, kind protowire.Type) error {
	switch {
	case kind == protowire.BytesType && number >= fieldTime && number <= fieldSource:
		start, end, err := d.span()
		if err != nil {
			return err
		}
		switch number {
		case fieldTime:
			d.alert.timed = true
			return d.time(end)
		case fieldOutputFields:
			return d.entry(end)
		case fieldPriority, fieldSourceDeprecated:
			d.at = end // of another type than the contract's: unknown
			return nil
		}
		d.string(number, start, end)
		return nil
	case kind == protowire.VarintType &&
		(number == fieldPriority || number == fieldSourceDeprecated || number == fieldSequence || number == fieldScanned):
		value, err := d.varint()
		if err != nil {
			return err
		}
		switch number {
		case fieldPriority:
			d.alert.Priority = Priority(int32(value))
		case fieldSourceDeprecated:
			d.alert.SourceDeprecated = int32(value)
		case fieldSequence:
			d.alert.Sequence = value
		case fieldScanned:
			d.scanned = value
		}
		return nil
	default:
		return d.skip(number, kind, len(d.bytes))
	}
}

// string takes the text from start to end.
func (d *decoder) string(number protowire.Number, start, end int) {
	text := d.cut(start, end)
	d.at = end
	switch number {
	case fieldRule:
		d.alert.Rule = text
	case fieldOutput:
		d.alert.Output = text
	case fieldHostname:
		d.alert.Hostname = text
	case fieldTags:
		d.alert.Tags = append(d.alert.Tags, text)
	case fieldSource:
		d.alert.Source = text
	}
}

// time reads a google.protobuf.Timestamp that ends at end.
func (d *decoder) time(end int) error {
	for d.at < end {
		number, kind, err := d.tagBefore(end)
		if err != nil {
			return err
		}
		if kind != protowire.VarintType || number > 2 {
			if err := d.skip(number, kind, end); err != nil {
				return err
			}
			continue
		}
		value, err := d.varintBefore(end)
		if err != nil {
			return err
		}
		if number == 1 {
			d.seconds = int64(value)
		} else {
			d.nanos = int32(value)
		}
	}
	return nil
}

// entry reads a field of the output that ends at end.
func (d *decoder) entry(end int) error {
	var name, value string
	for d.at < end {
		number, kind, err := d.tagBefore(end)
		if err != nil {
			return err
		}
		if kind != protowire.BytesType || number > 2 {
			if err := d.skip(number, kind, end); err != nil {
				return err
			}
			continue
		}
		from, to, err := d.spanBefore(end)
		if err != nil {
			return err
		}
		text := d.cut(from, to)
		d.at = to
		if number == 1 {
			name = text
		} else {
			value = text
		}
	}
	if d.alert.OutputFields == nil {
		d.alert.OutputFields = make(map[string]string, d.countEntries())
	}
	d.alert.OutputFields[name] = value
	return nil
}

// countEntries returns how many fields of the output follow one another from here, including the one before.
func (d *decoder) countEntries() int {
	count := 1
	for at := d.at; at < len(d.bytes) && d.bytes[at] == fieldOutputFields<<3|byte(protowire.BytesType); count++ {
		length, n := protowire.ConsumeVarint(d.bytes[at+1:])
		if n < 0 || length > uint64(len(d.bytes)-at-1-n) {
			break
		}
		at += 1 + n + int(length)
	}
	return count
}

// setTime ignores what is not a time.
func (d *decoder) setTime() {
	valid := d.seconds >= minSeconds && d.seconds <= maxSeconds && d.nanos >= 0 && d.nanos <= 999_999_999
	d.alert.timed = valid
	if valid {
		d.alert.Time = time.Unix(d.seconds, int64(d.nanos)).UTC()
	}
}

func (d *decoder) tag() (protowire.Number, protowire.Type, error) {
	return d.tagBefore(len(d.bytes))
}

func (d *decoder) tagBefore(end int) (protowire.Number, protowire.Type, error) {
	number, kind, n := protowire.ConsumeTag(d.bytes[d.at:end])
	if n < 0 {
		return 0, 0, protowire.ParseError(n)
	}
	if number > protowire.MaxValidNumber {
		return 0, 0, fmt.Errorf("the number of a field is %d", number)
	}
	d.at += n
	return number, kind, nil
}

func (d *decoder) varint() (uint64, error) {
	return d.varintBefore(len(d.bytes))
}

func (d *decoder) varintBefore(end int) (uint64, error) {
	value, n := protowire.ConsumeVarint(d.bytes[d.at:end])
	if n < 0 {
		return 0, protowire.ParseError(n)
	}
	d.at += n
	return value, nil
}

// span reads a length, and returns where that many bytes begin and end.
func (d *decoder) span() (start, end int, err error) {
	return d.spanBefore(len(d.bytes))
}

func (d *decoder) spanBefore(limit int) (start, end int, err error) {
	length, err := d.varintBefore(limit)
	if err != nil {
		return 0, 0, err
	}
	if length > uint64(limit-d.at) {
		return 0, 0, errors.New("a field is cut off")
	}
	return d.at, d.at + int(length), nil
}

func (d *decoder) skip(number protowire.Number, kind protowire.Type, end int) error {
	n := protowire.ConsumeFieldValue(number, kind, d.bytes[d.at:end])
	if n < 0 {
		return protowire.ParseError(n)
	}
	d.at += n
	return nil
}

// cut returns the text from start to end. Falco's own server sends text that is not UTF-8 as it is.
func (d *decoder) cut(start, end int) string {
	return toValidUTF8(d.text[start:end])
}
