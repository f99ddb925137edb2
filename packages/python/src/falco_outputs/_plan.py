"""What a stream is to do: options with their defaults, checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ._contract import VERSION_HEADER, OutputsRequest, PriorityLike, Timestamp, instant_of_datetime
from ._errors import check_seconds, invalid, refused
from ._filter import Filter, Predicate, filters_of, predicate_of
from ._options import Reconnect, StreamStatus
from ._refusal import refusal

Metadata = tuple[tuple[str, str], ...]
OnStatus = Callable[[StreamStatus], None]

_max_sequence = 2**64 - 1
# What a Timestamp can hold, far beyond what is a time.
_max_seconds = 2**63 - 1


@dataclass(frozen=True)
class Plan:
    """What a stream is to do."""

    method: Literal["sub", "get"]
    request: OutputsRequest
    metadata: Metadata
    timeout_s: float | None
    needs_our_server: bool
    """Whether Falco's own server would take the request for another one."""
    acknowledge: bool | Literal["manual"]
    passes: Predicate | None
    """Filters on this side."""
    reconnect: Reconnect | None
    """None: a lost connection is the stream's end."""
    poll_interval_s: float
    drain_timeout_s: float
    on_status: OnStatus | None

    @property
    def follows(self) -> bool:
        """Whether it continues until it is ended here, unlike a `get`, which has an end."""
        return self.method == "sub" or self.request.follow


def plan_of(
    method: Literal["sub", "get"],
    *,
    group: str | None,
    broadcast: bool,
    after: int | None,
    since: datetime | int | None,
    until: datetime | int | None = None,
    follow: bool = False,
    acknowledge: bool | Literal["manual"],
    filter_locally: bool,
    allow: Iterable[Filter],
    deny: Iterable[Filter],
    min_priority: PriorityLike | None,
    fields: Mapping[str, str | Sequence[str]],
    tags: Iterable[str],
    rules: Iterable[str],
    sources: Iterable[str],
    hostnames: Iterable[str],
    reconnect: Reconnect | bool,
    on_status: OnStatus | None,
    poll_interval_s: float = 0.1,
    drain_timeout_s: float = 10.0,
    timeout_s: float | None,
    headers: Mapping[str, str] | None,
) -> Plan:
    """Options of `sub` or `get` as a plan; raises InvalidArgumentError in the words that the server would use."""
    check_seconds("poll_interval_s", poll_interval_s)
    check_seconds("drain_timeout_s", drain_timeout_s)
    # 0 equals False and 1 equals True, but neither means what it seems to.
    if not isinstance(acknowledge, bool) and acknowledge != "manual":
        raise invalid("acknowledge", acknowledge, 'True, False or "manual"')
    wanted, short = _wanted(
        allow,
        deny,
        Filter(
            min_priority=min_priority,
            fields=fields,
            tags=tags,
            rules=rules,
            sources=sources,
            hostnames=hostnames,
        ),
    )
    if filter_locally and (group is not None or broadcast):
        raise refused("filter_locally: the server filters groups and broadcasts itself")
    if group == "":
        raise invalid("group", group, "a name")
    request = OutputsRequest(group=group or "", broadcast=broadcast, follow=follow)
    if not filter_locally:
        request.MergeFrom(wanted)
    if after is not None:
        if isinstance(after, bool) or not 0 <= after <= _max_sequence:
            raise invalid("after", after, "a sequence number, 0 or more")
        request.after = after
    if since is not None:
        _set_time(request.since, "since", since)
    if until is not None:
        _set_time(request.until, "until", until)
    if acknowledge is not False:
        request.acknowledged = 0
    reason = refusal(method, request, wanted, _name_of(short))
    if reason is not None:
        raise refused(reason)
    following = method == "sub" or follow
    return Plan(
        method=method,
        request=request,
        metadata=metadata_of(headers),
        timeout_s=checked_timeout(timeout_s),
        needs_our_server=group is not None or broadcast or follow or acknowledge is not False,
        acknowledge=acknowledge,
        passes=predicate_of(wanted.allow, wanted.deny) if filter_locally else None,
        reconnect=_policy(reconnect) if following else None,
        poll_interval_s=poll_interval_s,
        drain_timeout_s=drain_timeout_s,
        on_status=on_status,
    )


def checked_timeout(timeout_s: float | None) -> float | None:
    """The deadline of a call; raises InvalidArgumentError if it is not a time."""
    if timeout_s is not None:
        check_seconds("timeout_s", timeout_s)
    return timeout_s


def metadata_of(headers: Mapping[str, str] | None) -> Metadata:
    """The caller's headers, and the one by which our server knows our clients."""
    names = {name.lower(): value for name, value in (headers or {}).items()}
    return tuple((names | {VERSION_HEADER: "1"}).items())


def _policy(reconnect: Reconnect | bool) -> Reconnect | None:
    if isinstance(reconnect, Reconnect):
        return reconnect
    return Reconnect() if reconnect else None


def _wanted(
    allow: Iterable[Filter], deny: Iterable[Filter], short: Filter
) -> tuple[OutputsRequest, list[str]]:
    """The filters, and the names of those parts of a single `allow` that were given as options of their own."""
    given = short.parts()
    allowed = filters_of("allow", allow)
    if given and allowed:
        raise invalid(given[0], getattr(short, given[0]), "nothing with allow: put it into the filters there")
    wanted = OutputsRequest(
        allow=filters_of("allow", [short]) if given else allowed, deny=filters_of("deny", deny)
    )
    return wanted, given


def _name_of(short: list[str]) -> Callable[[str], str]:
    """What the caller typed for a part of the request."""

    def name_of(path: str) -> str:
        if path == "acknowledged":
            return "acknowledge"
        if not short:
            return path
        return ", ".join(short) if path == "allow" else path.removeprefix("allow[0].")

    return name_of


def _set_time(timestamp: Timestamp, option: str, time: datetime | int) -> None:
    """Sets a point in time; one that is out of range is judged with the rest of the request."""
    if isinstance(time, datetime) and time.tzinfo is not None:
        ns = instant_of_datetime(time).ns()
    elif isinstance(time, int) and not isinstance(time, bool):
        ns = time
    else:
        raise invalid(option, time, "a datetime with a time zone, or nanoseconds since 1970")
    seconds, timestamp.nanos = divmod(ns, 1_000_000_000)
    timestamp.seconds = max(-_max_seconds, min(seconds, _max_seconds))
    timestamp.SetInParent()
