package falco

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/falco-outputs/falco-outputs/packages/go/internal/reference"
)

// rest is what another member of the group gets: all that waits.
func rest(t *testing.T, server *reference.Server, client *Client) []uint64 {
	t.Helper()
	server.WaitForSubscribers(0)
	return sequencesOf(all(t, client.Get(limited(t), Group("pager"))))
}

func TestAcknowledgeByTheLoop(t *testing.T) {
	server, client := serve(t, nil)
	sequences := server.PublishNumbered(1, 4)
	for i, alert := range enumerate(client.Sub(limited(t), Group("pager"), After(0), Acknowledge())) {
		if alert.Sequence != sequences[i] {
			t.Fatalf("got %d, expected %d", alert.Sequence, sequences[i])
		}
		eventually(t, "what came before is acknowledged", func() bool { return server.Stats().Groups["pager"].Delivered == i })
		if i == 2 {
			break
		}
	}
	if got := rest(t, server, client); !slices.Equal(got, sequences[2:]) {
		t.Errorf("the rest is %v, expected %v", got, sequences[2:])
	}
}

func TestAcknowledgeTheLastAlertWhileTheLoopWaits(t *testing.T) {
	server, client := serve(t, nil)
	sequences := server.PublishNumbered(1, 3)
	subscriber := read(t, client, Group("pager"), After(0), Acknowledge())
	subscriber.waitForSequences(t, sequences)
	eventually(t, "all are acknowledged", func() bool { return server.Stats().Groups["pager"].Delivered == 3 })
	subscriber.cancel()
	subscriber.endsWell(t)
	if got := rest(t, server, client); len(got) != 0 {
		t.Errorf("the rest is %v, expected nothing", got)
	}
}

func TestAcknowledgeWhenTheContextEndsInTheBody(t *testing.T) {
	server, client := serve(t, nil)
	sequences := server.PublishNumbered(1, 3)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for _, err := range client.Sub(ctx, Group("pager"), After(0), Acknowledge()) {
		if err != nil {
			t.Fatal(err)
		}
		cancel()
	}
	// The body was done with the first one.
	if got := rest(t, server, client); !slices.Equal(got, sequences[1:]) {
		t.Errorf("the rest is %v, expected %v", got, sequences[1:])
	}
}

func TestAcknowledgeByConcurrentHandlers(t *testing.T) {
	server, client := serve(t, nil)
	sequences := server.PublishNumbered(1, 2000)
	var handlers sync.WaitGroup
	var mu sync.Mutex
	left := map[uint64]bool{sequences[1500]: true, sequences[1700]: true}
	count := 0
	for alert, err := range client.Sub(limited(t), Group("pager"), After(0), AcknowledgeByHand()) {
		if err != nil {
			t.Fatal(err)
		}
		handlers.Add(1)
		go func() {
			defer handlers.Done()
			mu.Lock()
			isLeft := left[alert.Sequence]
			mu.Unlock()
			if !isLeft {
				acknowledge(t, alert, true)
				acknowledge(t, alert, true)
			}
		}()
		if count++; count == len(sequences) {
			handlers.Wait()
			break
		}
	}
	// Nothing counts after the first gap.
	if got := rest(t, server, client); !slices.Equal(got, sequences[1500:]) {
		t.Errorf("the rest is %d alerts from %d, expected %d from %d", len(got), got[0], len(sequences)-1500, sequences[1500])
	}
}

func TestAcknowledgeMoreThanWindows(t *testing.T) {
	server, client := serve(t, nil)
	sequences := server.PublishNumbered(1, 10_000)
	got := sequencesOf(take(t, client.Sub(limited(t), Group("pager"), After(0), Acknowledge()), len(sequences)))
	if !slices.Equal(got, sequences) {
		t.Errorf("got other alerts, or another order")
	}
	if got := rest(t, server, client); !slices.Equal(got, sequences[len(sequences)-1:]) {
		t.Errorf("the rest is %v", got)
	}
}

func TestAcknowledgeAfterTheStreamHasEnded(t *testing.T) {
	server, client := serve(t, nil)
	sequences := server.PublishNumbered(1, 2)
	alert := take(t, client.Sub(limited(t), Group("pager"), After(0), AcknowledgeByHand()), 1)[0]
	acknowledge(t, alert, false)
	if got := rest(t, server, client); !slices.Equal(got, sequences) {
		t.Errorf("the rest is %v, expected both", got)
	}
}

func TestAcknowledgementsOfALostConnection(t *testing.T) {
	server, _ := serve(t, nil)
	proxy := proxyTo(t, server.Address)
	client := clientOf(t, proxy.address)
	server.PublishNumbered(1, 3)
	var mu sync.Mutex
	var first []*Alert
	subscriber := readWith(t, context.Background(), client, func(alert *Alert) {
		mu.Lock()
		first = append(first, alert)
		mu.Unlock()
	}, Group("pager"), After(0), AcknowledgeByHand(), DrainTimeout(time.Millisecond), soon)
	subscriber.waitForRules(t, "Rule 1", "Rule 2", "Rule 3")
	proxy.cut()
	subscriber.waitForRules(t, "Rule 1", "Rule 2", "Rule 3", "Rule 1", "Rule 2", "Rule 3")
	mu.Lock()
	for _, alert := range first[:3] {
		acknowledge(t, alert, false)
	}
	acknowledge(t, first[3], true)
	mu.Unlock()
	eventually(t, "one is acknowledged", func() bool { return server.Stats().Groups["pager"].Delivered == 1 })
	subscriber.cancel()
	subscriber.endsWell(t)
	if got := rest(t, server, client); len(got) != 2 {
		t.Errorf("the rest is %v, expected two", got)
	}
}

// The unit alone: what it sends for what is done.
func TestAcknowledgementsCoalesce(t *testing.T) {
	var mu sync.Mutex
	var sent []uint64
	a := newAcknowledgements(8, func(count uint64) {
		mu.Lock()
		defer mu.Unlock()
		sent = append(sent, count)
	})
	last := func() uint64 {
		mu.Lock()
		defer mu.Unlock()
		if len(sent) == 0 {
			return 0
		}
		return sent[len(sent)-1]
	}
	for range 6 {
		a.receive()
	}
	a.markDone(1)
	a.markDone(2)
	a.markDone(4)
	a.flush()
	if last() != 0 {
		t.Errorf("sent %v before the first one was done", sent)
	}
	a.markDone(0)
	eventually(t, "3 are sent", func() bool { return last() == 3 })
	a.markDone(0)
	a.markDone(3)
	a.close()
	if last() != 5 {
		t.Errorf("sent %v, expected 5 in the end", sent)
	}
	a.markDone(5)
	a.flush()
	if last() != 5 || !slices.IsSorted(sent) {
		t.Errorf("sent %v, expected nothing after the end", sent)
	}
}

// acknowledge expects that it counts, or that it no longer does.
func acknowledge(t *testing.T, alert *Alert, expected bool) {
	t.Helper()
	if counts, err := alert.Acknowledge(); counts != expected || err != nil {
		t.Errorf("to acknowledge %s returned %v, %v, expected %v", alert.Rule, counts, err, expected)
	}
}

// enumerate counts the alerts of a stream, from 0; its error is a test's failure.
func enumerate(alerts func(func(*Alert, error) bool)) func(func(int, *Alert) bool) {
	return func(yield func(int, *Alert) bool) {
		count := 0
		for alert, err := range alerts {
			if err != nil {
				panic(err)
			}
			if !yield(count, alert) {
				return
			}
			count++
		}
	}
}
