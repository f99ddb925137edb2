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
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	messageTimedOut = "no connection came about in time: does something answer at this address?"
	messageClosed   = "the connection was closed by the other side"
	messageLost     = "the connection was lost"
	messageCut      = "the stream was cut off: it ended without a status"
	messageNoTLS    = "the other side does not speak TLS here"
	messageNoHTTP2  = "the other side speaks TLS here, but not HTTP/2"
	messageNotUs    = "the server refuses this client's certificate: has one of its authorities signed TLS.Cert?"
)

// timedOut returns the error of a connection that was not made in time.
func timedOut(cause error) *Error {
	return &Error{Code: codes.Unavailable, Message: messageTimedOut, Cause: cause}
}

// explainConnecting explains why a new connection failed, and what to do.
func (d *dialer) explainConnecting(conn *connection, at address) *Error {
	cause := conn.wire.err()
	e := &Error{Code: codes.Unavailable, Cause: cause}
	var known *Error
	switch {
	case errors.As(cause, &known):
		// Of files that could not be read just now.
		e.Message = known.Message
	case d.secure != nil && e.explainTLS(cause):
	case at.isUnix() && e.explainUnix(cause):
	case !at.isUnix() && e.explainTCP(cause):
	case isTimeout(cause):
		e.Message = messageTimedOut
	case conn.wire.hasAnswered():
		e.Message = d.notHTTP2(at)
	case cause == nil && len(d.options) > 0:
		// A dialer or credentials of the caller's: only gRPC knows how they failed.
		e.Message = conn.failure()
	case cause == nil || isClosed(cause):
		e.Message = d.unanswered(at)
	default:
		e.Message = cause.Error()
	}
	return e
}

// failure returns why gRPC says that a connection failed.
func (c *connection) failure() string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, err := c.NewStream(ctx, &grpc.StreamDesc{}, "/")
	return status.Convert(err).Message()
}

func (e *Error) explainUnix(cause error) bool {
	switch {
	case errors.Is(cause, syscall.ENOENT):
		e.Message = "there is no such socket: is the server running, and does it listen there?"
	case errors.Is(cause, syscall.ECONNREFUSED):
		e.Message = "nobody listens there: the server that made this socket is gone, or it is not a socket"
	case errors.Is(cause, syscall.ENOTDIR):
		e.Message = "there is no such socket: a part of its path is not a folder"
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

// What the TLS alerts of the other side mean for this client. They have no type, only a text.
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

func (d *dialer) notHTTP2(at address) string {
	switch {
	case d.secure != nil:
		return messageNoHTTP2
	case at.isUnix():
		return "the other side does not speak HTTP/2: is this a server's gRPC socket?"
	default:
		return "the other side does not speak HTTP/2 here: does it expect TLS?"
	}
}

func (d *dialer) unanswered(at address) string {
	switch {
	case d.secure != nil:
		return "the server closed the connection without an answer: most often it refuses this client's certificate" +
			" (TLS.Cert), which must be valid and signed by an authority of the server's"
	case at.isUnix():
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
