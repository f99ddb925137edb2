package falco

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync"
	"time"

	"github.com/falco-outputs/falco-outputs/packages/go/api/version"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
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
	config := clientConfig{
		address:        DefaultAddress,
		connectTimeout: defaultConnectTimeout,
		keepAlive:      defaultKeepAlive,
		logger:         slog.New(slog.DiscardHandler),
	}
	for _, option := range options {
		option(&config)
	}
	if config.connectTimeout <= 0 {
		return nil, invalid(fmt.Sprintf("WithConnectTimeout: %v, expected more than 0", config.connectTimeout))
	}
	if config.keepAlive < minKeepAlive {
		return nil, invalid(fmt.Sprintf("WithKeepAlive: %v, expected %v or more", config.keepAlive, minKeepAlive))
	}
	made, err := newConnector(&config)
	if err != nil {
		return nil, err
	}
	c := &Client{connector: made, logger: config.logger, streams: map[*stream]struct{}{}}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c, nil
}

// Sub subscribes: to Falco's shared queue, of which each alert goes to one subscriber; to a group, whose members share
// its alerts; or to a broadcast of all. The stream goes on until it is left, and comes back by itself when the
// connection is lost. Each iteration is a stream of its own.
//
// A loop gets an *Error at most, as its last value, when the stream cannot go on: the first connection fails, the server
// refuses, the deadline of ctx passes. It ends without one when ctx is cancelled, once its body is done.
func (c *Client) Sub(ctx context.Context, options ...Option) iter.Seq2[*Alert, error] {
	return c.iterate(ctx, methodSub, options)
}

// Get gets what is there; the stream ends behind the last alert, unless it follows. Otherwise it is as Sub.
func (c *Client) Get(ctx context.Context, options ...Option) iter.Seq2[*Alert, error] {
	return c.iterate(ctx, methodGet, options)
}

func (c *Client) iterate(ctx context.Context, m method, options []Option) iter.Seq2[*Alert, error] {
	p, err := newPlan(m, options)
	return func(yield func(*Alert, error) bool) {
		if err != nil {
			yield(nil, c.named(string(m), err))
			return
		}
		s, err := c.newStream(ctx, p)
		if err != nil {
			yield(nil, c.named(string(m), err))
			return
		}
		s.run(yield)
	}
}

// Acknowledge marks an alert of a stream with AcknowledgeByHand as done. The server is told once all that came before it
// are done as well, so that handlers may finish in any order, each in a goroutine of its own. An alert of a connection
// that was lost comes again, whether it is marked or not.
func (c *Client) Acknowledge(alert *Alert) {
	alert.origin.acknowledge()
}

// Version is the version of Falco, whole and in the parts of Semantic Versioning, and of its engine.
type Version struct {
	// Version is Falco's, whole, e.g. "0.44.1-rc1+b7".
	Version string
	// Major, Minor and Patch are its numbers.
	Major, Minor, Patch uint32
	// Prerelease and Build are what follows them, e.g. "rc1" and "b7"; empty in a release.
	Prerelease, Build string
	// EngineVersion is the engine's, whole; empty from a Falco before 0.38.
	EngineVersion string
	// EngineMajor, EngineMinor and EnginePatch are its numbers; before 0.38 EngineMinor was all of it.
	EngineMajor, EngineMinor, EnginePatch uint32
	// EngineFieldsChecksum tells whether two engines know the same fields; only Falco itself gives it.
	EngineFieldsChecksum string
}

// Version asks for the version of the Falco behind the server. The error is an *Error.
func (c *Client) Version(ctx context.Context) (*Version, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(c.ctx, cancel)
	defer stop()
	response, err := c.version(ctx)
	if err != nil {
		return nil, c.named("version", err)
	}
	return &Version{
		Version:              response.GetVersion(),
		Major:                response.GetMajor(),
		Minor:                response.GetMinor(),
		Patch:                response.GetPatch(),
		Prerelease:           response.GetPrerelease(),
		Build:                response.GetBuild(),
		EngineVersion:        response.GetEngineVersion(),
		EngineMajor:          response.GetEngineMajor(),
		EngineMinor:          response.GetEngineMinor(),
		EnginePatch:          response.GetEnginePatch(),
		EngineFieldsChecksum: response.GetEngineFieldsChecksum(),
	}, nil
}

func (c *Client) version(ctx context.Context) (*version.Response, error) {
	conn, err := c.connector.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer c.connector.release(conn)
	response, _, err := askVersion(ctx, conn)
	return response, err
}

// askVersion gives the header of the answer, too, also of one that is an error.
func askVersion(ctx context.Context, conn *connection) (*version.Response, metadata.MD, error) {
	var header, trailer metadata.MD
	answer := &answer{}
	ctx = withVersionHeader(context.WithValue(ctx, answerKey{}, answer))
	response, err := version.NewServiceClient(conn).Version(ctx, &version.Request{},
		grpc.Header(&header), grpc.Trailer(&trailer))
	if err != nil {
		err = explainCall(ctx, err, answer.ended, conn.wire)
	}
	return response, metadata.Join(header, trailer), err
}

// assertOurServer refuses Falco's own, which would take the options for an empty request, and hand alerts out before we
// knew.
func (c *Client) assertOurServer(ctx context.Context, conn *connection) error {
	limit := c.connector.timeout
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	_, header, err := askVersion(limited, conn)
	if len(header.Get(versionHeader)) > 0 {
		return nil
	}
	tried := c.tried("version")
	var reason *Error
	if errors.As(err, &reason) && !reason.FromServer {
		if limited.Err() == nil || ctx.Err() != nil {
			return reason
		}
		return &Error{
			Code:    codes.Unavailable,
			Tried:   tried,
			Message: fmt.Sprintf("no answer came within %v", limit),
			Cause:   err,
		}
	}
	// An answer all the same, also where Falco's version is not known.
	return &Error{
		Code:  codes.Unimplemented,
		Tried: tried,
		Message: "this server is Falco's own, which has the shared queue only: leave out Group, Broadcast, After, Follow" +
			" and Acknowledge (FilterLocally filters on this side)",
	}
}

// Close ends every stream and call of this client, and its connection. Loops over its streams end without an error.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	open := make([]*stream, 0, len(c.streams))
	for s := range c.streams {
		open = append(open, s)
	}
	c.mu.Unlock()
	c.cancel()
	var ending sync.WaitGroup
	for _, s := range open {
		ending.Add(1)
		go func() {
			defer ending.Done()
			s.end()
		}()
	}
	ending.Wait()
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
	return name + " on " + c.connector.address.String()
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
		log.Warn("alerts were lost", slog.String("cause", status.Loss.Cause), slog.Uint64("count", status.Loss.Count),
			slog.Uint64("first", status.Loss.First), slog.Uint64("last", status.Loss.Last))
	}
}
