package falco

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/falco-outputs/falco-outputs/packages/go/api/outputs"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// stream is the alerts of one iteration, across the connections that it takes.
//
// Ending on purpose is no error: the caller's context, a loop that is left and Client.Close end it, also while it waits.
// A stream that acknowledges ends with its last acknowledgement sent.
type stream struct {
	client *Client
	plan   *plan
	// The caller's.
	ctx context.Context
	// Of every call: the caller's values and deadline, but not its cancellation, behind which there is something to send.
	base   context.Context
	cancel context.CancelFunc

	mu sync.Mutex
	// Whether the body of the loop is at work on an alert.
	inBody bool
	ended  bool
	call   *call
	// Closed when everything of it is gone.
	gone chan struct{}

	// The highest sequence number that was given, or the place where the stream began.
	position  position
	startedAt time.Time
	// How many attempts there were since one succeeded.
	attempts int
	// How often the connection failed since an alert came: a server that takes calls, and drops them, gets its rest.
	failed       int
	wasConnected bool
}

func (c *Client) newStream(ctx context.Context, p *plan) (*stream, error) {
	s := &stream{client: c, plan: p, ctx: ctx, gone: make(chan struct{}), startedAt: time.Now()}
	base := context.WithoutCancel(ctx)
	if deadline, hasDeadline := ctx.Deadline(); hasDeadline {
		s.base, s.cancel = context.WithDeadline(base, deadline)
	} else {
		s.base, s.cancel = context.WithCancel(base)
	}
	if err := c.add(s); err != nil {
		s.cancel()
		return nil, err
	}
	return s, nil
}

// run gives alerts to the loop until one of the two sides ends it.
func (s *stream) run(yield func(*Alert, error) bool) {
	defer s.end()
	stop := context.AfterFunc(s.ctx, s.onDone)
	defer stop()
	for {
		alert, err := s.next()
		if err != nil {
			s.end()
			yield(nil, s.client.named(string(s.plan.method), err))
			return
		}
		if alert == nil {
			return
		}
		if !yield(alert, nil) {
			return
		}
		if s.plan.acknowledge == acknowledgeByLoop {
			alert.origin.acknowledge()
		}
	}
}

// onDone ends a stream that waits. The body of the loop may be at work on an alert that it will acknowledge: it comes
// back by itself. A deadline ends the call, with an error.
func (s *stream) onDone() {
	if errors.Is(s.ctx.Err(), context.DeadlineExceeded) {
		return
	}
	s.mu.Lock()
	isWorking := s.inBody && s.plan.acknowledge != acknowledgeNever
	s.mu.Unlock()
	if !isWorking {
		s.end()
	}
}

// next gives nil when the stream is over.
func (s *stream) next() (*Alert, error) {
	s.setInBody(false)
	switch err := s.ctx.Err(); {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, contextError(s.ctx)
	case err != nil:
		s.end()
		return nil, nil
	}
	for {
		alert, err := s.receive()
		if s.hasEnded() {
			<-s.gone
			return nil, nil
		}
		if err != nil {
			if err := s.recover(asError(err)); err != nil {
				return nil, err
			}
			continue
		}
		if alert == nil {
			return nil, nil
		}
		if s.take(alert) {
			s.setInBody(true)
			return alert, nil
		}
	}
}

// receive gives the next response of a call, which it makes if there is none; nil when the stream has come to its end.
func (s *stream) receive() (*Alert, error) {
	if s.call == nil {
		if err := s.connect(); err != nil || s.call == nil {
			return nil, err
		}
	}
	alert := &Alert{}
	err := s.call.next(alert)
	switch {
	case err == nil:
		return alert, nil
	case !errors.Is(err, io.EOF):
		return nil, err
	case s.plan.reconnect == nil:
		return nil, nil
	default:
		// Falco's own server ends its streams so when it stops.
		return nil, &Error{Code: codes.Unavailable, Message: "the server ended the stream"}
	}
}

