package falco

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/falco-outputs/falco-outputs/packages/go/api/outputs"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	// The longest name of a group, in UTF-16 units, as the server counts them.
	maxGroupLength = 256
	// What the filters of a request, Allow and Deny together, may hold. Values are the texts in them, names of fields
	// included; bytes are theirs.
	maxFilters     = 100
	maxValues      = 1000
	maxFilterBytes = 64 * 1024
)

// typedNames are what the caller typed for parts of a request.
type typedNames struct {
	// The options of the short form; empty if the filters are Allow's.
	short []string
	// Acknowledge or AcknowledgeByHand.
	acknowledge string
}

// refusal returns why a stream's first request makes no sense, empty if it does: in the words of the server and in the
// order in which it checks, but with the names that the caller typed. The filters stand beside the request, which has
// none when they are applied on this side.
func refusal(m method, request *outputs.Request, allow, deny []*outputs.Filter, names typedNames) string {
	return cmp.Or(
		refusedMode(request, names),
		refusedTimes(m, request),
		refusedFilters(allow, deny, names),
		refusedUse(m, request, names),
	)
}

func refusedMode(request *outputs.Request, names typedNames) string {
	group, broadcast := request.GetGroup(), request.GetBroadcast()
	if length := len(utf16.Encode([]rune(group))); length > maxGroupLength {
		return fmt.Sprintf("Group: a name of %d characters, expected at most %d", length, maxGroupLength)
	}
	if group != "" && broadcast {
		return "Group, Broadcast: they exclude each other: a group shares its alerts, a broadcast gets them all"
	}
	if group != "" || broadcast {
		return ""
	}
	if filters := names.filters(request.GetAllow(), request.GetDeny()); filters != "" {
		return filters + ": the shared queue has no filter, for what does not match would be lost to the others:" +
			" name a group, ask for a broadcast, or filter locally"
	}
	if request.After != nil {
		return "After: the shared queue goes on with what nobody took: name a group, or ask for a broadcast"
	}
	return ""
}

func refusedTimes(m method, request *outputs.Request) string {
	since, until := request.GetSince(), request.GetUntil()
	if since != nil && !request.GetBroadcast() {
		return "Since: only a broadcast can start at a time: a group keeps its place, and the shared queue goes on with what" +
			" nobody took"
	}
	if until != nil && (!request.GetBroadcast() || m == methodSub || request.GetFollow()) {
		return "Until: only a get of a broadcast that does not follow can end at a time"
	}
	for _, bound := range []struct {
		name string
		time *timestamppb.Timestamp
	}{{"Since", since}, {"Until", until}} {
		if bound.time != nil && !bound.time.IsValid() {
			return bound.name + ": expected a time from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z"
		}
	}
	if since != nil && until != nil && !until.AsTime().After(since.AsTime()) {
		return "Until: it is not later than Since"
	}
	return ""
}

func refusedFilters(allow, deny []*outputs.Filter, names typedNames) string {
	values, bytes := 0, 0
	for _, filter := range slices.Concat(allow, deny) {
		for _, text := range textsOf(filter) {
			values++
			bytes += len(text)
		}
	}
	switch count := len(allow) + len(deny); {
	case count > maxFilters:
		return fmt.Sprintf("%s: %d filters, expected at most %d", names.filters(allow, deny), count, maxFilters)
	case values > maxValues:
		return fmt.Sprintf("%s: %d values, expected at most %d", names.filters(allow, deny), values, maxValues)
	case bytes > maxFilterBytes:
		return fmt.Sprintf("%s: values of %d bytes, expected at most %d", names.filters(allow, deny), bytes, maxFilterBytes)
	}
	for i, filter := range allow {
		path := fmt.Sprintf("Allow[%d]", i)
		if len(names.short) > 0 {
			path = ""
		}
		if reason := refusedFilter(filter, path); reason != "" {
			return reason
		}
	}
	for i, filter := range deny {
		if reason := refusedFilter(filter, fmt.Sprintf("Deny[%d]", i)); reason != "" {
			return reason
		}
	}
	return ""
}

// refusedFilter takes the path of a filter; empty for the short form.
func refusedFilter(filter *outputs.Filter, path string) string {
	priority, fields := path+".MinPriority", path+".Fields"
	if path == "" {
		priority, fields = "MinPriority", "Field"
	}
	switch {
	case filter.MinPriority == nil && len(filter.GetFields()) == 0 && len(textsOf(filter)) == 0:
		return path + ": an empty filter, which every alert would match"
	case filter.MinPriority != nil && !Priority(filter.GetMinPriority()).isKnown():
		return fmt.Sprintf("%s: %d, expected 0 (Emergency) to 7 (Debug)", priority, int32(filter.GetMinPriority()))
	case slices.ContainsFunc(filter.GetFields(), func(field *outputs.FieldFilter) bool { return field.GetName() == "" }):
		return fields + ": empty, expected the name of an output field"
	}
	return ""
}

func refusedUse(m method, request *outputs.Request, names typedNames) string {
	switch {
	case m == methodSub && request.GetFollow():
		return "Follow: sub follows anyway, it is for get"
	case request.Acknowledged == nil:
		return ""
	case m == methodGet:
		return names.acknowledge + ": get takes no acknowledgements, use sub"
	case request.GetBroadcast():
		return names.acknowledge + ": a broadcast shares with nobody to whom its alerts could go instead"
	}
	return ""
}

// filters returns the options that gave these filters, e.g. "MinPriority, Tags, Deny".
func (n typedNames) filters(allow, deny []*outputs.Filter) string {
	var options []string
	switch {
	case len(allow) == 0:
	case len(n.short) > 0:
		options = append(options, n.short...)
	default:
		options = append(options, "Allow")
	}
	if len(deny) > 0 {
		options = append(options, "Deny")
	}
	return strings.Join(options, ", ")
}

// textsOf returns every text that a filter holds.
func textsOf(filter *outputs.Filter) []string {
	texts := slices.Concat(filter.GetTags(), filter.GetRules(), filter.GetSources(), filter.GetHostnames())
	for _, field := range filter.GetFields() {
		texts = append(append(texts, field.GetName()), field.GetValues()...)
	}
	return texts
}
