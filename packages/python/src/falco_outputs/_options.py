"""The options that make sense together, for type checkers: `sub` and `get` check them again when they run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    from ._priority import PriorityLike
    from ._reconnect import Reconnect
    from ._status import StreamStatus


class _Call(TypedDict, total=False):
    timeout_s: float | None
    headers: Mapping[str, str] | None


class _Following(TypedDict, total=False):
    reconnect: Reconnect | bool
    on_status: Callable[[StreamStatus], None] | None


class _Acknowledging(TypedDict, total=False):
    acknowledge: bool | Literal["manual"]


class _Filter(TypedDict, total=False):
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


class _Stream(_Call, _Following):
    pass


class SubShared(_Stream, _Polling, _Acknowledging):
    """Falco's shared queue: it has no filter, for what does not match would be lost to the others."""


class SubFiltered(SubShared, _Filter):
    """The shared queue, filtered on this side."""


class SubGroup(_Stream, _Acknowledging, _Filter, _Start):
    """A group, whose members share its alerts."""


class SubBroadcast(_Stream, _Filter, _Start):
    """Every alert, shared with nobody."""


class GetShared(_Stream, _Get):
    """What is in the shared queue."""


class GetFiltered(GetShared, _Filter):
    """The same, filtered on this side."""


class GetGroup(_Stream, _Get, _Filter, _Start):
    """What waits for a group."""


class GetBroadcast(_Stream, _Get, _Filter, _Start):
    """What the server retains."""
