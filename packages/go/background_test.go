package falco

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// background is a stream that is read to its end, by a goroutine of its own.
type background struct {
	cancel context.CancelFunc
	ended  chan struct{}

	mu       sync.Mutex
	alerts   []*Alert
	statuses []Status
	err      error
}

func read(t *testing.T, client *Client, options ...StreamOption) *background {
	t.Helper()
	return readWith(t, context.Background(), client, nil, options...)
}

// readWith calls handle, if there is one, for each alert.
func readWith(t *testing.T, ctx context.Context, client *Client, handle func(*Alert), options ...StreamOption) *background {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	b := &background{cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(b.ended)
		for alert, err := range client.Sub(ctx, append(options, OnStatus(b.onStatus))...) {
			b.mu.Lock()
			if err != nil {
				b.err = err
			} else {
				b.alerts = append(b.alerts, alert)
			}
			b.mu.Unlock()
			if err == nil && handle != nil {
				handle(alert)
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-b.ended
	})
	return b
}

func (b *background) onStatus(status Status) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.statuses = append(b.statuses, status)
}

// told returns the statuses so far.
func (b *background) told() []Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.statuses)
}

// last returns the latest status; nil if there is none.
func (b *background) last() Status {
	told := b.told()
	if len(told) == 0 {
		return nil
	}
	return told[len(told)-1]
}

func (b *background) rules() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return rulesOf(b.alerts)
}

func (b *background) sequences() []uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return sequencesOf(b.alerts)
}

// types names the statuses, e.g. "connecting connected".
func (b *background) types() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	names := make([]string, len(b.statuses))
	for i, status := range b.statuses {
		names[i] = strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", status), "falco."))
	}
	return strings.Join(names, " ")
}

func (b *background) count(name string) int {
	return strings.Count(" "+b.types(), " "+name)
}

// error waits for the stream's end.
func (b *background) error(t *testing.T) *Error {
	t.Helper()
	<-b.ended
	var known *Error
	if !errors.As(b.err, &known) {
		t.Fatalf("the stream ended with %v, expected an *Error", b.err)
	}
	return known
}

// endsWell waits for the stream's end.
func (b *background) endsWell(t *testing.T) {
	t.Helper()
	<-b.ended
	if b.err != nil {
		t.Fatalf("the stream ended with %v, expected no error", b.err)
	}
}

func (b *background) waitForTypes(t *testing.T, name string, count int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d %s", count, name), func() bool { return b.count(name) >= count })
}

func (b *background) waitForRules(t *testing.T, rules ...string) {
	t.Helper()
	eventually(t, fmt.Sprintf("rules %v", rules), func() bool { return slices.Equal(b.rules(), rules) })
}

func (b *background) waitForSequences(t *testing.T, sequences []uint64) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d sequences", len(sequences)), func() bool { return slices.Equal(b.sequences(), sequences) })
}
