package falco

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Texts of grpc-go. Nothing else distinguishes these errors.
var (
	// An answer that is not gRPC, from a proxy for example.
	httpStatus = regexp.MustCompile(`^unexpected HTTP status code received from server: (\d+ \([^)]*\))`)
	// The GOAWAY that ended the connection.
	goAway = regexp.MustCompile(`received prior goaway: code: ([A-Z_]+)(?:, debug data: "(.*)")?`)
)

const (
	tooLarge     = "larger than max"
	streamCut    = "server closed the stream without sending trailers"
	streamReset  = "stream terminated by RST_STREAM with error code: "
	aboutMessage = "grpc: "
	tooManyPings = "too_many_pings"
	deadByPing   = "keepalive"
)

// explainCall explains the error of a call.
func (c *connection) explainCall(ctx context.Context, err error, a *answer) error {
	if known, isOurs := knownError(err); isOurs {
		return known
	}
	s, isStatus := status.FromError(err)
	if !isStatus {
		return &foreignError{err}
	}
	e := &Error{Code: s.Code(), Message: s.Message(), Cause: err}
	switch {
	case a.ended.Load() && (e.Code != codes.Unknown || e.Message != ""):
		e.FromServer = true
	case ctx.Err() != nil:
		return contextError(ctx)
	default:
		c.explainLocal(e)
	}
	return e
}

// explainLocal explains an error that is not the server's status.
func (c *connection) explainLocal(e *Error) {
	switch text := e.Message; {
	case e.Code == codes.DeadlineExceeded:
		e.Message = "the operation timed out"
	case e.Code == codes.ResourceExhausted && strings.Contains(text, tooLarge):
		e.Message = fmt.Sprintf("the server sent a message of more than %d bytes: see WithMaxMessageBytes", c.maxMessageBytes)
		e.final = true
	case e.Code == codes.Internal && strings.HasPrefix(text, aboutMessage):
		e.Message = "the server sent what is not a message: " + strings.TrimPrefix(text, aboutMessage)
		e.final = true
	case httpStatus.MatchString(text):
		e.Code = codes.Unavailable
		e.Message = fmt.Sprintf("the answer is HTTP %s, and not gRPC: is there a proxy in front of a server that is away?",
			httpStatus.FindStringSubmatch(text)[1])
	case goAway.MatchString(text):
		e.Code = codes.Unavailable
		e.Message = goodbye(goAway.FindStringSubmatch(text))
	case strings.HasPrefix(text, streamReset+"ENHANCE_YOUR_CALM"):
		// Our server has no other way to inform a client that does not read.
		e.Code = codes.ResourceExhausted
		e.Message = "the server ended the stream: it was read too slowly"
	case e.Code == codes.Unavailable && strings.Contains(text, deadByPing):
		e.Message = "the connection is dead: the other side answers no ping"
	case e.Code == codes.Unavailable && errors.Is(c.wire.err(), io.EOF):
		e.Message = messageClosed
	case e.Code == codes.Unavailable && c.wire.err() != nil:
		e.Message = messageLost
	case e.Code == codes.Canceled:
		// By the other side, then.
		e.Code = codes.Unavailable
		e.Message = messageClosed
	case text == streamCut, text == "", strings.HasPrefix(text, streamReset):
		e.Code = codes.Unavailable
		e.Message = messageCut
	case e.Code == codes.Internal, e.Code == codes.Unknown:
		e.Code = codes.Unavailable
	}
}

// goodbye says why the server closed the connection.
func goodbye(match []string) string {
	switch code, data := match[1], match[2]; {
	case strings.Contains(data, tooManyPings):
		return "the server closed the connection: it got too many pings (WithKeepAlive)"
	case code == "NO_ERROR":
		return messageClosed
	default:
		return "the server closed the connection: " + code
	}
}
