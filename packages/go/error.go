package falco

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Error is the one type of error that this package gives. status.FromError and status.Code take it, too.
type Error struct {
	// Code is the gRPC status code, see https://grpc.io/docs/guides/status-codes/.
	Code codes.Code
	// Tried is what was being done, e.g. "sub on unix:///run/falco/falco.sock"; empty where nothing was being called.
	Tried string
	// Message says what happened, and where possible what to do about it.
	Message string
	// FromServer is whether the server sent this error, as opposed to this side or the connection.
	FromServer bool
	// Cause is the error underneath, if there is one; errors.Is and errors.As find it.
	Cause error
}

// Error is the message, behind what was tried.
func (e *Error) Error() string {
	if e.Tried == "" {
		return e.Message
	}
	return e.Tried + ": " + e.Message
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error {
	return e.Cause
}

// Is makes errors.Is(err, context.DeadlineExceeded) true for a deadline, whoever of the two sides noticed it.
func (e *Error) Is(target error) bool {
	return target == context.DeadlineExceeded && e.Code == codes.DeadlineExceeded
}

// GRPCStatus is what status.FromError asks for.
func (e *Error) GRPCStatus() *status.Status {
	return status.New(e.Code, e.Error())
}

// withTried gives the error with what was being done, unless it says so already.
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
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	return &Error{Code: codes.Unknown, Message: err.Error(), Cause: err}
}

func invalid(message string) *Error {
	return &Error{Code: codes.InvalidArgument, Message: message}
}

// isTransient says whether another attempt may fare better.
func (e *Error) isTransient() bool {
	if e.FromServer {
		return e.Code == codes.Unavailable || e.Code == codes.Aborted || e.Code == codes.ResourceExhausted
	}
	switch e.Code {
	case codes.InvalidArgument, codes.PermissionDenied, codes.Unauthenticated, codes.Unimplemented,
		codes.DeadlineExceeded, codes.FailedPrecondition:
		return false
	default:
		return true
	}
}
