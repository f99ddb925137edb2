package falco

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"github.com/falco-outputs/falco-outputs/packages/go/internal/module"
	"google.golang.org/grpc"
	grpcbackoff "google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

const (
	// What one connection, and one stream of it, may have in flight. gRPC's own windows cost throughput.
	connectionWindowBytes = 4 * 1024 * 1024
	streamWindowBytes     = 1024 * 1024
	readBufferBytes       = 64 * 1024
)

// dialer makes the connections of one client.
type dialer struct {
	// Called for each connection: without an address from the caller, the server is looked for each time.
	locate func() (address, error)
	at     atomic.Pointer[address]
	// Nil without TLS.
	secure          *secure
	timeout         time.Duration
	keepAlive       time.Duration
	maxMessageBytes int
	options         []grpc.DialOption
}

// connection is a channel to the server, used by any number of calls.
type connection struct {
	*grpc.ClientConn
	wire            *wire
	maxMessageBytes int

	// Both are guarded by the connector's mutex.
	users   int
	retired bool
}

func newDialer(config *clientConfig) (*dialer, error) {
	locate := defaultAddress
	if config.address != nil {
		locate = func() (address, error) { return parseAddress(*config.address) }
	}
	at, err := locate()
	if err != nil {
		return nil, err
	}
	d := &dialer{
		locate:          locate,
		timeout:         config.connectTimeout,
		keepAlive:       config.keepAlive,
		maxMessageBytes: config.maxMessageBytes,
		options:         config.dialOptions,
	}
	d.at.Store(&at)
	wantsTLS := config.tls != nil || config.tlsConfig != nil
	switch {
	case at.isUnix() && wantsTLS:
		return nil, invalid("address: " + at.String() + " is a unix socket, which takes no TLS")
	case !at.isUnix() && !wantsTLS && !config.insecure:
		return nil, invalid("address: " + at.String() + " needs WithTLS (CA, Cert and Key) or WithTLSConfig, or WithInsecure")
	}
	if d.secure, err = newSecure(config, at.host); err != nil {
		return nil, err
	}
	return d, nil
}

// address returns where the server was looked for last.
func (d *dialer) address() address {
	return *d.at.Load()
}

// dial makes a connection, and waits until it is ready.
func (d *dialer) dial(ctx context.Context) (*connection, error) {
	at, err := d.locate()
	if err != nil {
		return nil, err
	}
	d.at.Store(&at)
	conn, err := d.open(at)
	if err != nil {
		return nil, &Error{Code: codes.InvalidArgument, Message: "address: " + err.Error(), Cause: err}
	}
	for {
		state := conn.GetState()
		switch state {
		case connectivity.Ready:
			return conn, nil
		case connectivity.TransientFailure, connectivity.Shutdown:
			explained := d.explainConnecting(conn, at)
			_ = conn.Close() // it was never used
			return nil, explained
		case connectivity.Idle:
			conn.Connect()
		}
		if !conn.WaitForStateChange(ctx, state) {
			_ = conn.Close() // it was never used
			return nil, timedOut(conn.wire.err())
		}
	}
}

func (d *dialer) open(at address) (*connection, error) {
	network, target := "tcp", at.hostPort(at.host)
	if at.isUnix() {
		network, target = "unix", at.path
	}
	w := &wire{}
	dial := func(ctx context.Context, _ string) (net.Conn, error) {
		w.reset()
		conn, err := (&net.Dialer{}).DialContext(ctx, network, target)
		w.note(err)
		return conn, err
	}
	transport := credentials.TransportCredentials(insecure.NewCredentials())
	if d.secure != nil {
		transport = d.secure
	}
	options := []grpc.DialOption{
		grpc.WithContextDialer(dial),
		grpc.WithTransportCredentials(&watchedCredentials{transport, w}),
		grpc.WithAuthority(at.authority()),
		grpc.WithUserAgent(module.UserAgent),
		grpc.WithInitialConnWindowSize(connectionWindowBytes),
		grpc.WithInitialWindowSize(streamWindowBytes),
		grpc.WithReadBufferSize(readBufferBytes),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(d.maxMessageBytes)),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: grpcbackoff.DefaultConfig, MinConnectTimeout: d.timeout}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time:    d.keepAlive,
			Timeout: min(d.keepAlive, maxPingTimeout),
		}),
		grpc.WithStatsHandler(answerWatch{}),
		grpc.WithDisableServiceConfig(),
		grpc.WithDisableRetry(),
	}
	// The caller's options come last, so that they take precedence.
	channel, err := grpc.NewClient("passthrough:///"+at.authority(), append(options, d.options...)...)
	if err != nil {
		return nil, err
	}
	return &connection{ClientConn: channel, wire: w, maxMessageBytes: d.maxMessageBytes}, nil
}
