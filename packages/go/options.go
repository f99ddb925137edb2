package falco

import (
	"log/slog"
	"time"
)

// ClientOption is an option of NewClient.
type ClientOption func(*clientConfig)

type clientConfig struct {
	address        string
	tls            *TLS
	insecure       bool
	connectTimeout time.Duration
	keepAlive      time.Duration
	logger         *slog.Logger
}

const (
	defaultConnectTimeout = 5 * time.Second
	defaultKeepAlive      = 30 * time.Second
	// What grpc-go takes at the least.
	minKeepAlive   = 10 * time.Second
	maxPingTimeout = 15 * time.Second
)

// WithAddress says where the server listens: unix:///path, unix:path, a plain path, or host:port. Default:
// DefaultAddress.
func WithAddress(address string) ClientOption {
	return func(c *clientConfig) { c.address = address }
}

// WithTLS is for host:port, which needs it.
func WithTLS(tls TLS) ClientOption {
	return func(c *clientConfig) { c.tls = &tls }
}

// WithInsecure allows host:port without TLS: whoever is on the way reads along.
func WithInsecure() ClientOption {
	return func(c *clientConfig) { c.insecure = true }
}

// WithConnectTimeout is how long the server may take to answer a new connection. Default: 5 s.
func WithConnectTimeout(timeout time.Duration) ClientOption {
	return func(c *clientConfig) { c.connectTimeout = timeout }
}

// WithKeepAlive is after how long a quiet connection is checked with a ping, which has the same time, but at most 15 s,
// to be answered. At least 10 s. Default: 30 s.
func WithKeepAlive(interval time.Duration) ClientOption {
	return func(c *clientConfig) { c.keepAlive = interval }
}

// WithLogger tells a logger what becomes of streams: connections at level Info, their loss and lost alerts at Warn.
// Default: nothing is logged.
func WithLogger(logger *slog.Logger) ClientOption {
	return func(c *clientConfig) { c.logger = logger }
}
