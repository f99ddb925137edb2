package falco

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/falco-outputs/falco-outputs/packages/go/api/outputs"
	"github.com/falco-outputs/falco-outputs/packages/go/internal/reference"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// standIn answers in the place of a server that is away, as a proxy does, until it is stopped.
func standIn(t *testing.T, path string, answer http.HandlerFunc) (stop func()) {
	t.Helper()
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: answer, Protocols: &http.Protocols{}}
	server.Protocols.SetUnencryptedHTTP2(true)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // until it is closed
	}()
	stop = sync.OnceFunc(func() {
		_ = server.Close()
		<-served
	})
	t.Cleanup(stop)
	return stop
}

func TestProxyWhoseServerIsAway(t *testing.T) {
	html := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("content-type", "text/html")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "<html>")
		}
	}
	grpcStatus := func(code string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("content-type", "application/grpc")
			if code != "" {
				w.Header().Set("grpc-status", code)
				w.Header().Set("grpc-message", "no healthy upstream")
			}
			w.WriteHeader(http.StatusOK)
		}
	}
	for name, answer := range map[string]http.HandlerFunc{
		"gRPC's UNAVAILABLE, as Envoy answers": grpcStatus("14"),
		"gRPC's INTERNAL":                      grpcStatus("13"),
		"gRPC without a status":                grpcStatus(""),
		"HTTP 502, as nginx answers":           html(502),
		"HTTP 503, as HAProxy answers":         html(503),
		"HTTP 404":                             html(404),
		"HTTP 403":                             html(403),
		"HTTP 200 with a page":                 html(200),
	} {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			path := filepath.Join(folder(t), "proxy.sock")
			stop := standIn(t, path, answer)
			client := clientOf(t, path)
			group := read(t, client, Group("pager"), Acknowledge(), soon, WaitOnFirstConnect())
			group.waitForTypes(t, "disconnected", 2)
			stop()
			server := reference.Serve(t, reference.Options{"listen": []string{path}})
			server.WaitForSubscribers(1)
			server.PublishNumbered(1, 2)
			group.waitForRules(t, "Rule 1", "Rule 2")
			for _, status := range group.told() {
				if lost, isLost := status.(Disconnected); isLost && lost.Err.Code != codes.Unavailable {
					t.Errorf("it told %v: %v", lost.Err.Code, lost.Err)
				}
			}
		})
	}
	t.Run("is an error at first", func(t *testing.T) {
		path := filepath.Join(folder(t), "proxy.sock")
		standIn(t, path, html(502))
		subscriber := read(t, clientOf(t, path), Broadcast())
		if err := subscriber.error(t); err.Code != codes.Unavailable || !strings.Contains(err.Message, "HTTP 502 (Bad Gateway)") {
			t.Errorf("got %v: %v", err.Code, err)
		}
	})
	t.Run("is no reason to end for the shared queue", func(t *testing.T) {
		path := filepath.Join(folder(t), "proxy.sock")
		standIn(t, path, html(404))
		subscriber := read(t, clientOf(t, path), soon, WaitOnFirstConnect())
		subscriber.waitForTypes(t, "disconnected", 2)
	})
}

func TestStreamCutOff(t *testing.T) {
	noLeaks(t)
	path := filepath.Join(folder(t), "proxy.sock")
	standIn(t, path, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("content-type", "application/grpc")
		w.Header().Set(versionHeader, "1")
		w.Header().Set(positionHeader, "7")
		if strings.HasSuffix(r.URL.Path, "/version") {
			w.Header().Set("grpc-status", "14")
			return
		}
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
	})
	subscriber := read(t, clientOf(t, path), Broadcast(), soon)
	subscriber.waitForTypes(t, "disconnected", 2)
	for _, status := range subscriber.told() {
		lost, isLost := status.(Disconnected)
		if isLost && (lost.Err.Code != codes.Unavailable || lost.Err.FromServer || lost.Err.Message != messageCut) {
			t.Errorf("it told %v: %v", lost.Err.Code, lost.Err)
		}
	}
}

func TestCancelledByTheServer(t *testing.T) {
	noLeaks(t)
	address := startFake(t, func(_ int, stream grpc.ServerStream) error {
		_ = stream.SendHeader(ours(positionHeader, "7"))
		return status.Error(codes.Canceled, "enough")
	})
	err := read(t, clientOf(t, address), Broadcast(), soon).error(t)
	if err.Code != codes.Canceled || !err.FromServer || err.Message != "enough" || errors.Is(err, context.Canceled) {
		t.Errorf("got %+v", err)
	}
}

