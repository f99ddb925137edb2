package falco

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	messageTimedOut = "no connection came about in time: does something answer at this address?"
	messageClosed   = "the connection was closed by the other side"
	messageLost     = "the connection was lost"
	messageNoTLS    = "the other side does not speak TLS here"
	messageNoHTTP2  = "the other side speaks TLS here, but not HTTP/2"
	messageNotUs    = "the server refuses this client's certificate: has one of its authorities signed TLS.Cert?"
)

// timedOut is the error of a connection that did not come about in time.
func timedOut(cause error) *Error {
	return &Error{Code: codes.Unavailable, Message: messageTimedOut, Cause: cause}
}

// explainConnecting puts the failure of a new connection in words: what happened, and what to do.
func (c *connector) explainConnecting(w *wire) *Error {
	cause := w.err()
	e := &Error{Code: codes.Unavailable, Cause: cause}
	switch {
	case c.secure && e.explainTLS(cause):
	case c.address.isUnix() && e.explainUnix(cause):
	case !c.address.isUnix() && e.explainTCP(cause):
	case isTimeout(cause):
		e.Message = messageTimedOut
	case w.hasAnswered():
		e.Message = c.notHTTP2()
	case cause == nil || isClosed(cause):
		e.Message = c.unanswered()
	default:
		e.Message = cause.Error()
	}
	return e
}

// explainCall puts the error of a call in words. ended is whether the server itself ended it.
func explainCall(ctx context.Context, err error, ended bool, w *wire) *Error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	s := status.Convert(err)
	e := &Error{Code: s.Code(), Message: s.Message(), FromServer: ended, Cause: err}
	if ended {
		return e
	}
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	switch {
	case e.Code == codes.DeadlineExceeded:
		e.Message = "the operation timed out"
	case strings.Contains(e.Message, "ENHANCE_YOUR_CALM"):
		// Our server has no other way to tell one who does not read.
		e.Code = codes.ResourceExhausted
		e.Message = "the server ended the stream: it was read too slowly"
	case e.Code == codes.Unavailable && strings.Contains(e.Message, "keepalive"):
		e.Message = "the connection is dead: the other side answers no ping"
	case e.Code == codes.Unavailable && errors.Is(w.err(), io.EOF):
		e.Message = messageClosed
	case e.Code == codes.Unavailable && w.err() != nil:
		e.Message = messageLost
	case e.Code == codes.Canceled:
		// By the other side, then.
		e.Code = codes.Unavailable
		e.Message = messageClosed
	}
	return e
}

func (e *Error) explainUnix(cause error) bool {
	switch {
	case errors.Is(cause, syscall.ENOENT):
		e.Message = "there is no such socket: is the server running, and does it listen there?"
	case errors.Is(cause, syscall.ECONNREFUSED):
		e.Message = "nobody listens there: the server that made this socket is gone, or it is no socket"
	case errors.Is(cause, syscall.ENOTDIR):
		e.Message = "there is no such socket: a part of its path is no folder"
	case errors.Is(cause, os.ErrPermission):
		e.Code = codes.PermissionDenied
		e.Message = "no permission to connect: the socket's mode and group decide who may"
	default:
		return false
	}
	return true
}

func (e *Error) explainTCP(cause error) bool {
	var dns *net.DNSError
	switch {
	case errors.As(cause, &dns) && dns.IsNotFound:
		e.Message = "there is no host of this name"
	case errors.As(cause, &dns):
		e.Message = "the host's name could not be resolved just now"
	case errors.Is(cause, syscall.ECONNREFUSED):
		e.Message = "connection refused: is the server running, and does it listen on this port?"
	case errors.Is(cause, syscall.EHOSTUNREACH):
		e.Message = "the host cannot be reached"
	case errors.Is(cause, syscall.ENETUNREACH):
		e.Message = "the host's network cannot be reached"
	default:
		return false
	}
	return true
}

// What the other side's alerts say of this client. They have no type of their own, so that their text is all there is.
var tlsAlerts = map[string]string{
	"tls: bad certificate":               messageNotUs,
	"tls: unknown certificate":           messageNotUs,
	"tls: unknown certificate authority": messageNotUs,
	// Go shows a certificate only to a server that names its authority.
	"tls: certificate required":    messageNotUs,
	"tls: expired certificate":     "the server says that this client's certificate has expired: renew it",
	"tls: no application protocol": messageNoHTTP2,
}

func (e *Error) explainTLS(cause error) bool {
	var (
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		record   tls.RecordHeaderError
		remote   *net.OpError
	)
	switch {
	case errors.As(cause, &invalid) && invalid.Reason == x509.Expired:
		e.Message = "the server's certificate has expired, or an authority's, or is not valid yet: renew it, or compare the clocks"
	case errors.As(cause, &hostname):
		e.Message = "the server's certificate is for another name: use that name in the address, or give it as TLS.ServerName"
	case errors.As(cause, &unknown), errors.As(cause, &invalid):
		e.Message = "the server's certificate is signed by none of the authorities in TLS.CA"
	case errors.As(cause, &record):
		e.Message = messageNoTLS
	case errors.As(cause, &remote) && remote.Op == "remote error" && tlsAlerts[remote.Err.Error()] != "":
		e.Message = tlsAlerts[remote.Err.Error()]
	case cause != nil && strings.Contains(cause.Error(), "ALPN"):
		e.Message = messageNoHTTP2
	default:
		return false
	}
	return true
}

func (c *connector) notHTTP2() string {
	switch {
	case c.secure:
		return messageNoHTTP2
	case c.address.isUnix():
		return "the other side does not speak HTTP/2: is this a server's gRPC socket?"
	default:
		return "the other side does not speak HTTP/2 here: does it expect TLS?"
	}
}

func (c *connector) unanswered() string {
	switch {
	case c.secure:
		return "the server closed the connection without an answer: most often it refuses this client's certificate" +
			" (TLS.Cert), which has to be valid and signed by an authority of the server's"
	case c.address.isUnix():
		return "the other side closed the connection without an answer: is this a server's gRPC socket?"
	default:
		return "the server closed the connection without an answer: does it expect TLS?"
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, syscall.ETIMEDOUT) || errors.As(err, &timeout) && timeout.Timeout()
}

func isClosed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
