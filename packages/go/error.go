package falco

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Error is the type of the errors that this package returns, except for those of the caller's own interceptors.
// status.FromError and status.Code take it too.
type Error struct {
	// Code is the gRPC status code, see https://grpc.io/docs/guides/status-codes/.
	Code codes.Code
	// Tried is what was being done, e.g. "sub on unix:///run/falco/falco.sock"; empty where nothing was being called.
	Tried string
	// Message says what happened, and where possible what to do about it.
	Message string
	// FromServer reports whether the server sent this error, as opposed to this side or the connection.
	FromServer bool
	// Cause is the error underneath, if there is one; errors.Is and errors.As find it.
	Cause error

	// Another attempt would meet it again.
	final bool
}

// Error returns what was tried, and the message.
func (e *Error) Error() string {
	if e.Tried == "" {
		return e.Message
	}
	return e.Tried + ": " + e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error {
	return e.Cause
}

// Is makes errors.Is(err, context.DeadlineExceeded) true for a deadline, whichever side noticed it, and
// errors.Is(err, context.Canceled) for a context that was cancelled, whatever its cause.
func (e *Error) Is(target error) bool {
	return target == context.DeadlineExceeded && e.Code == codes.DeadlineExceeded ||
		target == context.Canceled && e.Code == codes.Canceled && !e.FromServer
}

// GRPCStatus is what status.FromError asks for.
func (e *Error) GRPCStatus() *status.Status {
	return status.New(e.Code, e.Error())
}

// foreignError is an error of the caller's own code, which an interceptor returned.
type foreignError struct{ error }

func (e *foreignError) Unwrap() error {
	return e.error
}

// withTried returns the error with what was being done, unless it says so already.
func withTried(err error, tried string) *Error {
	known := asError(err)
	if known.Tried != "" {
		return known
	}
	named := *known
	named.Tried = tried
	return &named
}

func asError(err error) *Error {
	if known, isOurs := knownError(err); isOurs {
		return known
	}
	return &Error{Code: codes.Unknown, Message: err.Error(), Cause: err}
}

func knownError(err error) (*Error, bool) {
	var known *Error
	var foreign *foreignError
	isOurs := !errors.As(err, &foreign) && errors.As(err, &known)
	return known, isOurs
}

func invalid(message string) *Error {
	return &Error{Code: codes.InvalidArgument, Message: message}
}

// isTransient reports whether another attempt may succeed.
func (e *Error) isTransient() bool {
	if e.FromServer {
		return e.Code == codes.Unavailable || e.Code == codes.Aborted || e.Code == codes.ResourceExhausted
	}
	switch e.Code {
	case codes.InvalidArgument, codes.PermissionDenied, codes.Unauthenticated, codes.Unimplemented,
		codes.DeadlineExceeded, codes.FailedPrecondition:
		return false
	default:
		return !e.final
	}
}
