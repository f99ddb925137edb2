package falco

import (
	"context"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Client subscribes to a server of Falco's alerts. It has one connection, which the first call makes; after it was
// lost, the next call makes a new one. Its methods are safe for concurrent use.
//
// Outgoing metadata of a call's context (metadata.AppendToOutgoingContext) is sent to the server.
type Client struct {
	connector *connector
	logger    *slog.Logger

	mu      sync.Mutex
	closed  bool
	streams map[*stream]struct{}
	// Done after Close.
	ctx    context.Context
	cancel context.CancelFunc
}

// NewClient returns a client. It does not connect yet. It returns an error with codes.InvalidArgument if an option,
// such as the address or a certificate, cannot work.
func NewClient(options ...ClientOption) (*Client, error) {
	config, err := newClientConfig(options)
	if err != nil {
		return nil, err
	}
	made, err := newConnector(config)
	if err != nil {
		return nil, err
	}
	c := &Client{connector: made, logger: config.logger, streams: map[*stream]struct{}{}}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c, nil
}

// Sub subscribes: to Falco's shared queue, where each alert goes to one subscriber; to a group, whose members share its
// alerts; or to a broadcast of all alerts. The stream continues until the loop is left, and reconnects when the
// connection is lost. Each iteration is a stream of its own.
//
// The loop gets at most one error, as its last value, when the stream cannot go on: the client's first connection
// fails, the server refuses, or the deadline of ctx passes. It ends without an error when ctx is cancelled or the
// client is closed; alerts of a stream that acknowledges may then still be acknowledged, see DrainTimeout.
func (c *Client) Sub(ctx context.Context, options ...StreamOption) iter.Seq2[*Alert, error] {
	return iterate(c, ctx, methodSub, options, (*stream).run)
}

// Get returns the alerts that the server has. The stream ends after the last one, unless it follows. If ctx is
// cancelled or the client is closed before that, the loop gets an error with codes.Canceled. Otherwise Get is like Sub.
func (c *Client) Get(ctx context.Context, options ...StreamOption) iter.Seq2[*Alert, error] {
	return iterate(c, ctx, methodGet, options, (*stream).run)
}

// SubBatches is like Sub, but returns all alerts that have arrived: at least one, at most about a thousand. With
// Acknowledge, a batch is acknowledged when the loop comes back.
func (c *Client) SubBatches(ctx context.Context, options ...StreamOption) iter.Seq2[[]*Alert, error] {
	return iterate(c, ctx, methodSub, append(slices.Clip(options), inBatches), (*stream).runBatches)
}

// GetBatches is like Get, with batches like those of SubBatches.
func (c *Client) GetBatches(ctx context.Context, options ...StreamOption) iter.Seq2[[]*Alert, error] {
	return iterate(c, ctx, methodGet, append(slices.Clip(options), inBatches), (*stream).runBatches)
}

func inBatches(c *streamConfig) { c.inBatches = true }

// iterate makes a stream for each iteration.
func iterate[T any](
	c *Client, ctx context.Context, m method, options []StreamOption, run func(*stream, func(T, error) bool),
) iter.Seq2[T, error] {
	p, invalid := newPlan(m, options)
	return func(yield func(T, error) bool) {
		var s *stream
		err := invalid
		if err == nil {
			s, err = c.newStream(ctx, p)
		}
		if err != nil {
			var none T
			yield(none, c.named(string(m), err))
			return
		}
		run(s, yield)
	}
}

// Close ends every stream and call of this client, and its connection. It waits until the alerts of streams that
// acknowledge are acknowledged, but not longer than their DrainTimeout. In the body of such a loop, do not call it:
// leave the loop.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	open := make([]*stream, 0, len(c.streams))
	for s := range c.streams {
		open = append(open, s)
	}
	c.mu.Unlock()
	var ending sync.WaitGroup
	for _, s := range open {
		ending.Add(1)
		go func() {
			defer ending.Done()
			s.stop()
			<-s.gone
		}()
	}
	ending.Wait()
	c.cancel()
	if err := c.connector.close(); err != nil {
		return c.named("close", err)
	}
	return nil
}

func (c *Client) add(s *stream) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return errClosed
	}
	c.streams[s] = struct{}{}
	return nil
}

func (c *Client) remove(s *stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.streams, s)
}

func (c *Client) tried(name string) string {
	return name + " on " + c.connector.dialer.address().String()
}

func (c *Client) named(name string, err error) *Error {
	return withTried(err, c.tried(name))
}

func (c *Client) log(m method, status Status) {
	log := c.logger.With(slog.String("call", c.tried(string(m))))
	switch status := status.(type) {
	case Connecting:
		log.Debug("connecting", slog.Int("attempt", status.Attempt))
	case Connected:
		log.Info("connected")
	case Resumed:
		log.Info("connected again")
	case Disconnected:
		log.Warn("disconnected", slog.Any("error", status.Err), slog.Duration("retry_in", status.RetryIn.Round(time.Millisecond)))
	case Lost:
		log.Warn("alerts were lost", slog.String("cause", string(status.Loss.Cause)), slog.Uint64("lost", status.Loss.Lost),
			slog.Uint64("first_sequence", status.Loss.FirstSequence), slog.Uint64("last_sequence", status.Loss.LastSequence))
	}
}
