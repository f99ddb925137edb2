package falco

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

const (
	// What one connection, and one stream of it, may have on its way. gRPC's own windows cost throughput.
	connectionWindowBytes = 4 * 1024 * 1024
	streamWindowBytes     = 1024 * 1024
	readBufferBytes       = 64 * 1024
	// gRPC's usual limit; our server sends no alert above 1 MiB.
	maxResponseBytes = 4 * 1024 * 1024
)

// connector keeps the one connection of a client, and makes another one when that one failed: gRPC's own channel would
// answer with the error of an earlier attempt until its backoff is over, while a stream has a backoff of its own.
type connector struct {
	address     address
	credentials credentials.TransportCredentials
	timeout     time.Duration
	keepAlive   time.Duration
	// Whether it speaks TLS, and with whom.
	secure     bool
	serverName string

	mu      sync.Mutex
	current *connection
	closed  bool
}

// connection is a channel to the server, used by any number of calls.
type connection struct {
	*grpc.ClientConn
	wire *wire

	// Both guarded by the connector's mutex.
	users   int
	dropped bool
}

func newConnector(config *clientConfig) (*connector, error) {
	at, err := parseAddress(config.address)
	if err != nil {
		return nil, err
	}
	c := &connector{
		address:     at,
		credentials: insecure.NewCredentials(),
		timeout:     config.connectTimeout,
		keepAlive:   config.keepAlive,
		secure:      config.tls != nil,
	}
	switch {
	case at.isUnix() && c.secure:
		return nil, invalid("address: " + at.String() + " is a unix socket, where TLS has no use")
	case c.secure:
		tlsConfig, err := config.tls.config(at.host)
		if err != nil {
			return nil, err
		}
		c.credentials = credentials.NewTLS(tlsConfig)
		c.serverName = tlsConfig.ServerName
	case !at.isUnix() && !config.insecure:
		return nil, invalid("address: " + at.String() + " needs WithTLS (CA, Cert and Key), or WithInsecure")
	}
	return c, nil
}

// acquire gives a connection that is ready, within the connector's timeout. Whoever gets one has to release it.
func (c *connector) acquire(ctx context.Context) (*connection, error) {
	conn, err := c.take()
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	for {
		if ctx.Err() != nil {
			c.release(conn)
			return nil, contextError(ctx)
		}
		state := conn.GetState()
		switch state {
		case connectivity.Ready:
			return conn, nil
		case connectivity.TransientFailure, connectivity.Shutdown:
			c.drop(conn)
			return nil, c.explainConnecting(conn.wire)
		case connectivity.Idle:
			conn.Connect()
		}
		if conn.WaitForStateChange(limited, state) {
			continue
		}
		if ctx.Err() == nil {
			c.drop(conn)
			return nil, timedOut(conn.wire.err())
		}
	}
}

func (c *connector) take() (*connection, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errClosed
	}
	if c.current == nil {
		conn, err := c.open()
		if err != nil {
			return nil, &Error{Code: codes.InvalidArgument, Message: "address: " + err.Error(), Cause: err}
		}
		c.current = conn
	}
	c.current.users++
	return c.current, nil
}

func (c *connector) release(conn *connection) {
	c.mu.Lock()
	conn.users--
	isOver := conn.dropped && conn.users == 0
	c.mu.Unlock()
	if isOver {
		_ = conn.Close() // of a channel that is closed already
	}
}

// drop releases a connection that failed, for good: the next call gets another one.
func (c *connector) drop(conn *connection) {
	c.mu.Lock()
	conn.dropped = true
	if c.current == conn {
		c.current = nil
	}
	c.mu.Unlock()
	c.release(conn)
}

func (c *connector) close() error {
	c.mu.Lock()
	conn := c.current
	c.current = nil
	c.closed = true
	c.mu.Unlock()
	if conn == nil {
		return nil
	}
	return conn.Close()
}

func (c *connector) open() (*connection, error) {
	network, target := "tcp", c.address.hostPort(c.address.host)
	if c.address.isUnix() {
		network, target = "unix", c.address.path
	}
	w := &wire{}
	dial := func(ctx context.Context, _ string) (net.Conn, error) {
		w.reset()
		conn, err := (&net.Dialer{}).DialContext(ctx, network, target)
		w.note(err)
		return conn, err
	}
	channel, err := grpc.NewClient("passthrough:///"+c.address.authority(),
		grpc.WithContextDialer(dial),
		grpc.WithTransportCredentials(&watchedCredentials{c.credentials, c.serverName, w}),
		grpc.WithAuthority(c.address.authority()),
		grpc.WithInitialConnWindowSize(connectionWindowBytes),
		grpc.WithInitialWindowSize(streamWindowBytes),
		grpc.WithReadBufferSize(readBufferBytes),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxResponseBytes)),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.DefaultConfig, MinConnectTimeout: c.timeout}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time:    c.keepAlive,
			Timeout: min(c.keepAlive, maxPingTimeout),
		}),
		grpc.WithStatsHandler(answerWatch{}),
		grpc.WithDisableServiceConfig(),
		grpc.WithDisableRetry(),
	)
	if err != nil {
		return nil, err
	}
	return &connection{ClientConn: channel, wire: w}, nil
}

var errClosed = &Error{Code: codes.FailedPrecondition, Message: "the client is closed"}

// contextError says why a context is done.
func contextError(ctx context.Context) *Error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &Error{Code: codes.DeadlineExceeded, Message: "the operation timed out", Cause: ctx.Err()}
	}
	return &Error{Code: codes.Canceled, Message: "the operation was cancelled", Cause: ctx.Err()}
}
