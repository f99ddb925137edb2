"""The options of `sub` and `get`: how to reconnect, and, for type checkers, which options make sense together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, TypedDict

from ._errors import check_seconds, check_whole

if TYPE_CHECKING:
    from ._contract import PriorityLike
    from ._filter import Filter
    from ._status import StreamStatus

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
