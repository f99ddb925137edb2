package falco

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/falco-outputs/falco-outputs/packages/go/internal/reference"
	"google.golang.org/grpc/codes"
)

var soon = RetryDelay(time.Millisecond, 5*time.Millisecond)

func TestFirstConnectionFails(t *testing.T) {
	noLeaks(t)
	t.Run("is an error at once", func(t *testing.T) {
		address := filepath.Join(folder(t), "falco.sock")
		subscriber := read(t, clientOf(t, address), Broadcast())
		if err := subscriber.error(t); err.Code != codes.Unavailable || err.FromServer || !strings.Contains(err.Error(), "no such socket") {
			t.Errorf("got %+v", err)
		}
		if subscriber.types() != "connecting" {
			t.Errorf("it told %s", subscriber.types())
		}
	})
	t.Run("is an error when nobody answers in time", func(t *testing.T) {
		address := filepath.Join(folder(t), "mute.sock")
		listener, err := net.Listen("unix", address)
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		subscriber := read(t, clientOf(t, address, WithConnectTimeout(200*time.Millisecond)))
		if err := subscriber.error(t); err.Code != codes.Unavailable || err.Message != messageTimedOut {
			t.Errorf("got %+v", err)
		}
	})
	t.Run("is waited out if told to", func(t *testing.T) {
		address := "unix://" + filepath.Join(folder(t), "falco.sock")
		subscriber := read(t, clientOf(t, address), Broadcast(), soon, WaitOnFirstConnect())
		subscriber.waitForTypes(t, "disconnected", 2)
		server := reference.Serve(t, reference.Options{"listen": []string{address}})
		server.WaitForSubscribers(1)
		subscriber.waitForSequences(t, server.PublishNumbered(1, 1))
		if types := subscriber.types(); !regexp.MustCompile(`^(connecting disconnected )+connecting connected$`).MatchString(types) {
			t.Errorf("it told %s", types)
		}
	})
}

func TestMaxAttempts(t *testing.T) {
	t.Run("is how many may fail", func(t *testing.T) {
		server, client := serve(t, nil)
		subscriber := read(t, client, Broadcast(), soon, MaxAttempts(3))
		subscriber.waitForTypes(t, "connected", 1)
		server.Stop()
		if err := subscriber.error(t); err.Code != codes.Unavailable {
			t.Errorf("got %v", err)
		}
		expected := "connecting connected" + strings.Repeat(" disconnected connecting", 3)
		if types := subscriber.types(); types != expected {
			t.Errorf("it told %s, expected %s", types, expected)
		}
	})
	t.Run("counts none that succeeded", func(t *testing.T) {
		server, _ := serve(t, nil)
		proxy := proxyTo(t, server.Address)
		subscriber := read(t, clientOf(t, proxy.address), Broadcast(), soon, MaxAttempts(1))
		subscriber.waitForTypes(t, "connected", 1)
		for cut := 1; cut <= 5; cut++ {
			proxy.cut()
			subscriber.waitForTypes(t, "resumed", cut)
		}
		server.WaitForSubscribers(1)
		subscriber.waitForSequences(t, server.PublishNumbered(1, 1))
		for _, status := range subscriber.told() {
			if connecting, isConnecting := status.(Connecting); isConnecting && connecting.Attempt != 1 {
				t.Errorf("attempt %d, expected 1", connecting.Attempt)
			}
		}
	})
	t.Run("with none, the stream ends with the connection", func(t *testing.T) {
		server, client := serve(t, nil)
		subscriber := read(t, client, Broadcast(), MaxAttempts(0))
		subscriber.waitForTypes(t, "connected", 1)
		server.Stop()
		if err := subscriber.error(t); !err.FromServer || err.Message != "the server is stopping" {
			t.Errorf("got %+v", err)
		}
	})
}

func TestRefusalIsFinal(t *testing.T) {
	server, client := serve(t, nil)
	proxy := proxyTo(t, server.Address)
	away := read(t, clientOf(t, proxy.address), Group("pager"), MinPriority(PriorityWarning), soon, WaitOnFirstConnect())
	away.waitForTypes(t, "connected", 1)
	second := read(t, client, Group("pager"), MinPriority(PriorityDebug), soon, WaitOnFirstConnect())
	if err := second.error(t); err.Code != codes.FailedPrecondition || !err.FromServer {
		t.Errorf("got %+v", err)
	}
	if second.types() != "connecting" {
		t.Errorf("it told %s", second.types())
	}
	// Also of a stream that comes back.
	proxy.refuse(true)
	proxy.cut()
	server.WaitForSubscribers(0)
	third := read(t, client, Group("pager"), MinPriority(PriorityDebug))
	third.waitForTypes(t, "connected", 1)
	proxy.refuse(false)
	if err := away.error(t); err.Code != codes.FailedPrecondition {
		t.Errorf("got %+v", err)
	}
}

func TestWaitBeforeAnAttempt(t *testing.T) {
	slow := RetryDelay(time.Hour, time.Hour)
	t.Run("ends with the context", func(t *testing.T) {
		server, client := serve(t, nil)
		subscriber := read(t, client, Broadcast(), slow)
		subscriber.waitForTypes(t, "connected", 1)
		server.Stop()
		subscriber.waitForTypes(t, "disconnected", 1)
		subscriber.cancel()
		subscriber.endsWell(t)
	})
	t.Run("ends with the client", func(t *testing.T) {
		server, client := serve(t, nil)
		subscriber := read(t, client, Group("pager"), Acknowledge(), slow)
		subscriber.waitForTypes(t, "connected", 1)
		server.Stop()
		subscriber.waitForTypes(t, "disconnected", 1)
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		subscriber.endsWell(t)
	})
	t.Run("ends at the deadline", func(t *testing.T) {
		server, client := serve(t, nil)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		subscriber := readWith(t, ctx, client, nil, Broadcast(), slow)
		subscriber.waitForTypes(t, "connected", 1)
		server.Stop()
		if err := subscriber.error(t); err.Code != codes.DeadlineExceeded {
			t.Errorf("got %+v", err)
		}
	})
}

