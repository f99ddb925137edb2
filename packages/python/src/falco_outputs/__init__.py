"""Subscribe to Falco's alerts: from Falco Outputs, or from a Falco up to 0.43."""

from ._alert import Alert
from ._async_client import AsyncAlertStream, AsyncClient
from ._client import AlertStream, Client
from ._contract import FalcoVersion, Priority, PriorityLike
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
from ._filter import Filter
from ._message import FieldValue
from ._options import (
    Connected,
    Connecting,
    Disconnected,
    Loss,
    LossCause,
    Lost,
    Reconnect,
    Resumed,
    StreamStatus,
)
from ._target import VERSION as __version__

__all__ = [
    "AbortedError",
    "Alert",
    "AlertStream",
    "AsyncAlertStream",
    "AsyncClient",
    "CancelledError",
    "Client",
    "Connected",
    "Connecting",
    "DeadlineExceededError",
    "Disconnected",
    "FailedPreconditionError",
    "FalcoError",
    "FalcoVersion",
    "FieldValue",
    "Filter",
    "InvalidArgumentError",
    "Loss",
    "LossCause",
    "Lost",
    "PermissionDeniedError",
    "Priority",
    "PriorityLike",
    "Reconnect",
    "ResourceExhaustedError",
    "Resumed",
    "StreamStatus",
    "UnauthenticatedError",
    "UnavailableError",
    "UnimplementedError",
    "__version__",
]
