package falco

import (
	"fmt"
	"slices"
	"time"

	"github.com/falco-outputs/falco-outputs/packages/go/api/outputs"
	"google.golang.org/protobuf/proto"
)

type method string

const (
	methodSub method = "sub"
	methodGet method = "get"
)

// plan is what a stream is to do: options with their defaults, checked.
type plan struct {
	method  method
	request *outputs.Request
	// Whether Falco's own server would take the request for another one.
	needsOurServer bool
	acknowledge    acknowledgeMode
	// Whether the loop gets an alert; nil: each.
	passes func(*Alert) bool
	// Nil: a lost connection is the stream's end.
	reconnect    *ReconnectOptions
	pollInterval time.Duration
	onStatus     func(Status)
}

// newPlan refuses options that make no sense, in the words that the server would use.
func newPlan(m method, options []Option) (*plan, error) {
	c := streamConfig{reconnect: &ReconnectOptions{}, pollInterval: defaultPollInterval}
	for _, option := range options {
		option(&c)
	}
	if c.pollInterval <= 0 {
		return nil, invalid(fmt.Sprintf("PollInterval: %v, expected more than 0", c.pollInterval))
	}
	if r := c.reconnect; r != nil && (r.MaxAttempts < 0 || r.InitialDelay < 0 || r.MaxDelay < 0) {
		return nil, invalid(fmt.Sprintf("Reconnect: %+v, expected nothing below 0", *r))
	}
	if c.filterLocally && (c.group != nil || c.broadcast) {
		return nil, invalid("FilterLocally: the server filters groups and broadcasts itself")
	}
	p := &plan{
		method:       m,
		request:      &outputs.Request{Broadcast: c.broadcast, After: c.after, Follow: c.follow},
		acknowledge:  c.acknowledge,
		pollInterval: c.pollInterval,
		onStatus:     c.onStatus,
	}
	if c.group != nil {
		if *c.group == "" {
			return nil, invalid(`group: "", expected a name`)
		}
		p.request.Group = *c.group
	}
	if c.acknowledge != acknowledgeNever {
		p.request.Acknowledged = proto.Uint64(0)
	}
	if c.filterLocally {
		p.passes = matcher(&c.filter)
	} else {
		proto.Merge(p.request, &c.filter)
	}
	if reason := refusal(m, p.request); reason != "" {
		return nil, invalid(reason)
	}
	p.needsOurServer = c.group != nil || c.broadcast || c.follow || c.acknowledge != acknowledgeNever
	if c.reconnect != nil && (m == methodSub || c.follow) {
		p.reconnect = c.reconnect.withDefaults()
	}
	return p, nil
}

// matcher makes the same decision as the server's.
func matcher(filter *outputs.Request) func(*Alert) bool {
	anyOf := func(wanted []string, values ...string) bool {
		return len(wanted) == 0 || slices.ContainsFunc(values, func(value string) bool {
			return slices.Contains(wanted, value)
		})
	}
	return func(alert *Alert) bool {
		return (filter.MinPriority == nil || alert.Priority <= Priority(filter.GetMinPriority())) &&
			anyOf(filter.GetTags(), alert.Tags...) &&
			anyOf(filter.GetRules(), alert.Rule) &&
			anyOf(filter.GetSources(), alert.Source) &&
			anyOf(filter.GetHostnames(), alert.Hostname)
	}
}
