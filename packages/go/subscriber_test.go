package falco

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/falco-outputs/falco-outputs/packages/go/internal/reference"
	"go.uber.org/goleak"
)

// patience is how long a condition may take to become true. Only a test that fails waits that long.
const patience = 20 * time.Second

// noLeaks fails the test if it leaks a goroutine.
func noLeaks(t *testing.T) {
	t.Helper()
	reference.Shared(t)
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}

// clientOf is a client that is closed when the test ends.
func clientOf(t *testing.T, address string, options ...ClientOption) *Client {
	t.Helper()
	client, err := NewClient(append([]ClientOption{WithAddress(address)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// serve is a client of a server of its own.
func serve(t *testing.T, options reference.Options) (*reference.Server, *Client) {
	t.Helper()
	noLeaks(t)
	server := reference.Serve(t, options)
	return server, clientOf(t, server.Address)
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	eventuallyWithin(t, patience, what, holds)
}

func eventuallyWithin(t *testing.T, limit time.Duration, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, limit)
		}
	}
}

// limited returns a context that ends a test which would otherwise wait forever.
func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	timer := time.AfterFunc(patience, cancel)
	t.Cleanup(func() {
		if !timer.Stop() {
			t.Errorf("it took longer than %v", patience)
		}
		cancel()
	})
	return ctx
}

// take returns the next alerts of a stream, and leaves it.
func take(t *testing.T, alerts func(func(*Alert, error) bool), count int) []*Alert {
	t.Helper()
	var taken []*Alert
	if count == 0 {
		return nil
	}
	for alert, err := range alerts {
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, alert)
		if len(taken) == count {
			return taken
		}
	}
	t.Fatalf("the stream ended with %d alerts, expected %d", len(taken), count)
	return nil
}

// all returns the alerts of a stream that ends by itself.
func all(t *testing.T, alerts func(func(*Alert, error) bool)) []*Alert {
	t.Helper()
	var taken []*Alert
	for alert, err := range alerts {
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, alert)
	}
	return taken
}

func rulesOf(alerts []*Alert) []string {
	rules := make([]string, len(alerts))
	for i, alert := range alerts {
		rules[i] = alert.Rule
	}
	return rules
}

func sequencesOf(alerts []*Alert) []uint64 {
	sequences := make([]uint64, len(alerts))
	for i, alert := range alerts {
		sequences[i] = alert.Sequence
	}
	return sequences
}

// folder is a temporary one with a short name: the path of a socket may have about 100 bytes, and t.TempDir's contains
// the name of the test.
func folder(t testing.TB) string {
	t.Helper()
	path, err := os.MkdirTemp("", "falco-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(path) })
	return path
}
