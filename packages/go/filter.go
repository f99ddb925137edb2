package falco

import (
	"maps"
	"slices"
	"time"

	"github.com/falco-outputs/falco-outputs/packages/go/api/outputs"
	"github.com/falco-outputs/falco-outputs/packages/go/api/schema"
)

// Filter chooses alerts. Every part that is set must match; of several values, one is enough. A filter must have at
// least one part.
//
// A value is compared with the whole text, byte by byte, so case matters. In a value, * is any run of characters, also
// an empty one, and \* is a star; no other character is special.
//
// An Allow and a Deny together may have 100 filters with 1,000 values, names of fields included, of 65,536 bytes.
type Filter struct {
	// MinPriority is the least severe priority that matches; nil: any. See Priority.Ptr.
	MinPriority *Priority
	// Tags are compared with each of the alert's tags.
	Tags []string
	// Rules, Sources and Hostnames are compared with what the alert has; an alert without one has "".
	Rules, Sources, Hostnames []string
	// Fields are compared with the alert's output fields, by their exact names. Without values, it is enough that the
	// alert has the field, whatever its value ("<NA>" included).
	Fields map[string][]string
}

// Allow lets alerts pass that match one of these filters, and no others. A second Allow adds to the first. Filters are
// for groups and broadcasts; the shared queue has none, since what does not match would be lost to the others. See
// FilterLocally.
//
// MinPriority, Tags, Rules, Sources, Hostnames and Field are the short form of an Allow of one filter, and cannot be
// combined with Allow.
func Allow(filters ...Filter) StreamOption {
	return func(c *streamConfig) { c.allow = append(c.allow, filters...) }
}

// Deny holds back alerts that match one of these filters, whatever else lets them pass. A second Deny adds to the first.
func Deny(filters ...Filter) StreamOption {
	return func(c *streamConfig) { c.deny = append(c.deny, filters...) }
}

// MinPriority chooses alerts that are at least this severe. If there are other options of the short form, all of them
// must match. See Filter.
func MinPriority(priority Priority) StreamOption {
	return func(c *streamConfig) { c.short.MinPriority = &priority }
}

// Tags chooses alerts that have one of these tags.
func Tags(tags ...string) StreamOption {
	return func(c *streamConfig) { c.short.Tags = tags }
}

// Rules chooses alerts of these rules.
func Rules(rules ...string) StreamOption {
	return func(c *streamConfig) { c.short.Rules = rules }
}

// Sources chooses alerts of these sources.
func Sources(sources ...string) StreamOption {
	return func(c *streamConfig) { c.short.Sources = sources }
}

// Hostnames chooses alerts of these hosts.
func Hostnames(hostnames ...string) StreamOption {
	return func(c *streamConfig) { c.short.Hostnames = hostnames }
}

// Field chooses alerts whose output field of this name has one of these values; without values, alerts that have the
// field. A stream may have several, of different names.
func Field(name string, values ...string) StreamOption {
	return func(c *streamConfig) {
		if c.short.Fields == nil {
			c.short.Fields = map[string][]string{}
		}
		c.short.Fields[name] = values
	}
}

// Since chooses the alerts of a broadcast whose own time is not earlier. An alert without a time has that of its
// arrival. Without After, the stream starts with the oldest alert retained.
func Since(earliest time.Time) StreamOption {
	return func(c *streamConfig) { c.since = &earliest }
}

// Until chooses the alerts of a broadcast whose own time is earlier. It is for a Get that does not follow.
func Until(end time.Time) StreamOption {
	return func(c *streamConfig) { c.until = &end }
}

// FilterLocally filters the shared queue of any server on this side, by Allow, Deny and the short form. What does not
// match is taken from the queue as well.
func FilterLocally() StreamOption {
	return func(c *streamConfig) { c.filterLocally = true }
}

// given returns the parts of a filter that are set, by the names of their options in the short form.
func (f *Filter) given() []string {
	var names []string
	for _, part := range []struct {
		name    string
		isGiven bool
	}{
		{"MinPriority", f.MinPriority != nil},
		{"Field", len(f.Fields) > 0},
		{"Tags", len(f.Tags) > 0},
		{"Rules", len(f.Rules) > 0},
		{"Sources", len(f.Sources) > 0},
		{"Hostnames", len(f.Hostnames) > 0},
	} {
		if part.isGiven {
			names = append(names, part.name)
		}
	}
	return names
}

func toRequestFilters(filters []Filter) []*outputs.Filter {
	converted := make([]*outputs.Filter, len(filters))
	for i, f := range filters {
		converted[i] = &outputs.Filter{
			Rules:     slices.Clone(f.Rules),
			Sources:   slices.Clone(f.Sources),
			Hostnames: slices.Clone(f.Hostnames),
			Tags:      slices.Clone(f.Tags),
		}
		if f.MinPriority != nil {
			converted[i].MinPriority = schema.Priority(*f.MinPriority).Enum()
		}
		for _, name := range slices.Sorted(maps.Keys(f.Fields)) {
			field := &outputs.FieldFilter{Name: name, Values: slices.Clone(f.Fields[name])}
			converted[i].Fields = append(converted[i].Fields, field)
		}
	}
	return converted
}