func TestBroadcastReconnects(t *testing.T) {
	server, _ := serve(t, nil)
	proxy := proxyTo(t, server.Address)
	subscriber := read(t, clientOf(t, proxy.address), Broadcast(), soon)
	subscriber.waitForTypes(t, "connected", 1)
	server.WaitForSubscribers(1)
	var sequences []uint64
	for round := range 20 {
		sequences = append(sequences, server.PublishNumbered(round*500+1, round*500+500)...)
		proxy.cut()
	}
	subscriber.waitForSequences(t, sequences)
	if subscriber.count("resumed") == 0 {
		t.Errorf("it told %s", subscriber.types())
	}
}

func TestServerKilledAndStartedAgain(t *testing.T) {
	noLeaks(t)
	address := "unix://" + filepath.Join(folder(t), "falco.sock")
	listen := reference.Options{"listen": []string{address}}
	host := reference.NewHost(t)
	first := host.Serve(t, listen)
	client := clientOf(t, address)
	broadcast := read(t, client, Broadcast(), soon)
	group := read(t, client, Group("pager"), Acknowledge(), soon)
	shared := read(t, client, soon)
	first.WaitForSubscribers(3)
	first.PublishNumbered(1, 3)
	before := []string{"Rule 1", "Rule 2", "Rule 3"}
	for _, subscriber := range []*background{broadcast, group, shared} {
		subscriber.waitForRules(t, before...)
	}
	host.Kill()
	for _, subscriber := range []*background{broadcast, group, shared} {
		subscriber.waitForTypes(t, "disconnected", 1)
	}
	second := reference.Serve(t, listen)
	second.WaitForSubscribers(3)
	second.PublishNumbered(4, 5)
	told := append(slices.Clone(before), "Falco Outputs internal: alerts lost", "Rule 4", "Rule 5")
	broadcast.waitForRules(t, told...)
	group.waitForRules(t, told...)
	shared.waitForRules(t, append(before, "Rule 4", "Rule 5")...)
	for _, subscriber := range []*background{broadcast, group} {
		if loss, isLost := subscriber.last().(Lost); !isLost || loss.Loss != (Loss{Cause: LossRestart, Text: "restart"}) {
			t.Errorf("it told %s last, %+v", subscriber.types(), loss)
		}
	}
}

// A connection that is dead without a word is noticed by a ping. It takes what grpc-go takes at the least, twice.
func TestSilentConnection(t *testing.T) {
	server, _ := serve(t, nil)
	proxy := proxyTo(t, server.Address)
	client := clientOf(t, proxy.address, WithKeepAlive(minKeepAlive))
	subscriber := read(t, client, Broadcast(), soon)
	subscriber.waitForTypes(t, "connected", 1)
	proxy.silence()
	sequences := server.PublishNumbered(1, 3)
	eventuallyWithin(t, 3*patience, "the stream comes back", func() bool { return subscriber.count("resumed") == 1 })
	subscriber.waitForSequences(t, sequences)
	for _, status := range subscriber.told() {
		if lost, isLost := status.(Disconnected); isLost && !strings.Contains(lost.Err.Message, "answers no ping") {
			t.Errorf("it told %v", lost.Err)
		}
	}
}

func TestLossIsReported(t *testing.T) {
	server, client := serve(t, reference.Options{"maxAlerts": 3})
	sequences := server.PublishNumbered(1, 8)
	var told []Status
	alerts := take(t, client.Get(limited(t), Broadcast(), After(sequences[1]), OnStatus(func(status Status) {
		told = append(told, status)
	})), 4)
	expected := Loss{Cause: LossSlow, Text: "slow", Lost: 3, FirstSequence: sequences[2], LastSequence: sequences[4]}
	lost, isLost := told[len(told)-1].(Lost)
	if !isLost || lost.Loss != expected || lost.Alert != alerts[0] {
		t.Errorf("it told %+v, expected %+v", lost, expected)
	}
	if !slices.Equal(sequencesOf(alerts[1:]), sequences[5:]) {
		t.Errorf("got %v after it", sequencesOf(alerts[1:]))
	}
}

func TestLogger(t *testing.T) {
	noLeaks(t)
	server := reference.Serve(t, nil)
	proxy := proxyTo(t, server.Address)
	var log lockedBuffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	subscriber := read(t, clientOf(t, proxy.address, WithLogger(logger)), Broadcast(), soon)
	subscriber.waitForTypes(t, "connected", 1)
	proxy.cut()
	subscriber.waitForTypes(t, "resumed", 1)
	text := log.String()
	for _, expected := range []string{
		`level=DEBUG msg=connecting call="sub on ` + proxy.address + `" attempt=1`,
		"level=INFO msg=connected",
		"level=WARN msg=disconnected", "error=", "retry_in=",
		`level=INFO msg="connected again"`,
	} {
		if !strings.Contains(text, expected) {
			t.Errorf("the log lacks %s: %s", expected, text)
		}
	}
}

type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(text)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
