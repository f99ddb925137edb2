package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/falco-outputs/falco-outputs/packages/go/api/outputs"
	"github.com/falco-outputs/falco-outputs/packages/go/api/schema"
	"github.com/falco-outputs/falco-outputs/packages/go/api/version"
	"github.com/falco-outputs/falco-outputs/packages/go/client"
	"github.com/falco-outputs/falco-outputs/packages/go/internal/reference"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestMain(m *testing.M) {
	code := m.Run()
	reference.CloseShared()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func noLeaks(t *testing.T) {
	t.Helper()
	reference.Shared(t)
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}

// limited ends a test that would otherwise wait forever.
func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// connections are the two kinds that programs written for client-go make, each to a server of its own.
func connections(t *testing.T) map[string]func(*testing.T) (*reference.Server, *client.Client) {
	t.Helper()
	falco := map[string]any{"version": "0.43.0"}
	return map[string]func(*testing.T) (*reference.Server, *client.Client){
		"unix socket": func(t *testing.T) (*reference.Server, *client.Client) {
			t.Helper()
			server := reference.Serve(t, reference.Options{"falco": falco})
			return server, connect(t, &client.Config{UnixSocketPath: server.Address})
		},
		"mutual TLS": func(t *testing.T) (*reference.Server, *client.Client) {
			t.Helper()
			server := serveTLS(t, reference.Options{"falco": falco})
			return server, connect(t, configTo(t, server, "one"))
		},
	}
}

func serveTLS(t *testing.T, options reference.Options) *reference.Server {
	t.Helper()
	tls := reference.Identify(t, t.TempDir(), "one", "server", reference.Issue{})
	options["listen"] = []any{map[string]any{"address": "localhost:0", "tls": tls}}
	return reference.Serve(t, options)
}

// configTo has a client's identity that this authority signed.
func configTo(t *testing.T, server *reference.Server, authority string) *client.Config {
	t.Helper()
	identity := reference.Identify(t, t.TempDir(), authority, "client", reference.Issue{})
	host, port, err := net.SplitHostPort(server.Address)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	return &client.Config{
		Hostname:   host,
		Port:       uint16(number),
		CertFile:   identity.Cert,
		KeyFile:    identity.Key,
		CARootFile: identity.CA,
	}
}

func connect(t *testing.T, config *client.Config) *client.Client {
	t.Helper()
	c, err := client.NewForConfig(context.Background(), config)
	if err != nil {
		t.Fatalf("unable to create a Falco client: %v", err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// What client-go's README and its programs output and output_unix_socket do.
func TestGet(t *testing.T) {
	for name, open := range connections(t) {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			server, c := open(t)
			lines := reference.FixtureLines(t)
			server.Publish(lines...)
			outputsClient, err := c.Outputs()
			if err != nil {
				t.Fatal(err)
			}
			fcs, err := outputsClient.Get(limited(t), &outputs.Request{})
			if err != nil {
				t.Fatal(err)
			}
			var rules []string
			for {
				res, err := fcs.Recv()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				rules = append(rules, fmt.Sprintf("%s %v %s", res.Rule, res.Priority, res.OutputFields["evt.type"]))
			}
			if len(rules) != len(lines) || rules[0] != "Terminal shell in container NOTICE execve" {
				t.Errorf("got %q", rules)
			}
		})
	}
}

var errEnough = errors.New("enough")

// What its programs output_bidi and output_unix_socket_bidi do.
func TestOutputsWatch(t *testing.T) {
	for name, open := range connections(t) {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			server, c := open(t)
			server.PublishNumbered(1, 3)
			var rules []string
			err := c.OutputsWatch(limited(t), func(res *outputs.Response) error {
				rules = append(rules, res.GetRule())
				switch len(rules) {
				case 3:
					server.PublishNumbered(4, 5)
				case 5:
					return errEnough
				}
				return nil
			}, time.Second)
			if err != errEnough || strings.Join(rules, ", ") != "Rule 1, Rule 2, Rule 3, Rule 4, Rule 5" {
				t.Errorf("got %v, %v", rules, err)
			}
			// It left no stream open.
			server.WaitForSubscribers(0)
		})
	}
}

func TestOutputsWatchEnds(t *testing.T) {
	watch := func(t *testing.T, c *client.Client) (context.CancelFunc, <-chan error) {
		t.Helper()
		ctx, cancel := context.WithCancel(limited(t))
		ended := make(chan error, 1)
		go func() {
			ended <- c.OutputsWatch(ctx, func(*outputs.Response) error { return nil }, time.Millisecond)
		}()
		return cancel, ended
	}
	noLeaks(t)
	t.Run("with its context", func(t *testing.T) {
		server := reference.Serve(t, nil)
		cancel, ended := watch(t, connect(t, &client.Config{UnixSocketPath: server.Address}))
		server.WaitForSubscribers(1)
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) && status.Code(err) != codes.Canceled {
			t.Errorf("got %v", err)
		}
		server.WaitForSubscribers(0)
	})
	t.Run("with the server, without an error", func(t *testing.T) {
		server := reference.Serve(t, nil)
		cancel, ended := watch(t, connect(t, &client.Config{UnixSocketPath: server.Address}))
		defer cancel()
		server.WaitForSubscribers(1)
		server.Stop()
		if err := <-ended; err != nil {
			t.Errorf("got %v", err)
		}
	})
}

