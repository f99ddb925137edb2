package falco

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// handlers hold the alerts of a stream with AcknowledgeByHand until a test lets them go on.
type handlers struct {
	mu     sync.Mutex
	alerts []*Alert
}

func (h *handlers) take(alert *Alert) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.alerts = append(h.alerts, alert)
}

func (h *handlers) held() []*Alert {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.alerts)
}

func TestStoppedStreamWaitsForItsHandlers(t *testing.T) {
	for name, stop := range map[string]func(*Client, *background){
		"by its context":  func(_ *Client, subscriber *background) { subscriber.cancel() },
		"by Client.Close": func(client *Client, _ *background) { _ = client.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			server, other := serve(t, nil)
			client := clientOf(t, server.Address)
			sequences := server.PublishNumbered(1, 5)
			var working handlers
			subscriber := readWith(t, context.Background(), client, working.take, Group("pager"), After(0), AcknowledgeByHand())
			subscriber.waitForSequences(t, sequences)
			stopped := make(chan struct{})
			go func() {
				defer close(stopped)
				stop(client, subscriber)
			}()
			// It gets no alerts that arrive from now on.
			eventually(t, "it is stopping", func() bool {
				client.mu.Lock()
				defer client.mu.Unlock()
				for s := range client.streams {
					return s.isStopping()
				}
				return false
			})
			more := server.PublishNumbered(6, 7)
			for _, alert := range slices.Backward(working.held()) {
				select {
				case <-subscriber.ended:
					t.Error("it ended before its handlers were done")
				default:
				}
				acknowledge(t, alert, true)
			}
			<-stopped
			subscriber.endsWell(t)
			if delivered := server.Stats().Groups["pager"].Delivered; delivered != 5 {
				t.Errorf("the server heard of %d, expected 5", delivered)
			}
			acknowledge(t, working.held()[0], false)
			if got := rest(t, server, other); !slices.Equal(got, more) {
				t.Errorf("the rest is %v, expected %v", got, more)
			}
		})
	}
}

func TestDrainTimeout(t *testing.T) {
	server, client := serve(t, nil)
	sequences := server.PublishNumbered(1, 3)
	var working handlers
	subscriber := readWith(t, context.Background(), client, working.take,
		Group("pager"), After(0), AcknowledgeByHand(), DrainTimeout(20*time.Millisecond))
	subscriber.waitForSequences(t, sequences)
	acknowledge(t, working.held()[0], true)
	subscriber.cancel()
	subscriber.endsWell(t)
	acknowledge(t, working.held()[1], false)
	if got := rest(t, server, client); !slices.Equal(got, sequences[1:]) {
		t.Errorf("the rest is %v, expected %v", got, sequences[1:])
	}
}

func TestStoppedStreamEndsWithItsConnection(t *testing.T) {
	server, _ := serve(t, nil)
	proxy := proxyTo(t, server.Address)
	sequences := server.PublishNumbered(1, 3)
	var working handlers
	subscriber := readWith(t, context.Background(), clientOf(t, proxy.address), working.take,
		Group("pager"), After(0), AcknowledgeByHand(), DrainTimeout(time.Hour), soon)
	subscriber.waitForSequences(t, sequences)
	subscriber.cancel()
	proxy.cut()
	subscriber.endsWell(t)
	acknowledge(t, working.held()[0], false)
}

func TestLeavingTheLoopEndsAtOnce(t *testing.T) {
	server, client := serve(t, nil)
	sequences := server.PublishNumbered(1, 2)
	options := []StreamOption{Group("pager"), After(0), AcknowledgeByHand(), DrainTimeout(time.Hour)}
	alerts := take(t, client.Sub(limited(t), options...), 2)
	acknowledge(t, alerts[0], false)
	if got := rest(t, server, client); !slices.Equal(got, sequences) {
		t.Errorf("the rest is %v, expected both", got)
	}
}

func TestAcknowledgeAlertFromElsewhere(t *testing.T) {
	server, client := serve(t, nil)
	server.PublishNumbered(1, 1)
	for name, alert := range map[string]*Alert{
		"a literal":      {Rule: "a rule"},
		"of a broadcast": take(t, client.Get(limited(t), Broadcast()), 1)[0],
	} {
		if counts, err := alert.Acknowledge(); counts || status.Code(err) != codes.InvalidArgument {
			t.Errorf("%s: got %v, %v", name, counts, err)
		}
	}
}

func TestGetCutShort(t *testing.T) {
	cause := errors.New("enough for today")
	for name, stop := range map[string]func(*Client, context.CancelCauseFunc){
		"by its context":  func(_ *Client, cancel context.CancelCauseFunc) { cancel(cause) },
		"by Client.Close": func(client *Client, _ context.CancelCauseFunc) { _ = client.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			server, client := serve(t, nil)
			// More than fits into the windows of the connection.
			for range 12 {
				server.Publish(map[string]any{"rule": "large", "priority": "Notice", "output": string(make([]byte, 900_000))})
			}
			ctx, cancel := context.WithCancelCause(context.Background())
			defer cancel(nil)
			count := 0
			var failure error
			for alert, err := range client.Get(ctx, Broadcast()) {
				failure = err
				if alert != nil {
					count++
				}
				if count == 1 {
					stop(client, cancel)
				}
			}
			var err *Error
			if !errors.As(failure, &err) || err.Code != codes.Canceled || err.FromServer || !errors.Is(err, context.Canceled) || count == 12 {
				t.Errorf("got %d alerts and %v, expected CANCELLED", count, failure)
			}
			if name == "by its context" && (!errors.Is(err, cause) || err.Message != "the operation was cancelled: enough for today") {
				t.Errorf("got %q, expected the cause", err)
			}
		})
	}
	t.Run("but not by its loop", func(t *testing.T) {
		server, client := serve(t, nil)
		server.PublishNumbered(1, 1000)
		take(t, client.Get(limited(t), Broadcast()), 12)
	})
	t.Run("before it began", func(t *testing.T) {
		_, client := serve(t, nil)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		for _, err := range client.Get(ctx) {
			if status.Code(err) != codes.Canceled {
				t.Errorf("got %v", err)
			}
		}
	})
}

func TestDeadlineHasTheCauseOfItsContext(t *testing.T) {
	_, client := serve(t, nil)
	cause := errors.New("the shift is over")
	ctx, cancel := context.WithTimeoutCause(context.Background(), 50*time.Millisecond, cause)
	defer cancel()
	err := readWith(t, ctx, client, nil, Broadcast()).error(t)
	if err.Code != codes.DeadlineExceeded || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if !err.FromServer && !errors.Is(err, cause) {
		t.Errorf("got %v, expected the cause", err)
	}
}
