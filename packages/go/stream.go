package falco

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
)

// stream is one iteration over alerts; it may need several calls.
//
// One goroutine iterates: it connects, receives and reconnects (stream_connection.go). Others may end the stream at any
// time (stream_end.go): the caller's context and Client.Close.
type stream struct {
	client *Client
	plan   *plan
	// The caller's context.
	ctx context.Context
	// The parent of every call's context: it has the caller's values and deadline, but not its cancellation, since
	// acknowledgements are sent after that.
	base   context.Context
	cancel context.CancelFunc

	mu   sync.Mutex
	call *call
	// The loop gets no more alerts, but those that it got may still be acknowledged.
	stopping bool
	// The call is over, or about to be.
	ended bool
	// Closed when the stream is cleaned up.
	gone chan struct{}

	// The highest sequence number that the loop got or, for a broadcast, that the server scanned; at first the place
	// where the stream began.
	position position
	// When the last message arrived on a call that is over; zero: never.
	heardAt time.Time
	// When the latest attempt began.
	attemptedAt time.Time
	// The number of attempts since the last that succeeded.
	attempts int
	// How often the server temporarily refused this stream since its last alert.
	refused int
	// Whether an earlier call of this stream was answered.
	resumes bool
}

func (c *Client) newStream(ctx context.Context, p *plan) (*stream, error) {
	s := &stream{client: c, plan: p, ctx: ctx, gone: make(chan struct{})}
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

// run yields alerts until the loop or the stream ends.
func (s *stream) run(yield func(*Alert, error) bool) {
	defer s.end()
	defer context.AfterFunc(s.ctx, s.onDone)()
	for {
		alert, err := s.next()
		if err != nil {
			s.end()
			yield(nil, s.failure(err))
			return
		}
		if alert == nil || !yield(alert, nil) {
			return
		}
		s.doneWith(alert)
	}
}

// runBatches is like run, but yields all alerts that have arrived.
func (s *stream) runBatches(yield func([]*Alert, error) bool) {
	defer s.end()
	defer context.AfterFunc(s.ctx, s.onDone)()
	for {
		alert, err := s.next()
		if err != nil {
			s.end()
			yield(nil, s.failure(err))
			return
		}
		if alert == nil {
			return
		}
		batch := append(make([]*Alert, 0, 16), alert)
		for more := s.call.intake.poll(); more != nil; more = s.call.intake.poll() {
			if s.take(more) {
				batch = append(batch, &more.alert)
			}
		}
		if !yield(batch, nil) {
			return
		}
		for _, alert := range batch {
			s.doneWith(alert)
		}
	}
}

// doneWith is called when the loop comes back after an alert.
func (s *stream) doneWith(alert *Alert) {
	if s.plan.acknowledge == acknowledgeByLoop {
		alert.origin.acknowledge()
	}
}

// next returns nil when the stream is over.
func (s *stream) next() (*Alert, error) {
	if errors.Is(s.ctx.Err(), context.DeadlineExceeded) {
		return nil, contextError(s.ctx)
	}
	if s.ctx.Err() != nil {
		s.onDone()
	}
	for {
		r, err := s.receive()
		switch {
		case err == io.EOF: // but not an error that wraps it
			return nil, nil
		case s.isStopping():
			// Alerts that arrive now go to other subscribers.
			if err == nil && r != nil {
				continue
			}
			s.end()
			return nil, s.cutShort()
		case err != nil:
			if err := s.retry(err); err != nil {
				return nil, err
			}
		case s.take(r):
			return &r.alert, nil
		}
	}
}

// receive returns the next response, and makes a call if there is none. It returns io.EOF at the end of the stream, and
// nil if this side ended it.
func (s *stream) receive() (*response, error) {
	if s.call == nil {
		if err := s.connect(); err != nil || s.call == nil {
			return nil, err
		}
	}
	r, err := s.call.next()
	if err == io.EOF && s.plan.reconnect != nil {
		// Falco's own server ends its streams this way when it stops.
		return nil, &Error{Code: codes.Unavailable, Message: "the server ended the stream"}
	}
	return r, err
}

// take reports whether the loop gets a response that arrived.
func (s *stream) take(r *response) bool {
	if r.scanned != 0 {
		if s.plan.request.GetBroadcast() {
			s.advance(r.scanned)
		}
		return false
	}
	alert := &r.alert
	s.refused = 0
	s.client.connector.backoff.reset()
	if !s.track(alert) {
		return false
	}
	var loss Loss
	isLoss := false
	if s.call.isOurs {
		loss, isLoss = lossOf(alert)
	}
	if isLoss && loss.Cause == LossRestart {
		// The server has a new log, whose sequence numbers start over.
		s.position = s.call.position
	}
	repeated := s.plan.request.GetBroadcast() && alert.Sequence != 0 && alert.Sequence <= s.position.sequence
	if repeated || (!isLoss && s.plan.passes != nil && !s.plan.passes(alert)) {
		alert.origin.acknowledge()
		return false
	}
	s.advance(alert.Sequence)
	if isLoss {
		s.tell(Lost{Loss: loss, Alert: alert})
	}
	return true
}

// advance moves the stream's position forward.
func (s *stream) advance(sequence uint64) {
	if sequence > s.position.sequence {
		s.position = position{sequence, true}
	}
}

// track counts an alert that must be acknowledged. It reports false if the stream is stopping.
func (s *stream) track(alert *Alert) bool {
	acknowledgements := s.call.acknowledgements
	if acknowledgements == nil {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return false
	}
	alert.origin = origin{acknowledgements, acknowledgements.receive()}
	return true
}

func (s *stream) tell(status Status) {
	s.client.log(s.plan.method, status)
	if s.plan.onStatus != nil {
		s.plan.onStatus(status)
	}
}

// failure returns the error that the loop gets.
func (s *stream) failure(err error) error {
	var own *foreignError
	if errors.As(err, &own) {
		return own.error
	}
	e := asError(err)
	if _, hasDeadline := s.ctx.Deadline(); hasDeadline && e.Code == codes.DeadlineExceeded && !e.FromServer {
		// The deadline of the call may pass a moment before the caller's context is done, which has the cause.
		select {
		case <-s.ctx.Done():
			e = contextError(s.ctx)
		case <-time.After(time.Second):
		}
	}
	return s.client.named(string(s.plan.method), e)
}
