package falco

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc/codes"
)

// next returns the next response, or io.EOF after the server ended the stream without an error.
func (c *call) next() (*response, error) {
	if c.intake != nil {
		return c.intake.next()
	}
	return c.receive()
}

// receive waits for one response.
func (c *call) receive() (*response, error) {
	if c.isOver {
		return nil, io.EOF
	}
	if r := c.first; r != nil {
		c.first = nil
		return r, nil
	}
	r := &response{}
	c.receiving.Lock()
	c.watchdog.startWaiting()
	err := c.stream.RecvMsg(r)
	c.watchdog.stopWaiting(err == nil)
	c.receiving.Unlock()
	if err != nil {
		return nil, c.explain(err)
	}
	if r.err != nil {
		message := "the server sent what is not an alert: " + r.err.Error()
		return nil, &Error{Code: codes.Internal, Message: message, Cause: r.err, final: true}
	}
	if !c.isOurs {
		r.scanned = 0 // Falco's own server has no such field
	}
	return r, nil
}

func (c *call) explain(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	if dead := (*Error)(nil); errors.As(context.Cause(c.ctx), &dead) {
		c.discard()
		return dead
	}
	return c.conn.explainCall(c.ctx, err, c.answer)
}