// Of a stream that the program made itself, with a backlog that is not read.
func TestOutputsWatchOfAStream(t *testing.T) {
	noLeaks(t)
	server := reference.Serve(t, nil)
	c := connect(t, &client.Config{UnixSocketPath: server.Address})
	server.PublishNumbered(1, 1000)
	outputsClient, err := c.Outputs()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(limited(t))
	fcs, err := outputsClient.Sub(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.OutputsWatch(ctx, fcs, func(*outputs.Response) error { return errEnough }, time.Second); err != errEnough {
		t.Errorf("got %v", err)
	}
	cancel()
	server.WaitForSubscribers(0)
}

// The new fields of a request are there as well.
func TestGroup(t *testing.T) {
	noLeaks(t)
	server := reference.Serve(t, nil)
	c := connect(t, &client.Config{UnixSocketPath: server.Address})
	sequences := server.PublishNumbered(1, 2)
	outputsClient, err := c.Outputs()
	if err != nil {
		t.Fatal(err)
	}
	fcs, err := outputsClient.Get(limited(t), &outputs.Request{
		Broadcast: true,
		Allow:     []*outputs.Filter{{MinPriority: schema.Priority_NOTICE.Enum(), Rules: []string{"Rule 2"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	res, err := fcs.Recv()
	if err != nil || !slices.Equal(sequences[1:], []uint64{res.GetSequence()}) {
		t.Errorf("got %v, %v", res, err)
	}
	if _, err := fcs.Recv(); err != io.EOF {
		t.Errorf("got %v", err)
	}
}

// What its programs version and version_unix_socket do.
func TestVersion(t *testing.T) {
	for name, open := range connections(t) {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			_, c := open(t)
			versionClient, err := c.Version()
			if err != nil {
				t.Fatal(err)
			}
			res, err := versionClient.Version(limited(t), &version.Request{})
			if err != nil || res.Version != "0.43.0" || res.Minor != 43 {
				t.Errorf("got %v, %v", res, err)
			}
		})
	}
}

func TestInsecureSkipMutualTLSAuth(t *testing.T) {
	noLeaks(t)
	server := serveTLS(t, reference.Options{"falco": map[string]any{"version": "0.43.0"}})
	versionOf := func(t *testing.T, config *client.Config) error {
		t.Helper()
		versionClient, err := connect(t, config).Version()
		if err != nil {
			t.Fatal(err)
		}
		_, err = versionClient.Version(limited(t), &version.Request{})
		return err
	}
	untrusting := configTo(t, server, "one")
	untrusting.CARootFile = configTo(t, server, "other").CARootFile
	if err := versionOf(t, untrusting); status.Code(err) != codes.Unavailable {
		t.Errorf("without it: %v, expected the server's certificate to be refused", err)
	}
	trusting := configTo(t, server, "one")
	trusting.CARootFile = ""
	trusting.InsecureSkipMutualTLSAuth = true
	if err := versionOf(t, trusting); err != nil {
		t.Errorf("with it: %v", err)
	}
	trusting.CertFile, trusting.KeyFile = "", ""
	// This server demands a certificate of the client, whoever that trusts.
	if err := versionOf(t, trusting); status.Code(err) != codes.Unavailable {
		t.Errorf("without a certificate: %v", err)
	}
}

func TestInvalidConfig(t *testing.T) {
	noLeaks(t)
	identity := reference.Identify(t, t.TempDir(), "one", "client", reference.Issue{})
	//lint:ignore SA1019 as programs do
	blocking := []grpc.DialOption{grpc.WithBlock(), grpc.FailOnNonTempDialError(true)}
	nothing := filepath.Join(t.TempDir(), "nothing")
	for part, config := range map[string]*client.Config{
		"CertFile":                   {Hostname: "localhost", CertFile: nothing, KeyFile: identity.Key, CARootFile: identity.CA},
		"CARootFile":                 {Hostname: "localhost", CertFile: identity.Cert, KeyFile: identity.Key, CARootFile: nothing},
		"it holds no certificate":    {Hostname: "localhost", CertFile: identity.Cert, KeyFile: identity.Key, CARootFile: identity.Key},
		"unix:///nowhere/falco.sock": {UnixSocketPath: "unix:///nowhere/falco.sock", DialOptions: blocking},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		c, err := client.NewForConfig(ctx, config)
		cancel()
		if c != nil || err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("got %v, expected an error with %s", err, part)
		}
	}
	none := &client.Client{}
	if _, err := none.Outputs(); err == nil {
		t.Error("a client without a connection has outputs")
	}
	if _, err := none.Version(); err == nil {
		t.Error("a client without a connection has a version")
	}
	if none.Close() == nil {
		t.Error("a client without a connection closes")
	}
}
