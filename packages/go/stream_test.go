package falco

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestSharedQueue(t *testing.T) {
	server, client := serve(t, nil)
	ctx := limited(t)
	sequences := server.PublishNumbered(1, 3)
	subscriber := read(t, client)
	subscriber.waitForSequences(t, sequences)
	server.PublishNumbered(4, 4)
	subscriber.waitForRules(t, "Rule 1", "Rule 2", "Rule 3", "Rule 4")
	subscriber.cancel()
	subscriber.endsWell(t)
	server.WaitForSubscribers(0)
	server.PublishNumbered(5, 6)
	if rules := rulesOf(all(t, client.Get(ctx))); !slices.Equal(rules, []string{"Rule 5", "Rule 6"}) {
		t.Errorf("get returned %v", rules)
	}
	if rest := all(t, client.Get(ctx)); len(rest) != 0 {
		t.Errorf("a second get returned %v", rulesOf(rest))
	}
}

func TestBroadcast(t *testing.T) {
	server, client := serve(t, nil)
	ctx := limited(t)
	sequences := server.PublishNumbered(1, 5)
	one, other := read(t, client, Broadcast()), read(t, client, Broadcast(), After(sequences[1]))
	server.WaitForSubscribers(2)
	more := server.PublishNumbered(6, 7)
	one.waitForSequences(t, more)
	other.waitForSequences(t, append(slices.Clone(sequences[2:]), more...))
	if got := sequencesOf(all(t, client.Get(ctx, Broadcast()))); !slices.Equal(got, append(sequences, more...)) {
		t.Errorf("get returned %v", got)
	}
	following := sequencesOf(take(t, client.Get(ctx, Broadcast(), Follow(), After(sequences[4])), 2))
	if !slices.Equal(following, more) {
		t.Errorf("get that follows returned %v, expected %v", following, more)
	}
}

func TestEachIterationIsAStreamOfItsOwn(t *testing.T) {
	server, client := serve(t, nil)
	server.PublishNumbered(1, 3)
	alerts := client.Get(limited(t), Broadcast())
	for range 2 {
		if got := all(t, alerts); len(got) != 3 {
			t.Errorf("got %d alerts, expected 3", len(got))
		}
	}
}

func TestVersion(t *testing.T) {
	_, client := serve(t, map[string]any{"falco": map[string]any{"version": "0.44.1-rc1+b7"}})
	version, err := client.Version(limited(t))
	if err != nil {
		t.Fatal(err)
	}
	expected := FalcoVersion{Version: "0.44.1-rc1+b7", Minor: 44, Patch: 1, Prerelease: "rc1", Build: "b7"}
	if *version != expected {
		t.Errorf("got %+v, expected %+v", *version, expected)
	}
}

func TestErrorsOfTheServer(t *testing.T) {
	server, client := serve(t, nil)
	_, err := client.Version(limited(t))
	var known *Error
	if !errors.As(err, &known) {
		t.Fatalf("got %v, expected an *Error", err)
	}
	if !known.FromServer || known.Code != codes.Unavailable {
		t.Errorf("code %v, from the server: %v", known.Code, known.FromServer)
	}
	if expected := "version on " + server.Address; known.Tried != expected || !strings.HasPrefix(err.Error(), expected+": Falco's") {
		t.Errorf("tried %q, message %q", known.Tried, err)
	}
	if s, isStatus := status.FromError(err); !isStatus || s.Code() != codes.Unavailable {
		t.Errorf("status.FromError returns %v, %v", s, isStatus)
	}
}

func TestContextCancelled(t *testing.T) {
	server, client := serve(t, nil)
	t.Run("before", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if got := all(t, client.Sub(ctx)); len(got) != 0 {
			t.Errorf("got %v", got)
		}
	})
	t.Run("while it waits", func(t *testing.T) {
		subscriber := read(t, client, Broadcast())
		server.WaitForSubscribers(1)
		subscriber.cancel()
		subscriber.endsWell(t)
		server.WaitForSubscribers(0)
	})
	t.Run("in the body of the loop", func(t *testing.T) {
		server.PublishNumbered(1, 3)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		count := 0
		for _, err := range client.Sub(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			count++
			cancel()
		}
		if count != 1 {
			t.Errorf("the loop ran %d times, expected once", count)
		}
	})
}

func TestDeadline(t *testing.T) {
	server, client := serve(t, nil)
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	var last error
	for _, err := range client.Sub(ctx, Broadcast()) {
		last = err
	}
	if !errors.Is(last, context.DeadlineExceeded) || status.Code(last) != codes.DeadlineExceeded {
		t.Errorf("got %v, expected a deadline", last)
	}
	server.WaitForSubscribers(0)
}

func TestPanicInTheBody(t *testing.T) {
	server, client := serve(t, nil)
	server.PublishNumbered(1, 1)
	func() {
		defer func() {
			if recover() != "from the body" {
				t.Error("the panic did not come through")
			}
		}()
		for range client.Sub(limited(t)) {
			panic("from the body")
		}
	}()
	server.WaitForSubscribers(0)
}

func TestClose(t *testing.T) {
	server, client := serve(t, nil)
	waiting := read(t, client, Broadcast())
	acknowledging := read(t, client, Group("pager"), Acknowledge())
	server.WaitForSubscribers(2)
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	waiting.endsWell(t)
	acknowledging.endsWell(t)
	server.WaitForSubscribers(0)
	if err := client.Close(); err != nil {
		t.Errorf("a second time: %v", err)
	}
	for _, err := range client.Sub(context.Background()) {
		if status.Code(err) != codes.FailedPrecondition || !strings.HasSuffix(err.Error(), ": the client is closed") {
			t.Errorf("got %v", err)
		}
	}
	if _, err := client.Version(context.Background()); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("got %v", err)
	}
}

func TestCloseWhileTheBodyWorks(t *testing.T) {
	server, client := serve(t, nil)
	server.PublishNumbered(1, 2)
	working, goOn := make(chan struct{}), make(chan struct{})
	subscriber := readWith(t, context.Background(), client, func(*Alert) {
		working <- struct{}{}
		<-goOn
	}, Group("pager"), After(0), Acknowledge())
	<-working
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	server.WaitForSubscribers(0)
	close(goOn)
	subscriber.endsWell(t)
	if got := server.Stats().Groups["pager"]; got.Waiting != 2 || got.Delivered != 0 {
		t.Errorf("the group is %+v, expected both alerts to wait", got)
	}
}

func TestManyStreamsOfOneClient(t *testing.T) {
	server, client := serve(t, nil)
	var subscribers []*background
	for range 20 {
		subscribers = append(subscribers, read(t, client, Broadcast()))
	}
	server.WaitForSubscribers(20)
	sequences := server.PublishNumbered(1, 100)
	for _, subscriber := range subscribers {
		subscriber.waitForSequences(t, sequences)
	}
}

func TestLargeAlert(t *testing.T) {
	server, client := serve(t, nil)
	output := strings.Repeat("ä", 500_000)
	server.Publish(map[string]any{"rule": "large", "priority": "Notice", "output": output})
	if got := take(t, client.Sub(limited(t)), 1)[0]; got.Output != output {
		t.Errorf("got an output of %d bytes", len(got.Output))
	}
}

// No error of this package is io.EOF.
func TestErrorIs(t *testing.T) {
	err := error(&Error{Code: codes.Unavailable, Tried: "sub", Message: "gone", Cause: io.ErrUnexpectedEOF})
	if !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("errors.Is is wrong about %v", err)
	}
	if err.Error() != "sub: gone" {
		t.Errorf("the text is %q", err)
	}
}
