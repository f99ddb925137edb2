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
	// The least that grpc-go accepts.
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
// Without it, each connection is made to where falco-outputs serve listens by default: DefaultAddress or, if only that
// exists, the socket of a server that the same user started. That is falco.sock in $XDG_RUNTIME_DIR, or else in the
// folder falco-outputs-UID of the folder for temporary files.
func WithAddress(address string) ClientOption {
	return func(c *clientConfig) { c.address = &address }
}

// WithTLS sets up mutual TLS, which is required for a host:port.
func WithTLS(tls TLS) ClientOption {
	return func(c *clientConfig) { c.tls = &tls }
}

// WithTLSConfig is an alternative to WithTLS for other ways to set up TLS, such as certificates from SPIFFE. ServerName
// defaults to the host of the address.
func WithTLSConfig(config *tls.Config) ClientOption {
	return func(c *clientConfig) { c.tlsConfig = config }
}

// WithInsecure allows a host:port without TLS. Anyone on the network path can read the alerts.
func WithInsecure() ClientOption {
	return func(c *clientConfig) { c.insecure = true }
}

// WithConnectTimeout sets how long the server may take to answer a new connection. Default: 5 s.
func WithConnectTimeout(timeout time.Duration) ClientOption {
	return func(c *clientConfig) { c.connectTimeout = timeout }
}

// WithKeepAlive sets how long a connection may be quiet before it is checked with a ping. The answer may take as long,
// but at most 15 s. At least 10 s. Default: 30 s.
func WithKeepAlive(interval time.Duration) ClientOption {
	return func(c *clientConfig) { c.keepAlive = interval }
}

// WithMaxMessageBytes sets the size of the largest message that the server may send; a larger one ends its call with
// codes.ResourceExhausted. Default: 4 MiB. A Falco Outputs server sends no alert above 1 MiB.
func WithMaxMessageBytes(limit int) ClientOption {
	return func(c *clientConfig) { c.maxMessageBytes = limit }
}

// WithLogger logs the status of streams: connections at level Info, lost connections and lost alerts at Warn. Default:
// nothing is logged.
func WithLogger(logger *slog.Logger) ClientOption {
	return func(c *clientConfig) { c.logger = logger }
}

// WithDialOptions passes options to gRPC, after those that this package sets: stats handlers and interceptors for
// tracing, for example, or a dialer for bufconn. If an interceptor returns an error that is not a gRPC status, the call
// ends and its caller gets that error unchanged. Credentials for TLS belong in WithTLSConfig.
func WithDialOptions(options ...grpc.DialOption) ClientOption {
	return func(c *clientConfig) { c.dialOptions = append(slices.Clip(c.dialOptions), options...) }
}