// connect makes a call. There is none afterwards if the stream has ended meanwhile.
func (s *stream) connect() error {
	s.attempts++
	s.tell(Connecting{Attempt: s.attempts})
	made, err := s.client.openCall(s.base, s.plan, s.request())
	if err != nil {
		return err
	}
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		made.cancel()
		return nil
	}
	s.call = made
	s.mu.Unlock()
	s.attempts = 0
	if !s.position.known {
		s.position = made.position
	}
	if s.wasConnected {
		s.tell(Resumed{})
	} else {
		s.tell(Connected{})
	}
	s.wasConnected = true
	return nil
}

// request is a call's first; on a reconnection it says where the stream was.
func (s *stream) request() *outputs.Request {
	request := s.plan.request
	resumes := request.GetBroadcast() || request.GetGroup() != ""
	if !s.wasConnected || !resumes || !s.position.known {
		return request
	}
	request = proto.CloneOf(request)
	request.After = proto.Uint64(s.position.sequence)
	return request
}

// take says whether the loop gets an alert that arrived.
func (s *stream) take(alert *Alert) bool {
	s.failed = 0
	acknowledgements := s.call.acknowledgements
	if acknowledgements != nil {
		alert.origin = origin{acknowledgements, acknowledgements.receive()}
	}
	var loss Loss
	isLoss := false
	if s.call.isOurs {
		loss, isLoss = lossOf(alert)
	}
	if isLoss && loss.Cause == "restart" {
		// Another log, with numbers of its own.
		s.position = s.call.position
	}
	repeated := s.plan.request.GetBroadcast() && alert.Sequence != 0 && alert.Sequence <= s.position.sequence
	if repeated || (!isLoss && s.plan.passes != nil && !s.plan.passes(alert)) {
		alert.origin.acknowledge()
		return false
	}
	if alert.Sequence > s.position.sequence {
		s.position = position{alert.Sequence, true}
	}
	if isLoss {
		s.tell(Lost{Loss: loss, Alert: alert})
	}
	return true
}

// recover waits for the next attempt, not beyond the deadline; it gives the error if there is none.
func (s *stream) recover(reason *Error) error {
	s.mu.Lock()
	failed := s.call
	s.call = nil
	s.mu.Unlock()
	if failed != nil {
		failed.cancel()
	}
	s.failed++
	if !s.mayRetry(reason) {
		return reason
	}
	r := s.plan.reconnect
	wait := retryDelay(s.failed, r.InitialDelay, r.MaxDelay, rand.Float64())
	s.tell(Disconnected{Err: s.client.named(string(s.plan.method), reason), RetryIn: wait})
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-s.base.Done():
	}
	if s.hasEnded() {
		return nil
	}
	return contextError(s.base)
}

func (s *stream) mayRetry(reason *Error) bool {
	r := s.plan.reconnect
	if r == nil {
		return false
	}
	// Falco's own server says nothing before its first alert, but a call that holds so long has a connection.
	held := s.wasConnected || time.Since(s.startedAt) > 2*s.client.connector.timeout
	if !held && !r.WaitOnFirstConnect {
		return false
	}
	return s.attempts < r.MaxAttempts && reason.isTransient()
}

// end ends the stream, by whoever comes first; all others wait for it.
func (s *stream) end() {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		<-s.gone
		return
	}
	s.ended = true
	open := s.call
	s.mu.Unlock()
	if open != nil {
		open.finish()
	}
	s.cancel()
	s.client.remove(s)
	close(s.gone)
}

func (s *stream) hasEnded() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

func (s *stream) setInBody(inBody bool) {
	if s.plan.acknowledge == acknowledgeNever {
		return
	}
	s.mu.Lock()
	s.inBody = inBody
	s.mu.Unlock()
}

func (s *stream) tell(status Status) {
	s.client.log(s.plan.method, status)
	if s.plan.onStatus != nil {
		s.plan.onStatus(status)
	}
}

func (o origin) acknowledge() {
	if o.acknowledgements != nil {
		o.acknowledgements.markDone(o.place)
	}
}
