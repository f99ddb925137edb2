package falco

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"google.golang.org/grpc"
)

// ClientOption is an option of NewClient.
type ClientOption func(*clientConfig)

type clientConfig struct {
	// Nil: the default.
	address         *string
	tls             *TLS
	tlsConfig       *tls.Config
	insecure        bool
	connectTimeout  time.Duration
	keepAlive       time.Duration
	maxMessageBytes int
	logger          *slog.Logger
	dialOptions     []grpc.DialOption
}

const (
	defaultConnectTimeout  = 5 * time.Second
	defaultKeepAlive       = 30 * time.Second
	defaultMaxMessageBytes = 4 * 1024 * 1024
	// The least that grpc-go takes.
	minKeepAlive   = 10 * time.Second
	maxPingTimeout = 15 * time.Second
)

func newClientConfig(options []ClientOption) (*clientConfig, error) {
	c := &clientConfig{
		connectTimeout:  defaultConnectTimeout,
		keepAlive:       defaultKeepAlive,
		maxMessageBytes: defaultMaxMessageBytes,
	}
	for _, option := range options {
		option(c)
	}
	if c.logger == nil {
		c.logger = slog.New(slog.DiscardHandler)
	}
	switch {
	case c.connectTimeout <= 0:
		return nil, invalid(fmt.Sprintf("WithConnectTimeout: %v, expected more than 0", c.connectTimeout))
	case c.keepAlive < minKeepAlive:
		return nil, invalid(fmt.Sprintf("WithKeepAlive: %v, expected %v or more", c.keepAlive, minKeepAlive))
	case c.maxMessageBytes <= 0:
		return nil, invalid(fmt.Sprintf("WithMaxMessageBytes: %d, expected more than 0", c.maxMessageBytes))
	}
	return c, nil
}

// WithAddress says where the server listens: unix:///path, unix:path, a plain path, or host:port.
//
// Without it the server is looked for, for each connection, where falco-outputs serve listens by default: at
// DefaultAddress, unless only the socket of a server of the same user is there: falco.sock in $XDG_RUNTIME_DIR, or else in
// the folder falco-outputs-UID in the one for temporary files.
func WithAddress(address string) ClientOption {
	return func(c *clientConfig) { c.address = &address }
}

// WithTLS sets up mutual TLS, which a host:port needs.
func WithTLS(tls TLS) ClientOption {
	return func(c *clientConfig) { c.tls = &tls }
}

// WithTLSConfig sets up TLS in a way of the caller's own, in place of WithTLS: with certificates from SPIFFE, for
// example. Its ServerName is by default the host of the address.
func WithTLSConfig(config *tls.Config) ClientOption {
	return func(c *clientConfig) { c.tlsConfig = config }
}

// WithInsecure allows a host:port without TLS: anyone on the way can read along.
func WithInsecure() ClientOption {
	return func(c *clientConfig) { c.insecure = true }
}

// WithConnectTimeout sets how long the server may take to answer a new connection. Default: 5 s.
func WithConnectTimeout(timeout time.Duration) ClientOption {
	return func(c *clientConfig) { c.connectTimeout = timeout }
}

// WithKeepAlive sets after how long a quiet connection is checked with a ping, which has the same time, but at most 15 s,
// to be answered. At least 10 s. Default: 30 s.
func WithKeepAlive(interval time.Duration) ClientOption {
	return func(c *clientConfig) { c.keepAlive = interval }
}

// WithMaxMessageBytes sets the size of the largest message that is taken from the server; a larger one ends its call with
// codes.ResourceExhausted. Default: 4 MiB. A Falco Outputs server sends no alert above 1 MiB.
func WithMaxMessageBytes(limit int) ClientOption {
	return func(c *clientConfig) { c.maxMessageBytes = limit }
}

// WithLogger logs what becomes of streams: connections at level Info, their loss and lost alerts at Warn. Default:
// nothing is logged.
func WithLogger(logger *slog.Logger) ClientOption {
	return func(c *clientConfig) { c.logger = logger }
}

// WithDialOptions hands options to gRPC, after those that this package sets: stats handlers and interceptors for tracing,
// for example, or a dialer for bufconn. An error of an interceptor that is not a gRPC status ends the call, and reaches
// its caller as it is. Credentials for TLS belong in WithTLSConfig.
func WithDialOptions(options ...grpc.DialOption) ClientOption {
	return func(c *clientConfig) { c.dialOptions = append(slices.Clip(c.dialOptions), options...) }
}
