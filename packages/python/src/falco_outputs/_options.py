"""What `sub` and `get` take: how to reconnect, what `on_status` is called with, and, for type checkers, which
options make sense together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, TypeAlias, TypedDict, cast, get_args

from ._alert import Alert
from ._errors import FalcoError, check_seconds, check_whole

if TYPE_CHECKING:
    from ._contract import PriorityLike
    from ._filter import Filter

_most_attempts = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class Reconnect:
    """How to reconnect after the connection was lost."""

    wait_on_first_connect: bool = False
    """Whether to keep trying when the very first connection fails, too."""
    max_attempts: int | None = None
    """How many attempts in a row may fail before the error is raised. 0: no attempt is made. None: any number."""
    initial_delay_s: float = 0.1
    """The longest wait before the first attempt, in seconds; it doubles with each. The waits are random below it."""
    max_delay_s: float = 30.0
    """The upper bound of that, in seconds; on a unix socket it is at most 1 second."""

    def __post_init__(self) -> None:
        if self.max_attempts is not None:
            check_whole("max_attempts", self.max_attempts, 0, _most_attempts)
        check_seconds("initial_delay_s", self.initial_delay_s)
        check_seconds("max_delay_s", self.max_delay_s)


@dataclass(frozen=True)
class Connecting:
    """An attempt begins."""

    attempt: int
    """Counted from 1, and from 1 again after each success."""


@dataclass(frozen=True)
class Connected:
    """The server answered for the first time. Falco's own does so only with its first alert."""


@dataclass(frozen=True)
class Disconnected:
    """The connection was lost, or an attempt failed; another one follows."""

    error: FalcoError
    retry_in_s: float
    """When the next attempt begins, in seconds."""
    last_heard_at: datetime | None = None
    """When this stream last heard from a server, in UTC; None if it never did."""


@dataclass(frozen=True)
class Resumed:
    """The server answers again; the stream continues where it was, as far as its mode allows."""


LossCause: TypeAlias = Literal["disk", "overflow", "restart", "slow", "unknown"]


@dataclass(frozen=True)
class Loss:
    """Which alerts a subscriber has lost for good."""

    cause: LossCause
    """`overflow`: the server's bound reached them before the group took them. `slow`: before this broadcast read them.
    `disk`: they are in the server's log on a disk, and cannot be read. `restart`: they were in a log that the server no
    longer has, and nobody knows how many. `unknown`: a newer server's cause, which is in `cause_text`."""
    cause_text: str
    """The cause as the server says it."""
    lost: int | None
    """How many; None after a restart."""
    first_sequence: int | None
    last_sequence: int | None


@dataclass(frozen=True)
class Lost:
    """Alerts were lost. The alert that reports it comes next."""

    loss: Loss
    alert: Alert


StreamStatus: TypeAlias = Connecting | Connected | Disconnected | Resumed | Lost


def loss_of(alert: Alert) -> Loss | None:
    """Reads the alert with which our server tells a loss: one without a sequence number."""
    fields = alert.output_fields
    text = fields.get("cause")
    if alert.sequence != 0 or text is None:
        return None
    known = text in get_args(LossCause)
    return Loss(
        cast(LossCause, text) if known else "unknown",
        text,
        _number(fields.get("lost")),
        _number(fields.get("first_sequence")),
        _number(fields.get("last_sequence")),
    )


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None


class _Call(TypedDict, total=False):
    timeout_s: float | None
    headers: Mapping[str, str] | None


class _Following(TypedDict, total=False):
    reconnect: Reconnect | bool
    on_status: Callable[[StreamStatus], None] | None


class _Acknowledging(TypedDict, total=False):
    acknowledge: bool | Literal["manual"]
    drain_timeout_s: float


class _Filter(TypedDict, total=False):
    allow: Iterable[Filter]
    deny: Iterable[Filter]
    fields: Mapping[str, str | Sequence[str]]
    min_priority: PriorityLike | None
    tags: Iterable[str]
    rules: Iterable[str]
    sources: Iterable[str]
    hostnames: Iterable[str]


class _Polling(TypedDict, total=False):
    poll_interval_s: float


class _Get(TypedDict, total=False):
    follow: bool


class _Start(TypedDict, total=False):
    after: int | None


class _Since(TypedDict, total=False):
    since: datetime | int | None


class _Until(TypedDict, total=False):
    until: datetime | int | None


class _Stream(_Call, _Following):
    pass


class SubShared(_Stream, _Polling, _Acknowledging):
    """Falco's shared queue: it has no filter, since what does not match would be lost to the others."""


class SubFiltered(SubShared, _Filter):
    """The shared queue, filtered on this side."""


class SubGroup(_Stream, _Acknowledging, _Filter, _Start):
    """A group, whose members share its alerts."""


class SubBroadcast(_Stream, _Filter, _Start, _Since):
    """Every alert, shared with nobody."""


class GetShared(_Stream, _Get):
    """What is in the shared queue."""


class GetFiltered(GetShared, _Filter):
    """The same, filtered on this side."""


class GetGroup(_Stream, _Get, _Filter, _Start):
    """What waits for a group."""


class GetBroadcast(_Stream, _Get, _Filter, _Start, _Since, _Until):
    """What the server retains."""
