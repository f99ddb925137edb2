package falco

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/falco-outputs/falco-outputs/packages/go/api/outputs"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
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
	passes matcher
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
		request:      c.request(),
		acknowledge:  c.acknowledge,
		drainTimeout: c.drainTimeout,
		inBatches:    c.inBatches,
		pollInterval: c.pollInterval,
		onStatus:     c.onStatus,
	}
	names := typedNames{short: c.short.given(), acknowledge: c.acknowledge.option()}
	allowed := c.allow
	if len(names.short) > 0 {
		allowed = []Filter{c.short}
	}
	allow, deny := toRequestFilters(allowed), toRequestFilters(c.deny)
	if c.filterLocally {
		p.passes = newMatcher(allow, deny)
	} else {
		p.request.Allow, p.request.Deny = allow, deny
	}
	if reason := refusal(m, p.request, allow, deny, names); reason != "" {
		return nil, invalid(reason)
	}
	p.needsOurServer = c.group != nil || c.broadcast || c.follow || c.acknowledge != acknowledgeNever
	if c.reconnect.maxAttempts > 0 && (m == methodSub || c.follow) {
		p.reconnect = &c.reconnect
	}
	return p, nil
}

// request is a stream's first, without its filters.
func (c *streamConfig) request() *outputs.Request {
	request := &outputs.Request{Broadcast: c.broadcast, After: c.after, Follow: c.follow}
	if c.group != nil {
		request.Group = *c.group
	}
	if c.since != nil {
		request.Since = timestamppb.New(*c.since)
	}
	if c.until != nil {
		request.Until = timestamppb.New(*c.until)
	}
	if c.acknowledge != acknowledgeNever {
		request.Acknowledged = proto.Uint64(0)
	}
	return request
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
	short := c.short.given()
	switch {
	case len(short) > 0 && len(c.allow) > 0:
		return invalid(strings.Join(short, ", ") + ": expected nothing with Allow: put it into the filters there")
	case c.reconnect.maxAttempts < 0:
		return invalid(fmt.Sprintf("MaxAttempts: %d, expected 0 or more", c.reconnect.maxAttempts))
	case c.filterLocally && (c.group != nil || c.broadcast):
		return invalid("FilterLocally: the server filters groups and broadcasts itself")
	case c.group != nil && *c.group == "":
		return invalid(`Group: "", expected a name`)
	}
	return nil
}
