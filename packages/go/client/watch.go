package client

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/falco-outputs/falco-outputs/packages/go/api/outputs"
	"google.golang.org/grpc"
)

// OutputsWatchCallback is called with each alert. Its error ends the watch.
type OutputsWatchCallback func(res *outputs.Response) error

// OutputsWatch subscribes, and calls cb with each alert, until ctx is done, cb returns an error or the stream ends; the
// end of the stream is not an error. Whenever no alert has come for timeout, the server is asked for more, as Falco's
// expects.
func (c *Client) OutputsWatch(
	ctx context.Context, cb OutputsWatchCallback, timeout time.Duration, opts ...grpc.CallOption,
) error {
	service, err := c.Outputs()
	if err != nil {
		return err
	}
	// So that the stream ends with the watch, for whatever reason.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := service.Sub(ctx, opts...)
	if err != nil {
		return err
	}
	return OutputsWatch(ctx, stream, cb, timeout)
}

// OutputsWatch is like Client.OutputsWatch, for a stream that is already open. The caller must end the stream by its
// context; until then, a goroutine may wait for the next alert.
func OutputsWatch(
	ctx context.Context, fcs outputs.Service_SubClient, cb OutputsWatchCallback, timeout time.Duration,
) error {
	received := make(chan received)
	over := make(chan struct{})
	defer close(over)
	go receive(fcs, received, over)
	idle := time.NewTimer(timeout)
	defer idle.Stop()
	for {
		select {
		case next := <-received:
			if errors.Is(next.err, io.EOF) {
				return nil
			}
			if next.err != nil {
				return next.err
			}
			if err := cb(next.response); err != nil {
				return err
			}
		case <-idle.C:
			// If it fails, so does what is received.
			_ = fcs.Send(&outputs.Request{})
		case <-ctx.Done():
			return ctx.Err()
		}
		idle.Reset(timeout)
	}
}

type received struct {
	response *outputs.Response
	err      error
}

// receive hands over what comes, until the stream or the watch ends.
func receive(stream outputs.Service_SubClient, to chan<- received, over <-chan struct{}) {
	for {
		response, err := stream.Recv()
		select {
		case to <- received{response, err}:
		case <-over:
			return
		}
		if err != nil {
			return
		}
	}
}
