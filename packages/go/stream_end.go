package falco

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/codes"
)

// onDone is called when the caller's context is done. A deadline ends the call by itself, with an error.
func (s *stream) onDone() {
	if !errors.Is(s.ctx.Err(), context.DeadlineExceeded) {
		s.stop()
	}
}

// stop ends the stream on purpose: the loop gets no more alerts. A stream that acknowledges keeps its call until all
// alerts that the loop got are acknowledged, or its drain timeout passes. Only the first caller waits for that.
func (s *stream) stop() {
	s.mu.Lock()
	if s.stopping || s.ended {
		s.mu.Unlock()
		return
	}
	s.stopping = true
	open := s.call
	s.mu.Unlock()
	if open != nil && open.acknowledgements != nil {
		timer := time.NewTimer(s.plan.drainTimeout)
		defer timer.Stop()
		select {
		case <-open.acknowledgements.settled():
		case <-open.ctx.Done(): // the connection is lost, or the deadline has passed
		case <-timer.C:
		}
	}
	s.end()
}

// end sends the acknowledgements so far and ends the stream at once. The first caller does that; all others wait for it.
func (s *stream) end() {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		<-s.gone
		return
	}
	s.stopping = true
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

func (s *stream) isStopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopping
}

// cutShort returns the error of a get that was cancelled: without it, the alerts so far would seem to be all.
func (s *stream) cutShort() error {
	switch {
	case s.plan.method != methodGet || s.plan.request.GetFollow():
		return nil
	case s.ctx.Err() != nil:
		return contextError(s.ctx)
	default:
		return &Error{Code: codes.Canceled, Message: "the client was closed before the last alert came", Cause: errClosed}
	}
}
