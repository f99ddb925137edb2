"""What this package raises.

FalcoError
├── AbortedError
├── CancelledError
├── DeadlineExceededError
├── FailedPreconditionError
├── InvalidArgumentError (a ValueError, too)
├── PermissionDeniedError
├── ResourceExhaustedError
├── UnauthenticatedError
├── UnavailableError
└── UnimplementedError
"""

from __future__ import annotations

import grpc


class FalcoError(Exception):
    """The root of what this package raises. The reason, where there is one, is its `__cause__`."""

    def __init__(
        self,
        message: str,
        code: grpc.StatusCode,
        *,
        tried: str | None = None,
        from_server: bool = False,
    ) -> None:
        super().__init__(message if tried is None else f"{tried}: {message}")
        self.message: str = message
        """What happened, and what to do about it."""
        self.code: grpc.StatusCode = code
        """The gRPC status code."""
        self.tried: str | None = tried
        """What was being done, e.g. "sub on unix:///run/falco/falco.sock"; None where nothing was being called."""
        self.from_server: bool = from_server
        """Whether the server sent this error."""

    @property
    def code_name(self) -> str:
        """The code by its gRPC name, e.g. "UNAVAILABLE"."""
        return self.code.name


class AbortedError(FalcoError):
    """The server ended the stream, e.g. for want of acknowledgements."""


class CancelledError(FalcoError):
    """The other side cancelled the call."""


class DeadlineExceededError(FalcoError):
    """The call's deadline has passed."""


class FailedPreconditionError(FalcoError):
    """Not as things are: the client is closed, a group's members have another filter ..."""


class InvalidArgumentError(FalcoError, ValueError):
    """Options that make no sense, or text that is no alert."""


class PermissionDeniedError(FalcoError):
    """This process, or this client, may not."""


class ResourceExhaustedError(FalcoError):
    """A bound of the server's is reached, or the stream was read too slowly."""


class UnauthenticatedError(FalcoError):
    """The server demands credentials."""


class UnavailableError(FalcoError):
    """There is no connection to the server, or the server cannot answer now."""


class UnimplementedError(FalcoError):
    """The server cannot do this: it is Falco's own, or older than the client."""


_classes: dict[grpc.StatusCode, type[FalcoError]] = {
    grpc.StatusCode.ABORTED: AbortedError,
    grpc.StatusCode.CANCELLED: CancelledError,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceededError,
    grpc.StatusCode.FAILED_PRECONDITION: FailedPreconditionError,
    grpc.StatusCode.INVALID_ARGUMENT: InvalidArgumentError,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDeniedError,
    grpc.StatusCode.RESOURCE_EXHAUSTED: ResourceExhaustedError,
    grpc.StatusCode.UNAUTHENTICATED: UnauthenticatedError,
    grpc.StatusCode.UNAVAILABLE: UnavailableError,
    grpc.StatusCode.UNIMPLEMENTED: UnimplementedError,
}


def falco_error(
    message: str, code: grpc.StatusCode, *, tried: str | None = None, from_server: bool = False
) -> FalcoError:
    """The error of the class that goes with the code."""
    return _classes.get(code, FalcoError)(message, code, tried=tried, from_server=from_server)


def invalid(message: str) -> InvalidArgumentError:
    """An argument that makes no sense."""
    return InvalidArgumentError(message, grpc.StatusCode.INVALID_ARGUMENT)
