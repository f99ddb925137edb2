package falco

import (
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/falco-outputs/falco-outputs/packages/go/api/outputs"
)

// maxGroupLength is the longest name of a group, in UTF-16 units, as the server counts them.
const maxGroupLength = 256

// refusal is why a stream's first request makes no sense, in the words in which the server would refuse it; empty if it
// does. Field names are those of the contract.
func refusal(m method, request *outputs.Request) string {
	group, broadcast := request.GetGroup(), request.GetBroadcast()
	if length := len(utf16.Encode([]rune(group))); length > maxGroupLength {
		return fmt.Sprintf("group: a name of %d characters, expected at most %d", length, maxGroupLength)
	}
	if group != "" && broadcast {
		return "group, broadcast: they exclude each other: a group shares its alerts, a broadcast gets them all"
	}
	if group == "" && !broadcast {
		if filters := filtersOf(request); len(filters) > 0 {
			return strings.Join(filters, ", ") + ": the shared queue has no filter, for what does not match would be lost" +
				" to the others: name a group, ask for a broadcast, or filter locally"
		}
		if request.After != nil {
			return "after: the shared queue goes on with what nobody took: name a group, or ask for a broadcast"
		}
	}
	if request.MinPriority != nil && !Priority(request.GetMinPriority()).isKnown() {
		return fmt.Sprintf("min_priority: %d, expected 0 (Emergency) to 7 (Debug)", int32(request.GetMinPriority()))
	}
	if m == methodSub && request.GetFollow() {
		return "follow: sub follows anyway, it is for get"
	}
	if request.Acknowledged == nil {
		return ""
	}
	if m == methodGet {
		return "acknowledged: get takes no acknowledgements, use sub"
	}
	if broadcast {
		return "acknowledged: a broadcast shares with nobody to whom its alerts could go instead"
	}
	return ""
}

// filtersOf names the fields by which alerts are chosen.
func filtersOf(request *outputs.Request) []string {
	var names []string
	for _, filter := range []struct {
		name  string
		isSet bool
	}{
		{"tags", len(request.GetTags()) > 0},
		{"min_priority", request.MinPriority != nil},
		{"rules", len(request.GetRules()) > 0},
		{"sources", len(request.GetSources()) > 0},
		{"hostnames", len(request.GetHostnames()) > 0},
	} {
		if filter.isSet {
			names = append(names, filter.name)
		}
	}
	return names
}
