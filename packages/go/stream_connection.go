package falco

import (
	"math/rand/v2"
	"time"

	"github.com/falco-outputs/falco-outputs/packages/go/api/outputs"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// connect makes a call. s.call stays nil if the stream ends in the meantime.
func (s *stream) connect() error {
	if s.isStopping() {
		return nil
	}
	s.attempts++
	s.attemptedAt = time.Now()
	s.tell(Connecting{Attempt: s.attempts})
	made, err := s.client.openCall(s.base, s.plan, s.request())
	if err != nil {
		return err
	}
	s.mu.Lock()
	if s.stopping || s.ended {
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
	if s.resumes {
		s.tell(Resumed{})
	} else {
		s.tell(Connected{})
	}
	s.resumes = true
	return nil
}

// request returns the first request of a call; on a reconnection it says where to continue.
func (s *stream) request() *outputs.Request {
	request := s.plan.request
	hasPlace := request.GetBroadcast() || request.GetGroup() != ""
	if !s.resumes || !hasPlace || !s.position.known {
		return request
	}
	request = proto.Clone(request).(*outputs.Request)
	request.After = proto.Uint64(s.position.sequence)
	return request
}

// retry waits for the next attempt, but not beyond the deadline. If there is to be none, it returns the error that ends
// the stream.
func (s *stream) retry(err error) error {
	lost := s.dropCall()
	reason, isOurs := knownError(err)
	if !isOurs || !s.mayRetry(reason, lost) {
		return err
	}
	wait := s.retryDelay(reason)
	s.tell(Disconnected{
		Err:         s.client.named(string(s.plan.method), reason),
		RetryIn:     wait,
		LastHeardAt: s.heardAt,
	})
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.base.Done():
		if !s.isStopping() {
			return contextError(s.base)
		}
	}
	return nil
}

// dropCall ends the call that failed, and reports whether there was one.
func (s *stream) dropCall() bool {
	s.mu.Lock()
	failed := s.call
	s.call = nil
	s.mu.Unlock()
	if failed == nil {
		return false
	}
	failed.cancel()
	if heardAt := failed.watchdog.heardAt(); !heardAt.IsZero() {
		s.heardAt = heardAt
	}
	return true
}

func (s *stream) mayRetry(reason *Error, wasLost bool) bool {
	p := s.plan
	if p.reconnect == nil || !reason.isTransient() {
		return false
	}
	// Falco's own server sends nothing before its first alert, but a call that lasts this long was connected.
	held := wasLost || time.Since(s.attemptedAt) > 2*s.client.connector.timeout
	if held {
		s.client.connector.answered()
	}
	if !s.client.connector.hasConnected() && !p.reconnect.waitOnFirstConnect {
		return false
	}
	return s.attempts < p.reconnect.maxAttempts
}

// retryDelay returns how long to wait. If the connection failed or the server is unavailable, all streams of the client
// share the decision; if the server refused this stream, it is the stream's own.
func (s *stream) retryDelay(reason *Error) time.Duration {
	r := s.plan.reconnect
	connector := s.client.connector
	if reason.FromServer && reason.Code != codes.Unavailable {
		s.refused++
		return retryDelay(s.refused, r.initialDelay, connector.backoff.capped(r.maxDelay), rand.Float64())
	}
	return connector.backoff.next(s.attemptedAt, r.initialDelay, r.maxDelay)
}

// reconnectSettings say how a stream reconnects.
type reconnectSettings struct {
	waitOnFirstConnect     bool
	maxAttempts            int
	initialDelay, maxDelay time.Duration
}
