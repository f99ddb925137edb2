package falco

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/falco-outputs/falco-outputs/packages/go/internal/reference"
	"google.golang.org/grpc/codes"
)

// firstError is that of a version call.
func firstError(t *testing.T, address string, options ...ClientOption) *Error {
	t.Helper()
	_, err := clientOf(t, address, options...).Version(limited(t))
	var known *Error
	if !errors.As(err, &known) {
		t.Fatalf("got %v, expected an *Error", err)
	}
	return known
}

func expectError(t *testing.T, err *Error, code codes.Code, part string) {
	t.Helper()
	if err.Code != code || err.FromServer || !strings.Contains(err.Message, part) {
		t.Errorf("got %v %q (from the server: %v), expected %v with %q", err.Code, err.Message, err.FromServer, code, part)
	}
}

// answering accepts connections, and does this to each.
func answering(t *testing.T, network, address string, answer func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			answer(conn)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return listener.Addr().String()
}

func TestSocketErrors(t *testing.T) {
	noLeaks(t)
	folder := folder(t)
	path := func(name string) string { return filepath.Join(folder, name) }
	t.Run("there is none", func(t *testing.T) {
		err := firstError(t, path("none.sock"))
		expectError(t, err, codes.Unavailable, "there is no such socket: is the server running")
		if !errors.Is(err, syscall.ENOENT) {
			t.Errorf("the cause is %v", err.Cause)
		}
	})
	t.Run("nobody listens", func(t *testing.T) {
		listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path("stale.sock"), Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		listener.SetUnlinkOnClose(false)
		_ = listener.Close()
		expectError(t, firstError(t, path("stale.sock")), codes.Unavailable, "nobody listens there")
	})
	t.Run("a part of its path is a file", func(t *testing.T) {
		if err := os.WriteFile(path("file"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		expectError(t, firstError(t, path("file/falco.sock")), codes.Unavailable, "a part of its path is not a folder")
	})
	t.Run("closed without an answer", func(t *testing.T) {
		address := answering(t, "unix", path("closing.sock"), func(net.Conn) {})
		expectError(t, firstError(t, address), codes.Unavailable, "closed the connection without an answer: is this a server's gRPC socket?")
	})
	t.Run("no HTTP/2", func(t *testing.T) {
		address := answering(t, "unix", path("http1.sock"), func(conn net.Conn) {
			_, _ = conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			_, _ = conn.Read(make([]byte, 1000))
		})
		expectError(t, firstError(t, address), codes.Unavailable, "does not speak HTTP/2: is this a server's gRPC socket?")
	})
}

func TestTCPErrors(t *testing.T) {
	noLeaks(t)
	t.Run("nobody listens", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_ = listener.Close()
		expectError(t, firstError(t, listener.Addr().String(), WithInsecure()), codes.Unavailable, "connection refused")
	})
	t.Run("there is no such host", func(t *testing.T) {
		err := firstError(t, "nothing.invalid:5060", WithInsecure())
		if !strings.Contains(err.Message, "there is no host of this name") && !strings.Contains(err.Message, "could not be resolved") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("it expects TLS", func(t *testing.T) {
		identity := reference.Identify(t, folder(t), "one", "server", reference.Issue{})
		server := reference.Serve(t, mutualTLS("localhost:0", identity))
		expectError(t, firstError(t, server.Address, WithInsecure()), codes.Unavailable, "does it expect TLS?")
	})
	t.Run("it works without TLS where the server allows it", func(t *testing.T) {
		server := reference.Serve(t, reference.Options{"listen": []any{map[string]any{"address": "localhost:0", "insecure": true}}})
		server.PublishNumbered(1, 1)
		if got := all(t, clientOf(t, server.Address, WithInsecure()).Get(limited(t))); len(got) != 1 {
			t.Errorf("got %v", rulesOf(got))
		}
	})
}

func mutualTLS(address string, identity reference.Identity) reference.Options {
	return reference.Options{"listen": []any{map[string]any{"address": address, "tls": identity}}}
}

func TestMutualTLS(t *testing.T) {
	noLeaks(t)
	tls := func(t *testing.T, authority string, issue reference.Issue) TLS {
		t.Helper()
		identity := reference.Identify(t, folder(t), authority, "client", issue)
		return TLS{CA: identity.CA, Cert: identity.Cert, Key: identity.Key}
	}
	start := func(t *testing.T, address, authority string, issue reference.Issue) *reference.Server {
		t.Helper()
		return reference.Serve(t, mutualTLS(address, reference.Identify(t, folder(t), authority, "server", issue)))
	}
	server := start(t, "localhost:0", "one", reference.Issue{})
	t.Run("works", func(t *testing.T) {
		sequences := server.PublishNumbered(1, 1000)
		got := take(t, clientOf(t, server.Address, WithTLS(tls(t, "one", reference.Issue{}))).Sub(limited(t), Group("a"), After(0)), 1000)
		if len(got) != len(sequences) {
			t.Errorf("got %d alerts", len(got))
		}
	})
	t.Run("works with PEM", func(t *testing.T) {
		files := tls(t, "one", reference.Issue{})
		text := TLS{CA: readFile(t, files.CA), Cert: readFile(t, files.Cert), Key: readFile(t, files.Key)}
		if got := all(t, clientOf(t, server.Address, WithTLS(text)).Get(limited(t), Broadcast())); len(got) != 1000 {
			t.Errorf("got %d alerts", len(got))
		}
	})
	t.Run("works to an IP address", func(t *testing.T) {
		server := start(t, "127.0.0.1:0", "one", reference.Issue{})
		if got := all(t, clientOf(t, server.Address, WithTLS(tls(t, "one", reference.Issue{}))).Get(limited(t))); len(got) != 0 {
			t.Errorf("got %d alerts", len(got))
		}
	})
	named := start(t, "localhost:0", "one", reference.Issue{Names: []string{"falco.example"}})
	t.Run("works with another name", func(t *testing.T) {
		identity := tls(t, "one", reference.Issue{})
		identity.ServerName = "falco.example"
		if got := all(t, clientOf(t, named.Address, WithTLS(identity)).Get(limited(t))); len(got) != 0 {
			t.Errorf("got %d alerts", len(got))
		}
	})
	other := start(t, "localhost:0", "other", reference.Issue{})
	expired := start(t, "localhost:0", "one", reference.Issue{Days: -1})
	mixed := tls(t, "one", reference.Issue{})
	mixed.CA = tls(t, "other", reference.Issue{}).CA
	plain := answering(t, "tcp", "localhost:0", func(conn net.Conn) { _, _ = conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) })
	for name, refused := range map[string]struct {
		address string
		tls     TLS
		part    string
	}{
		"a server's certificate for another name":     {named.Address, tls(t, "one", reference.Issue{}), "is for another name"},
		"a server's certificate of another authority": {other.Address, tls(t, "one", reference.Issue{}), "signed by none of the authorities in TLS.CA"},
		"a server's certificate that has expired":     {expired.Address, tls(t, "one", reference.Issue{}), "the server's certificate has expired"},
		"a client's certificate of another authority": {other.Address, mixed, "client's certificate"},
		"a client's certificate that has expired":     {server.Address, tls(t, "one", reference.Issue{Days: -1}), "client's certificate"},
		"no TLS on the other side":                    {plain, tls(t, "one", reference.Issue{}), messageNoTLS},
	} {
		t.Run(name, func(t *testing.T) {
			expectError(t, firstError(t, refused.address, WithTLS(refused.tls)), codes.Unavailable, refused.part)
		})
	}
	t.Run("a key of another certificate", func(t *testing.T) {
		identity := tls(t, "one", reference.Issue{})
		identity.Key = tls(t, "one", reference.Issue{}).Key
		_, err := NewClient(WithAddress(server.Address), WithTLS(identity))
		if err == nil || !strings.Contains(err.Error(), "TLS: Cert and Key are not PEM that belongs together") {
			t.Errorf("got %v", err)
		}
	})
}

func TestVersionIsCancelled(t *testing.T) {
	noLeaks(t)
	connected := make(chan struct{}, 1)
	address := answering(t, "unix", filepath.Join(folder(t), "mute.sock"), func(conn net.Conn) {
		connected <- struct{}{}
		_, _ = io.Copy(io.Discard, conn)
	})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-connected
		cancel()
	}()
	client := clientOf(t, address)
	for range 2 {
		_, err := client.Version(ctx)
		var known *Error
		if !errors.As(err, &known) || known.Code != codes.Canceled || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
