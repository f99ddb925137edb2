package falco

import (
	"context"
	"net"
	"sync"

	"google.golang.org/grpc/credentials"
)

// wire records how the latest connection of a channel failed: gRPC reports only the text of that error.
type wire struct {
	mu       sync.Mutex
	answered bool
	failure  error
}

// reset is for a new connection.
func (w *wire) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answered, w.failure = false, nil
}

// note keeps the first error.
func (w *wire) note(err error) {
	if err == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failure == nil {
		w.failure = err
	}
}

func (w *wire) err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failure
}

// hasAnswered reports whether the other side said anything after the handshake. (In HTTP/2 a server speaks first.)
func (w *wire) hasAnswered() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.answered
}

// watchedCredentials notes how handshakes fail, and how the connections that they make do.
type watchedCredentials struct {
	credentials.TransportCredentials
	wire *wire
}

func (c *watchedCredentials) ClientHandshake(
	ctx context.Context, authority string, raw net.Conn,
) (net.Conn, credentials.AuthInfo, error) {
	// With a dialer from the caller, this is the only sign of a new connection.
	c.wire.reset()
	conn, info, err := c.TransportCredentials.ClientHandshake(ctx, authority, raw)
	if err != nil {
		c.wire.note(err)
		return nil, nil, err
	}
	return &watchedConn{Conn: conn, wire: c.wire}, info, nil
}

func (c *watchedCredentials) Clone() credentials.TransportCredentials {
	return &watchedCredentials{c.TransportCredentials.Clone(), c.wire}
}

type watchedConn struct {
	net.Conn
	wire *wire
	// Read by one goroutine.
	answered bool
}

func (c *watchedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && !c.answered {
		c.answered = true
		c.wire.mu.Lock()
		c.wire.answered = true
		c.wire.mu.Unlock()
	}
	c.wire.note(err)
	return n, err
}
