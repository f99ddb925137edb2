package falco

import (
	"context"
	"errors"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/falco-outputs/falco-outputs/packages/go/api/outputs"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

const (
	// Identifies our clients and our server to each other; its value is "1".
	versionHeader = "falco-outputs-version"
	// The sequence number after which a stream starts.
	positionHeader = "falco-outputs-position"
	// How many responses may be unacknowledged.
	windowHeader = "falco-outputs-window"
	// The longest time between two messages of a stream, in milliseconds: without an alert, the server sends how far it
	// has scanned its log.
	heartbeatHeader = "falco-outputs-heartbeat-ms"
)

// farewell is how long the server may take to end a stream that was half-closed.
const farewell = time.Second

// position is a place in the server's log.
type position struct {
	sequence uint64
	known    bool
}

// call is one call of a stream: from its request to its end, or to the loss of the connection.
type call struct {
	stream grpc.ClientStream
	// Done after abort or the caller's deadline, and for no other reason. If the cause of an abort is an *Error, it is
	// the call's error.
	ctx     context.Context
	abort   context.CancelCauseFunc
	release func()
	// Makes the next call use another connection.
	discard  func()
	conn     *connection
	answer   *answer
	watchdog *watchdog
	polling  *polling
	// Nil unless the stream acknowledges.
	acknowledgements *acknowledgements
	// Whether our server answers, rather than Falco's own.
	isOurs bool
	// Where the call starts; unknown from Falco itself.
	position position
	// A response that arrived during the wait for the header.
	first *response
	// Whether the server ended the call before its first response.
	isOver bool
	// Nil unless the loop reads batches.
	intake *intake

	// One goroutine may send, and one receive.
	sending   sync.Mutex
	receiving sync.Mutex
	cancelled sync.Once
}

// openCall makes a call and waits until the server answers. Falco's own server answers only with its first alert.
func (c *Client) openCall(ctx context.Context, p *plan, request *outputs.Request) (_ *call, err error) {
	conn, err := c.connector.acquire(ctx)
	if err != nil {
		return nil, err
	}
	release := sync.OnceFunc(func() { c.connector.release(conn) })
	defer func() {
		if err != nil {
			release()
		}
	}()
	if p.needsOurServer {
		if err := c.assertOurServer(ctx, conn); err != nil {
			return nil, err
		}
	}
	ctx, abort := context.WithCancelCause(ctx)
	defer func() {
		if err != nil {
			abort(nil)
		}
	}()
	made := &call{
		ctx:      ctx,
		abort:    abort,
		release:  release,
		discard:  func() { c.connector.discard(conn) },
		conn:     conn,
		answer:   &answer{},
		watchdog: newWatchdog(),
	}
	ctx = withVersionHeader(context.WithValue(ctx, answerKey{}, made.answer))
	desc := &outputs.Service_ServiceDesc.Streams[0]
	name := outputs.Service_Sub_FullMethodName
	if p.method == methodGet {
		desc = &outputs.Service_ServiceDesc.Streams[1]
		name = outputs.Service_Get_FullMethodName
	}
	made.stream, err = conn.NewStream(ctx, desc, name, grpc.ForceCodecV2(alertCodec{}))
	if err != nil {
		return nil, made.explain(err)
	}
	// An error of the connection is returned with the first response.
	if err := made.send(request); err != nil && !errors.Is(err, io.EOF) {
		return nil, made.explain(err)
	}
	if p.method == methodGet {
		_ = made.stream.CloseSend()
	} else if !p.needsOurServer {
		made.polling = startPolling(p.pollInterval, func() { _ = made.send(&outputs.Request{}) })
	}
	if err := made.receiveHeader(p); err != nil {
		made.polling.stop()
		return nil, err
	}
	c.connector.answered()
	if p.inBatches {
		made.intake = newIntake(made.receive)
	}
	return made, nil
}

// receiveHeader waits for the response header. If the server refuses the call, it returns the error: our server sends a
// position with every stream that it opens.
func (c *call) receiveHeader(p *plan) error {
	header, err := c.stream.Header()
	if err != nil {
		return c.explain(err)
	}
	if header != nil {
		c.watchdog.hear()
	}
	c.isOurs = len(header.Get(versionHeader)) > 0
	if interval, _ := numberIn(header, heartbeatHeader); c.isOurs && silenceLimit(interval) > 0 {
		go c.watchdog.watch(c.ctx, c.abort, silenceLimit(interval))
	}
	if sequence, isKnown := numberIn(header, positionHeader); isKnown {
		c.position = position{sequence, true}
	}
	// gRPC returns no header for an error.
	if header == nil || c.isOurs && !c.position.known {
		switch first, err := c.receive(); {
		case err == io.EOF:
			c.isOver = true
		case err != nil:
			return err
		default:
			c.first = first
		}
	}
	if c.isOurs {
		c.polling.stop()
	}
	if p.acknowledge != acknowledgeNever {
		window, _ := numberIn(header, windowHeader)
		c.acknowledgements = newAcknowledgements(window, func(count uint64) {
			_ = c.send(&outputs.Request{Acknowledged: proto.Uint64(count)})
		})
	}
	return nil
}

// send fails only when the stream has failed; receive returns that error.
func (c *call) send(request *outputs.Request) error {
	c.sending.Lock()
	defer c.sending.Unlock()
	return c.stream.SendMsg(request)
}

// cancel ends the call at once.
func (c *call) cancel() {
	c.cancelled.Do(func() {
		c.polling.stop()
		if c.acknowledgements != nil {
			c.acknowledgements.stop()
		}
		c.abort(nil)
		c.intake.discard()
		c.release()
	})
}

// finish ends the call so that the last acknowledgement arrives, which a cancel could overtake: it half-closes, and
// waits for the server to end the stream.
func (c *call) finish() {
	defer c.cancel()
	if c.acknowledgements == nil {
		return
	}
	// What the server has not processed by then is delivered again.
	timer := time.AfterFunc(farewell, func() { c.abort(nil) })
	defer timer.Stop()
	c.acknowledgements.close()
	c.sending.Lock()
	_ = c.stream.CloseSend()
	c.sending.Unlock()
	if c.intake != nil {
		c.intake.discard()
		<-c.intake.done
		return
	}
	// From here on no other goroutine receives.
	c.receiving.Lock()
	defer c.receiving.Unlock()
	for c.stream.RecvMsg(&response{}) == nil {
	}
}

// withVersionHeader adds the header that identifies our clients to our server.
func withVersionHeader(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, versionHeader, "1")
}

func numberIn(header metadata.MD, name string) (number uint64, isKnown bool) {
	for _, text := range header.Get(name) {
		if number, err := strconv.ParseUint(text, 10, 64); err == nil {
			return number, true
		}
	}
	return 0, false
}
