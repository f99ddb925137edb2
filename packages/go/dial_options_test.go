package falco

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/falco-outputs/falco-outputs/packages/go/api/outputs"
	"github.com/falco-outputs/falco-outputs/packages/go/internal/module"
	"github.com/falco-outputs/falco-outputs/packages/go/internal/reference"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
)

func TestBufconn(t *testing.T) {
	noLeaks(t)
	listener := bufconn.Listen(1024 * 1024)
	var agent atomic.Value
	serveFake(t, listener, func(_ int, stream grpc.ServerStream) error {
		sent, _ := metadata.FromIncomingContext(stream.Context())
		agent.Store(strings.Join(sent.Get("user-agent"), " "))
		_ = stream.SendHeader(ours(positionHeader, "0"))
		return stream.SendMsg(encode(t, &outputs.Response{Rule: "one", Sequence: 1}))
	})
	dial := func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }
	client := clientOf(t, "bufconn:1", WithInsecure(), WithDialOptions(grpc.WithContextDialer(dial)))
	if got := all(t, client.Get(limited(t), Broadcast())); len(got) != 1 {
		t.Errorf("got %d alerts", len(got))
	}
	if got := agent.Load().(string); !strings.HasPrefix(got, "falco-outputs-go/"+module.Version+" grpc-go/") {
		t.Errorf("the user agent is %q", got)
	}
	// It comes back over the same dialer.
	subscriber := read(t, client, soon)
	subscriber.waitForTypes(t, "disconnected", 1)
	_ = listener.Close()
	failing := clientOf(t, "bufconn:1", WithInsecure(), WithDialOptions(grpc.WithContextDialer(
		func(context.Context, string) (net.Conn, error) { return nil, errors.New("no such pipe") })))
	if err := read(t, failing).error(t); err.Code != codes.Unavailable || !strings.Contains(err.Message, "no such pipe") {
		t.Errorf("got %v", err)
	}
}

// spans is what OpenTelemetry's stats handler does, as far as gRPC sees it.
type spans struct{ begun, ended atomic.Int32 }

type spanKey struct{}

func (s *spans) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, spanKey{}, s)
}

func (s *spans) HandleRPC(ctx context.Context, event stats.RPCStats) {
	if ctx.Value(spanKey{}) != s {
		panic("the context of a call is another one")
	}
	switch event.(type) {
	case *stats.Begin:
		s.begun.Add(1)
	case *stats.End:
		s.ended.Add(1)
	}
}

func (s *spans) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (s *spans) HandleConn(context.Context, stats.ConnStats) {}

func TestStatsHandlerAndInterceptors(t *testing.T) {
	noLeaks(t)
	server := reference.Serve(t, nil)
	server.PublishNumbered(1, 3)
	traced := &spans{}
	var names []string
	client := clientOf(t, server.Address, WithDialOptions(
		grpc.WithStatsHandler(traced),
		grpc.WithChainStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, name string,
			next grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
			names = append(names, name)
			return next(ctx, desc, conn, name, options...)
		})))
	if got := all(t, client.Get(limited(t), Broadcast())); len(got) != 3 {
		t.Errorf("got %d alerts", len(got))
	}
	// One is the version, which is asked for first.
	eventually(t, "two calls are over", func() bool { return traced.begun.Load() == 2 && traced.ended.Load() == 2 })
	if strings.Join(names, " ") != "/falco.outputs.service/get" {
		t.Errorf("the interceptor saw %v", names)
	}
	// An error of the server's is told as such with them too.
	_, err := client.Version(limited(t))
	var known *Error
	if !errors.As(err, &known) || !known.FromServer {
		t.Errorf("got %v, expected the server's error", err)
	}
}

