package falco

import (
	"context"
	"errors"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
)

// connector holds the one connection of a client, and makes a new one when it has failed. gRPC's own reconnection is not
// used: until its backoff is over it returns the error of an earlier attempt, and the client has its own backoff.
type connector struct {
	dialer  *dialer
	timeout time.Duration
	backoff backoff

	// Done after close.
	ctx    context.Context
	cancel context.CancelFunc

	mu      sync.Mutex
	current *connection
	// The current attempt. There is one at a time, and every call that needs a connection waits for it.
	attempt *attempt
	closed  bool
	// Whether any call of this client was answered.
	wasConnected bool
}

// attempt is one attempt to connect. Its result is valid once done is closed.
type attempt struct {
	done chan struct{}
	conn *connection
	err  error
}

func newConnector(config *clientConfig) (*connector, error) {
	made, err := newDialer(config)
	if err != nil {
		return nil, err
	}
	c := &connector{dialer: made, timeout: config.connectTimeout}
	if made.address().isUnix() {
		c.backoff.limit = maxUnixDelay
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c, nil
}

// acquire returns a connection that is ready, or was a moment ago. The caller must release it.
func (c *connector) acquire(ctx context.Context) (*connection, error) {
	if ctx.Err() != nil {
		return nil, contextError(ctx)
	}
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil, errClosed
	}
	if conn := c.current; conn != nil {
		if conn.GetState() == connectivity.Ready {
			conn.users++
			c.mu.Unlock()
			return conn, nil
		}
		c.retire(conn)
	}
	made := c.attempt
	if made == nil {
		made = &attempt{done: make(chan struct{})}
		c.attempt = made
		go c.connect(made)
	}
	c.mu.Unlock()
	select {
	case <-made.done:
	case <-ctx.Done():
		return nil, contextError(ctx)
	}
	if made.err != nil {
		return nil, made.err
	}
	return c.use(made.conn)
}

// use adds a user to a connection that was just made.
func (c *connector) use(conn *connection) (*connection, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if conn.retired && conn.users == 0 {
		return nil, &Error{Code: codes.Unavailable, Message: messageClosed}
	}
	conn.users++
	return conn, nil
}

func (c *connector) connect(a *attempt) {
	limited, cancel := context.WithTimeout(c.ctx, c.timeout)
	defer cancel()
	conn, err := c.dialer.dial(limited)
	c.mu.Lock()
	c.attempt = nil
	switch {
	case c.closed:
		a.err = errClosed
	case err != nil:
		a.err = err
	default:
		a.conn = conn
		c.current = conn
	}
	c.mu.Unlock()
	if conn != nil && a.conn == nil {
		_ = conn.Close() // it was never used
	}
	close(a.done)
}

func (c *connector) release(conn *connection) {
	c.mu.Lock()
	conn.users--
	isOver := conn.retired && conn.users == 0
	c.mu.Unlock()
	if isOver {
		_ = conn.Close() // it has failed already
	}
}

// discard retires a connection that seems ready, but on which the server no longer answers.
func (c *connector) discard(conn *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current == conn {
		c.retire(conn)
	}
}

// retire makes the next call use another connection. Calls that are still on this one continue until they end. The mutex
// must be held.
func (c *connector) retire(conn *connection) {
	c.current = nil
	conn.retired = true
	if conn.users == 0 {
		_ = conn.Close() // it has failed already
	}
}

func (c *connector) close() error {
	c.mu.Lock()
	conn := c.current
	running := c.attempt
	c.current = nil
	c.closed = true
	c.mu.Unlock()
	c.cancel()
	if running != nil {
		<-running.done
	}
	if conn == nil {
		return nil
	}
	return conn.Close()
}

// answered notes that a server answered a call.
func (c *connector) answered() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wasConnected = true
}

func (c *connector) hasConnected() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wasConnected
}

var errClosed = &Error{Code: codes.FailedPrecondition, Message: "the client is closed"}

// contextError returns the error of a context that is done.
func contextError(ctx context.Context) *Error {
	e := &Error{Code: codes.Canceled, Message: "the operation was cancelled", Cause: context.Cause(ctx)}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		e.Code, e.Message = codes.DeadlineExceeded, "the operation timed out"
	}
	if e.Cause != ctx.Err() {
		e.Message += ": " + e.Cause.Error()
	}
	return e
}
