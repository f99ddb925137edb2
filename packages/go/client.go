package falco

import (
	"context"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Client subscribes to a server of Falco's alerts. It has one connection, made by the first call, and again by the next
// one after it was lost. Its methods may be called by any goroutine.
//
// Metadata of a call's context (metadata.AppendToOutgoingContext) is sent along.
type Client struct {
	connector *connector
	logger    *slog.Logger

	mu      sync.Mutex
	closed  bool
	streams map[*stream]struct{}
	// Ends with Close.
	ctx    context.Context
	cancel context.CancelFunc
}

// NewClient makes a client. The error, codes.InvalidArgument, is about an address or certificates that cannot work;
// nothing is asked of the server yet.
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

// Sub subscribes: to Falco's shared queue, of which each alert goes to one subscriber; to a group, whose members share
// its alerts; or to a broadcast of all. The stream continues until it is left, and comes back by itself when the
// connection is lost. Each iteration is a stream of its own.
//
// The loop gets at most one error, as its last value, when the stream cannot go on: the client's first connection fails,
// the server refuses, the deadline of ctx passes. It ends without one when ctx is cancelled or the client is closed; what
// a stream with acknowledgement gave may then still be acknowledged, see DrainTimeout.
func (c *Client) Sub(ctx context.Context, options ...StreamOption) iter.Seq2[*Alert, error] {
	return iterate(c, ctx, methodSub, options, (*stream).run)
}

// Get returns what is there; the stream ends after the last alert, unless it follows. If ctx is cancelled or the client is
// closed before that, the loop gets an error with codes.Canceled. Otherwise it is as Sub.
func (c *Client) Get(ctx context.Context, options ...StreamOption) iter.Seq2[*Alert, error] {
	return iterate(c, ctx, methodGet, options, (*stream).run)
}

// SubBatches is as Sub, with all alerts that have arrived at once: at least one, at most about a thousand. Acknowledge
// acknowledges a batch when the loop comes back.
func (c *Client) SubBatches(ctx context.Context, options ...StreamOption) iter.Seq2[[]*Alert, error] {
	return iterate(c, ctx, methodSub, append(slices.Clip(options), inBatches), (*stream).runBatches)
}

// GetBatches is as Get, in batches as those of SubBatches.
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

// Close ends every stream and call of this client, and its connection. It waits until what streams with acknowledgement
// gave is acknowledged, at most for their DrainTimeout: do not call it in the body of such a loop, but leave the loop.
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
