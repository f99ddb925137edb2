package main

import (
	"context"
	"iter"
	"sync"
	"time"

	falco "github.com/falco-outputs/falco-outputs/packages/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
)

// streamCall is a sub or a get, and what it has seen so far.
type streamCall struct {
	line     *callLine
	client   *falco.Client
	out      *writer
	alerts   []neutralAlert
	statuses []neutralStatus
	mu       sync.Mutex
	// Those to acknowledge by hand, in the order of their arrival.
	held []*falco.Alert
}

func (c *streamCall) run(cancelled context.Context) result {
	ctx, cancel := c.line.context(cancelled)
	defer cancel()
	stop := context.AfterFunc(cancelled, c.acknowledgeWhenStopped)
	defer stop()
	status := c.iterate(ctx)
	// A get that ends without an error has everything.
	isComplete := c.line.Method == "get" && (c.line.Request == nil || !c.line.Request.Follow)
	if status == (neutralStatusCode{}) && cancelled.Err() != nil && !isComplete {
		status.Code = codes.Canceled
	}
	r := result{Status: status, Alerts: &c.alerts, Statuses: &c.statuses}
	if c.alerts == nil {
		c.alerts = []neutralAlert{}
	}
	if c.statuses == nil {
		c.statuses = []neutralStatus{}
	}
	return r
}

func (c *streamCall) iterate(ctx context.Context) neutralStatusCode {
	order := []int{}
	if c.line.Acknowledge != nil {
		order = *c.line.Acknowledge
	}
	for alert, err := range c.open(ctx) {
		if err != nil {
			return statusOf(err)
		}
		c.alerts = append(c.alerts, neutralOf(alert))
		c.progress("alerts", len(c.alerts))
		c.mu.Lock()
		c.held = append(c.held, alert)
		c.mu.Unlock()
		for len(order) > 0 && order[0] <= len(c.held) {
			if _, err := c.held[order[0]-1].Acknowledge(); err != nil {
				return statusOf(err)
			}
			order = order[1:]
		}
		if len(c.alerts) == c.line.CancelAfterAlerts {
			return neutralStatusCode{Code: codes.Canceled}
		}
	}
	return neutralStatusCode{}
}

// acknowledgeWhenStopped does what handlers do that are still at work when a stream is stopped.
func (c *streamCall) acknowledgeWhenStopped() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, place := range c.line.AckWhenStopped {
		_, _ = c.held[place-1].Acknowledge()
	}
}

func (c *streamCall) open(ctx context.Context) iter.Seq2[*falco.Alert, error] {
	if c.line.Method == "get" {
		return c.client.Get(ctx, c.options()...)
	}
	return c.client.Sub(ctx, c.options()...)
}

func (c *streamCall) options() []falco.StreamOption {
	options := []falco.StreamOption{falco.OnStatus(c.onStatus)}
	if c.line.Reconnect {
		// No case is about how long it waits.
		options = append(options, falco.RetryDelay(10*time.Millisecond, 100*time.Millisecond))
	} else {
		options = append(options, falco.MaxAttempts(0))
	}
	if c.line.FilterLocally != nil && *c.line.FilterLocally {
		options = append(options, falco.FilterLocally())
	}
	if r := c.line.Request; r != nil {
		options = append(options, r.options()...)
	}
	if c.line.Acknowledge != nil {
		options = append(options, falco.AcknowledgeByHand())
	}
	if c.line.DrainTimeoutMS != nil {
		options = append(options, falco.DrainTimeout(time.Duration(*c.line.DrainTimeoutMS)*time.Millisecond))
	}
	return options
}

func (c *streamCall) onStatus(status falco.Status) {
	c.statuses = append(c.statuses, neutralStatusOf(status, len(c.alerts)))
	c.progress("statuses", len(c.statuses))
}

func (c *streamCall) progress(what string, count int) {
	if c.line.ReportProgress {
		c.out.write(map[string]any{"id": c.line.ID, "progress": map[string]int{what: count}})
	}
}

// context has the line's deadline and headers.
func (l *callLine) context(ctx context.Context) (context.Context, context.CancelFunc) {
	for name, value := range l.Headers {
		ctx = metadata.AppendToOutgoingContext(ctx, name, value)
	}
	if l.TimeoutMS == nil {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, time.Duration(*l.TimeoutMS)*time.Millisecond)
}