func TestErrorOfAnInterceptor(t *testing.T) {
	noLeaks(t)
	server := reference.Serve(t, nil)
	own := errors.New("not today")
	client := clientOf(t, server.Address, WithDialOptions(
		grpc.WithChainStreamInterceptor(func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string,
			grpc.Streamer, ...grpc.CallOption) (grpc.ClientStream, error) {
			return nil, own
		}),
		grpc.WithChainUnaryInterceptor(func(context.Context, string, any, any, *grpc.ClientConn, grpc.UnaryInvoker, ...grpc.CallOption) error {
			return own
		})))
	for name, alerts := range map[string]func(func(*Alert, error) bool){
		"the shared queue": client.Sub(limited(t), soon, WaitOnFirstConnect()),
		"a group":          client.Sub(limited(t), Group("pager"), soon, WaitOnFirstConnect()),
	} {
		count := 0
		for _, err := range alerts {
			count++
			if err != own {
				t.Errorf("%s: got %v, expected the error itself", name, err)
			}
		}
		if count != 1 {
			t.Errorf("%s: the loop had %d turns", name, count)
		}
	}
	if _, err := client.Version(limited(t)); err != own {
		t.Errorf("got %v, expected the error itself", err)
	}
}

func TestTLSConfig(t *testing.T) {
	noLeaks(t)
	server := reference.Serve(t, mutualTLS("localhost:0", reference.Identify(t, folder(t), "one", "server", reference.Issue{})))
	files := reference.Identify(t, folder(t), "one", "client", reference.Issue{})
	identity, err := tls.LoadX509KeyPair(files.Cert, files.Key)
	if err != nil {
		t.Fatal(err)
	}
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM([]byte(readFile(t, files.CA)))
	asked := 0
	config := &tls.Config{
		RootCAs: authorities,
		// As SPIFFE's does.
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			asked++
			return &identity, nil
		},
	}
	client := clientOf(t, server.Address, WithTLSConfig(config))
	if got := all(t, client.Get(limited(t))); len(got) != 0 || asked != 1 {
		t.Errorf("got %d alerts, and the certificate was asked for %d times", len(got), asked)
	}
	if config.ServerName != "" {
		t.Error("the caller's configuration was changed")
	}
	_, err = NewClient(WithAddress(server.Address), WithTLSConfig(config), WithTLS(TLS{}))
	if status.Code(err) != codes.InvalidArgument || err.Error() != "WithTLS, WithTLSConfig: expected one of them" {
		t.Errorf("got %v", err)
	}
	_, err = NewClient(WithAddress("/run/falco.sock"), WithTLSConfig(config))
	if status.Code(err) != codes.InvalidArgument {
		t.Errorf("got %v", err)
	}
}

func TestCertificatesAreReadForEachConnection(t *testing.T) {
	noLeaks(t)
	own := folder(t)
	start := func(address, authority string) *reference.Server {
		return reference.Serve(t, mutualTLS(address, reference.Identify(t, folder(t), authority, "server", reference.Issue{})))
	}
	first := start("localhost:0", "one")
	files := reference.Identify(t, own, "one", "client", reference.Issue{})
	client := clientOf(t, first.Address, WithTLS(TLS{CA: files.CA, Cert: files.Cert, Key: files.Key}))
	subscriber := read(t, client, Broadcast(), soon)
	subscriber.waitForTypes(t, "connected", 1)
	first.Stop()
	// While they are exchanged, they do not belong together.
	if err := os.WriteFile(files.Key, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	second := start(first.Address, "other")
	eventually(t, "it tells of the key", func() bool {
		lost, isLost := subscriber.last().(Disconnected)
		return isLost && lost.Err.Code == codes.Unavailable && strings.HasPrefix(lost.Err.Message, "TLS: Cert and Key are not PEM")
	})
	renewed := reference.Identify(t, folder(t), "other", "client", reference.Issue{})
	for from, to := range map[string]string{renewed.CA: files.CA, renewed.Cert: files.Cert, renewed.Key: files.Key} {
		if err := os.WriteFile(to, []byte(readFile(t, from)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	second.WaitForSubscribers(1)
	sequences := second.PublishNumbered(1, 1)
	eventually(t, "it comes back", func() bool {
		got := subscriber.sequences()
		return len(got) > 0 && got[len(got)-1] == sequences[0]
	})
}

func TestNilLogger(t *testing.T) {
	_, client := serve(t, nil)
	silent := clientOf(t, client.connector.dialer.address().String(), WithLogger(nil))
	if got := all(t, silent.Get(limited(t))); len(got) != 0 {
		t.Errorf("got %d alerts", len(got))
	}
}
