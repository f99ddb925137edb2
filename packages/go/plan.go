package falco

import (
	"fmt"
	"math"
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
	drainTimeout   time.Duration
	inBatches      bool
	// Whether the loop gets an alert; nil: each.
	passes func(*Alert) bool
	// Nil: a lost connection is the stream's end.
	reconnect    *reconnectSettings
	pollInterval time.Duration
	onStatus     func(Status)
}

// newPlan refuses options that make no sense, in the words that the server would use.
func newPlan(m method, options []StreamOption) (*plan, error) {
	c := streamConfig{
		reconnect: reconnectSettings{
			maxAttempts: math.MaxInt, initialDelay: defaultInitialDelay, maxDelay: defaultMaxDelay,
		},
		pollInterval: defaultPollInterval,
		drainTimeout: defaultDrainTimeout,
	}
	for _, option := range options {
		option(&c)
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	p := &plan{
		method:       m,
		request:      &outputs.Request{Broadcast: c.broadcast, After: c.after, Follow: c.follow},
		acknowledge:  c.acknowledge,
		drainTimeout: c.drainTimeout,
		inBatches:    c.inBatches,
		pollInterval: c.pollInterval,
		onStatus:     c.onStatus,
	}
	if c.group != nil {
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
	if c.reconnect.maxAttempts > 0 && (m == methodSub || c.follow) {
		p.reconnect = &c.reconnect
	}
	return p, nil
}

func (c *streamConfig) check() error {
	for _, one := range []struct {
		name  string
		value time.Duration
	}{
		{"PollInterval", c.pollInterval},
		{"DrainTimeout", c.drainTimeout},
		{"RetryDelay: the first", c.reconnect.initialDelay},
		{"RetryDelay: the longest", c.reconnect.maxDelay},
	} {
		if one.value <= 0 {
			return invalid(fmt.Sprintf("%s: %v, expected more than 0", one.name, one.value))
		}
	}
	switch {
	case c.reconnect.maxAttempts < 0:
		return invalid(fmt.Sprintf("MaxAttempts: %d, expected 0 or more", c.reconnect.maxAttempts))
	case c.filterLocally && (c.group != nil || c.broadcast):
		return invalid("FilterLocally: the server filters groups and broadcasts itself")
	case c.group != nil && *c.group == "":
		return invalid(`group: "", expected a name`)
	}
	return nil
}

// matcher makes the same decision as the filter of the server.
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
