package falco

import (
	"sync"
	"testing"
	"time"

	"github.com/falco-outputs/falco-outputs/packages/go/internal/reference"
)

func TestRetryDelay(t *testing.T) {
	const initial, longest = 100 * time.Millisecond, 30 * time.Second
	for failed, expected := range map[int]time.Duration{
		1: initial, 2: 2 * initial, 9: 256 * initial, 10: longest, 31: longest, 64: longest, 1000: longest,
	} {
		if got := retryDelay(failed, initial, longest, 1); got != expected {
			t.Errorf("after %d: %v, expected %v", failed, got, expected)
		}
		if got := retryDelay(failed, initial, longest, 0.5); got != expected/2 {
			t.Errorf("after %d, halved: %v", failed, got)
		}
	}
	if got := retryDelay(40, time.Hour, 2*time.Hour, 1); got != 2*time.Hour {
		t.Errorf("a long one: %v", got)
	}
}

func TestBackoffIsOneDecision(t *testing.T) {
	var b backoff
	began := time.Now()
	b.next(began, time.Hour, time.Hour)
	until := b.until
	// Those whose attempts began before it wait for the same.
	for range 5 {
		b.next(began, time.Nanosecond, time.Nanosecond)
	}
	if b.failed != 1 || !b.until.Equal(until) {
		t.Errorf("there were %d decisions, expected one", b.failed)
	}
	// An attempt that began after it needs another one.
	b.next(time.Now().Add(time.Nanosecond), time.Hour, time.Hour)
	if b.failed != 2 {
		t.Errorf("there were %d decisions, expected two", b.failed)
	}
	b.reset()
	b.next(time.Now().Add(time.Nanosecond), time.Hour, time.Hour)
	if b.failed != 1 {
		t.Errorf("%d failures are counted after an alert, expected 1", b.failed)
	}
}

func TestBackoffOfAUnixSocket(t *testing.T) {
	for address, limit := range map[string]time.Duration{"/run/falco.sock": time.Second, "localhost:5060": 0} {
		client := clientOf(t, address, WithInsecure())
		if got := client.connector.backoff.limit; got != limit {
			t.Errorf("%s: the limit is %v, expected %v", address, got, limit)
		}
	}
	b := backoff{limit: maxUnixDelay}
	for attempt := range 100 {
		if wait := b.next(time.Now().Add(time.Duration(attempt+1)), time.Hour, time.Hour); wait > maxUnixDelay {
			t.Fatalf("it waits %v", wait)
		}
	}
}

// All streams of a client come back together: there is one attempt at a time, and all of them get its failure.
func TestStreamsShareTheirAttempts(t *testing.T) {
	noLeaks(t)
	server := reference.Serve(t, nil)
	proxy := proxyTo(t, server.Address)
	client := clientOf(t, proxy.address)
	const count = 10
	var subscribers []*background
	for range count {
		subscribers = append(subscribers, read(t, client, Broadcast(), RetryDelay(20*time.Millisecond, 20*time.Millisecond)))
	}
	for _, subscriber := range subscribers {
		subscriber.waitForTypes(t, "connected", 1)
	}
	before := proxy.connections()
	proxy.refuse(true)
	proxy.cut()
	for _, subscriber := range subscribers {
		subscriber.waitForTypes(t, "disconnected", 4)
	}
	proxy.refuse(false)
	server.WaitForSubscribers(count)
	attempts := 0
	for _, subscriber := range subscribers {
		attempts += subscriber.count("connecting") - 1
	}
	if made := proxy.connections() - before; made*2 > attempts {
		t.Errorf("%d attempts of %d streams made %d connections", attempts, count, made)
	}
}

func TestFailedAttemptFailsAllStreams(t *testing.T) {
	noLeaks(t)
	address := folder(t) + "/nobody.sock"
	client := clientOf(t, address)
	var waiting sync.WaitGroup
	for range 4 {
		waiting.Add(1)
		go func() {
			defer waiting.Done()
			for _, err := range client.Sub(limited(t), Broadcast()) {
				if e := asError(err); e.Message != "there is no such socket: is the server running, and does it listen there?" {
					t.Errorf("got %v", err)
				}
			}
		}()
	}
	waiting.Wait()
}