func TestFirstMessageWithoutAPosition(t *testing.T) {
	noLeaks(t)
	address := startFake(t, func(_ int, stream grpc.ServerStream) error {
		_ = stream.SendHeader(ours())
		_ = stream.SendMsg(encode(t, &outputs.Response{Rule: "one", Sequence: 1}))
		_ = stream.SendMsg(encode(t, &outputs.Response{Rule: "two", Sequence: 2}))
		return nil
	})
	if got := rulesOf(all(t, clientOf(t, address).Get(limited(t), Broadcast()))); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("got %v", got)
	}
}

// The server's status arrives while the deadline passes on this side; for go test -race.
func TestDeadlineOnBothSides(t *testing.T) {
	noLeaks(t)
	address := startFake(t, func(call int, stream grpc.ServerStream) error {
		_ = stream.SendHeader(ours(positionHeader, "7"))
		deadline, _ := stream.Context().Deadline()
		early := time.NewTimer(time.Until(deadline) - time.Duration(call%20)*50*time.Microsecond)
		defer early.Stop()
		<-early.C
		return status.Error(codes.DeadlineExceeded, "the operation timed out")
	})
	client := clientOf(t, address)
	for range 300 {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
		for _, err := range client.Sub(ctx) {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		}
		cancel()
	}
}

func TestInvalidMessages(t *testing.T) {
	noLeaks(t)
	large := encode(t, &outputs.Response{Rule: "large", Output: strings.Repeat("x", 5<<20)})
	serve := func(t *testing.T, message []byte) (address string, calls func() int) {
		var mu sync.Mutex
		count := 0
		address = startFake(t, func(call int, stream grpc.ServerStream) error {
			mu.Lock()
			count = call
			mu.Unlock()
			_ = stream.SendHeader(ours(positionHeader, "7"))
			return stream.SendMsg(message)
		})
		return address, func() int {
			mu.Lock()
			defer mu.Unlock()
			return count
		}
	}
	for name, one := range map[string]struct {
		message []byte
		code    codes.Code
		part    string
	}{
		"too large":     {large, codes.ResourceExhausted, "the server sent a message of more than 4194304 bytes: see WithMaxMessageBytes"},
		"not decodable": {[]byte{0x22, 0x05, 'a'}, codes.Internal, "the server sent what is not an alert: "},
	} {
		t.Run(name, func(t *testing.T) {
			for _, batches := range []bool{false, true} {
				address, calls := serve(t, one.message)
				client := clientOf(t, address)
				var failure error
				if batches {
					for _, err := range client.SubBatches(limited(t), Broadcast(), soon) {
						failure = err
					}
				} else {
					failure = read(t, client, Broadcast(), soon).error(t)
				}
				var err *Error
				if !errors.As(failure, &err) || err.Code != one.code || err.FromServer || !strings.HasPrefix(err.Message, one.part) {
					t.Errorf("got %v", failure)
				}
				if calls() != 1 {
					t.Errorf("it was tried %d times", calls())
				}
			}
		})
	}
	t.Run("a larger limit", func(t *testing.T) {
		address, _ := serve(t, large)
		client := clientOf(t, address, WithMaxMessageBytes(6<<20))
		if got := rulesOf(take(t, client.Sub(limited(t), Broadcast()), 1)); got[0] != "large" {
			t.Errorf("got %v", got)
		}
	})
}

func TestInvalidUTF8KeepsTheStream(t *testing.T) {
	noLeaks(t)
	address := startFake(t, func(_ int, stream grpc.ServerStream) error {
		_ = stream.SendHeader(ours(positionHeader, "7"))
		for _, rule := range []string{"1", "2", "3", "\xff4", "5", "6", "7"} {
			_ = stream.SendMsg(append([]byte{0x22, byte(len(rule))}, rule...))
		}
		return nil
	})
	got := rulesOf(all(t, clientOf(t, address).Get(limited(t), Broadcast())))
	if !slices.Equal(got, []string{"1", "2", "3", "\uFFFD4", "5", "6", "7"}) {
		t.Errorf("got %q", got)
	}
}
