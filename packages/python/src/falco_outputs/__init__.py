"""Subscribe to Falco's alerts: from Falco Outputs, or from a Falco up to 0.43."""

from ._alert import Alert, FieldValue
from ._client import AlertStream, Client
from ._client_base import DEFAULT_ENDPOINT
from ._errors import (
    AbortedError,
    CancelledError,
    DeadlineExceededError,
    FailedPreconditionError,
    FalcoError,
    InvalidArgumentError,
    PermissionDeniedError,
    ResourceExhaustedError,
    UnauthenticatedError,
    UnavailableError,
    UnimplementedError,
)
from ._priority import Priority, PriorityLike
from ._reconnect import Reconnect
from ._status import Connected, Connecting, Disconnected, Loss, Lost, Resumed, StreamStatus
from ._sync_client import SyncAlertStream, SyncClient
from ._target import VERSION as __version__
from ._version import Version

__all__ = [
    "DEFAULT_ENDPOINT",
    "AbortedError",
    "Alert",
    "AlertStream",
    "CancelledError",
    "Client",
    "Connected",
    "Connecting",
    "DeadlineExceededError",
    "Disconnected",
    "FailedPreconditionError",
    "FalcoError",
    "FieldValue",
    "InvalidArgumentError",
    "Loss",
    "Lost",
    "PermissionDeniedError",
    "Priority",
    "PriorityLike",
    "Reconnect",
    "ResourceExhaustedError",
    "Resumed",
    "StreamStatus",
    "SyncAlertStream",
    "SyncClient",
    "UnauthenticatedError",
    "UnavailableError",
    "UnimplementedError",
    "Version",
    "__version__",
]
