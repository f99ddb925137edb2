package falco

import (
	"context"
	"errors"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
)

// connector keeps the one connection of a client, and makes another one when that one failed: gRPC's own channel would
// answer with the error of an earlier attempt until its backoff is over, while the client has a backoff of its own.
type connector struct {
	dialer  *dialer
	timeout time.Duration
	backoff backoff

	// Ends with close.
	ctx    context.Context
	cancel context.CancelFunc

	mu      sync.Mutex
	current *connection
	// The attempt that is being made: one at a time, which all who need a connection wait for.
	attempt *attempt
	closed  bool
	// Whether a call of this client was ever answered.
	wasConnected bool
}

// attempt is one attempt to connect. Its result is there once it is done.
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

// acquire returns a connection that is ready, or was a moment ago. Whoever gets one must release it.
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
		_ = conn.Close() // nobody has used it
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

// discard is for a connection on which the server no longer answers, though it looks ready.
func (c *connector) discard(conn *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current == conn {
		c.retire(conn)
	}
}

// retire is called with the mutex held, for a connection that is no longer ready: the next call gets another one. Calls
// that are still on it come to their end.
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

// answered says that a server answered a call.
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

// contextError says why a context is done.
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
