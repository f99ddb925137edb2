"""What this package raises.

FalcoError
├── AbortedError
├── CancelledError
├── DeadlineExceededError
├── FailedPreconditionError
├── InvalidArgumentError (also a ValueError)
├── PermissionDeniedError
├── ResourceExhaustedError
├── UnauthenticatedError
├── UnavailableError
└── UnimplementedError
"""

from __future__ import annotations

import json

import grpc


class FalcoError(Exception):
    """The base class of the errors of this package. The underlying error, if there is one, is its `__cause__`."""

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

    def __reduce__(self) -> tuple[object, ...]:
        return (falco_error, (self.message, self.code, self.tried, self.from_server))


class AbortedError(FalcoError):
    """The server ended the stream, e.g. because acknowledgements did not come."""


class CancelledError(FalcoError):
    """The call was cancelled by the other side, or here, before a `get` had all alerts."""


class DeadlineExceededError(FalcoError):
    """The call's deadline has passed."""


class FailedPreconditionError(FalcoError):
    """The call is not possible now, e.g. the client is closed, or a group's members have another filter."""


class InvalidArgumentError(FalcoError, ValueError):
    """An option that cannot work, or text that is not an alert."""


class PermissionDeniedError(FalcoError):
    """This process, or this client, is not allowed to do it."""


class ResourceExhaustedError(FalcoError):
    """A limit of the server is reached, the stream was read too slowly, or a message is too large."""


class UnauthenticatedError(FalcoError):
    """The server requires credentials."""


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
    message: str, code: grpc.StatusCode, tried: str | None = None, from_server: bool = False
) -> FalcoError:
    """An error of the class for its code."""
    return _classes.get(code, FalcoError)(message, code, tried=tried, from_server=from_server)


def refused(message: str) -> InvalidArgumentError:
    """What was asked for cannot work."""
    return InvalidArgumentError(message, grpc.StatusCode.INVALID_ARGUMENT)


def invalid(option: str, got: object, expected: str) -> InvalidArgumentError:
    """The value of an option cannot work."""
    return refused(f"{option}: {quoted(got)}, expected {expected}")


_max_shown = 200


def quoted(value: object) -> str:
    """A value as JSON has it, e.g. "a" or true; anything else as Python does."""
    if isinstance(value, str):
        value = value[:_max_shown]
    if isinstance(value, str | int | bool) or value is None:
        return json.dumps(value, ensure_ascii=False).encode(errors="backslashreplace").decode()
    return repr(value)[:_max_shown]


# The most milliseconds that a timer of gRPC's holds.
_max_seconds = (2**31 - 1) // 1000


def check_seconds(option: str, value: object) -> None:
    """Raises InvalidArgumentError unless it is a time that a timer can hold."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= _max_seconds:
        return
    raise invalid(option, value, f"a time in seconds, more than 0 and at most {_max_seconds} (24 days)")


def check_whole(option: str, value: object, least: int, most: int) -> None:
    """Raises InvalidArgumentError unless it is a whole number from `least` to `most`."""
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return
    raise invalid(option, value, f"a whole number from {least} to {most}")
