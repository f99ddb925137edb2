"""What a stream is to do: options with their defaults, checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from ._contract import (
    VERSION_HEADER,
    OutputsRequest,
    OutputsResponse,
    PriorityLike,
    priority_name,
    to_priority,
)
from ._errors import check_seconds, invalid, quoted, refused
from ._options import Reconnect
from ._status import StreamStatus

Metadata = tuple[tuple[str, str], ...]
OnStatus = Callable[[StreamStatus], None]

_max_sequence = 2**64 - 1


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
    passes: Callable[[OutputsResponse], bool] | None
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
    follow: bool,
    acknowledge: bool | Literal["manual"],
    filter_locally: bool,
    min_priority: PriorityLike | None,
    tags: Iterable[str],
    rules: Iterable[str],
    sources: Iterable[str],
    hostnames: Iterable[str],
    reconnect: Reconnect | bool,
    on_status: OnStatus | None,
    poll_interval_s: float,
    drain_timeout_s: float,
    timeout_s: float | None,
    headers: Mapping[str, str] | None,
) -> Plan:
    """Options of `sub` or `get` as a plan; raises InvalidArgumentError in the words that the server would use."""
    check_seconds("poll_interval_s", poll_interval_s)
    check_seconds("drain_timeout_s", drain_timeout_s)
    # 0 equals False and 1 equals True, but neither means what it seems to.
    if not isinstance(acknowledge, bool) and acknowledge != "manual":
        raise invalid("acknowledge", acknowledge, 'True, False or "manual"')
    if filter_locally and (group is not None or broadcast):
        raise refused("filter_locally: the server filters groups and broadcasts itself")
    if group == "":
        raise invalid("group", group, "a name")
    wanted = OutputsRequest(
        tags=_texts("tags", tags),
        rules=_texts("rules", rules),
        sources=_texts("sources", sources),
        hostnames=_texts("hostnames", hostnames),
    )
    if min_priority is not None:
        # A number is judged with the rest of the request, in the server's words.
        number = to_priority(min_priority, "min_priority") if isinstance(min_priority, str) else min_priority
        wanted.min_priority = number  # type: ignore[assignment]
    request = OutputsRequest()
    if not filter_locally:
        request.MergeFrom(wanted)
    request.group = group or ""
    request.broadcast = broadcast
    request.follow = follow
    if after is not None:
        if isinstance(after, bool) or not 0 <= after <= _max_sequence:
            raise invalid("after", after, "a sequence number, 0 or more")
        request.after = after
    if acknowledge is not False:
        request.acknowledged = 0
    refusal = _refusal(method, request)
    if refusal is not None:
        raise refused(refusal)
    following = method == "sub" or follow
    return Plan(
        method=method,
        request=request,
        metadata=metadata_of(headers),
        timeout_s=checked_timeout(timeout_s),
        needs_our_server=group is not None or broadcast or follow or acknowledge is not False,
        acknowledge=acknowledge,
        passes=_matcher(wanted) if filter_locally else None,
        reconnect=_policy(reconnect) if following else None,
        poll_interval_s=poll_interval_s,
        drain_timeout_s=drain_timeout_s,
        on_status=on_status,
    )


def checked_timeout(timeout_s: float | None) -> float | None:
    """The deadline of a call; raises InvalidArgumentError for what is not a time."""
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


def _texts(name: str, values: Iterable[str]) -> list[str]:
    # A text is an iterable of texts, too: its letters.
    if isinstance(values, str):
        raise invalid(name, values, f"a list, [{quoted(values)}]")
    texts = list(values)
    for text in texts:
        if not isinstance(text, str):
            raise invalid(name, text, "a text")
    return texts


# The longest name of a group, in UTF-16 units, as the server counts.
_max_group_length = 256
# The fields of a request by which alerts are chosen, in the order in which they are named.
_filters = ("tags", "min_priority", "rules", "sources", "hostnames")


def _refusal(method: str, request: OutputsRequest) -> str | None:
    """Why a stream's first request makes no sense, in the server's words; None if it does."""
    group, broadcast = request.group, request.broadcast
    length = len(group.encode("utf-16-le", "surrogatepass")) // 2
    if length > _max_group_length:
        return f"group: a name of {length} characters, expected at most {_max_group_length}"
    if group != "" and broadcast:
        return (
            "group, broadcast: they exclude each other: a group shares its alerts, a broadcast gets them all"
        )
    if group == "" and not broadcast:
        filtered = [name for name in _filters if _is_set(request, name)]
        if filtered:
            return (
                f"{', '.join(filtered)}: the shared queue has no filter, for what does not match would be "
                "lost to the others: name a group, ask for a broadcast, or filter locally"
            )
        if request.HasField("after"):
            return (
                "after: the shared queue goes on with what nobody took: name a group, or ask for a broadcast"
            )
    if request.HasField("min_priority") and priority_name(request.min_priority).isdigit():
        return f"min_priority: {int(request.min_priority)}, expected 0 (Emergency) to 7 (Debug)"
    if method == "sub" and request.follow:
        return "follow: sub follows anyway, it is for get"
    if not request.HasField("acknowledged"):
        return None
    if method == "get":
        return "acknowledged: get takes no acknowledgements, use sub"
    if broadcast:
        return "acknowledged: a broadcast shares with nobody to whom its alerts could go instead"
    return None


def _is_set(request: OutputsRequest, name: str) -> bool:
    if name == "min_priority":
        return request.HasField("min_priority")
    return len(getattr(request, name)) > 0


def _matcher(wanted: OutputsRequest) -> Callable[[OutputsResponse], bool]:
    """The same decision as the server's."""
    min_priority = wanted.min_priority if wanted.HasField("min_priority") else None
    tags, rules = _encoded(wanted.tags), _encoded(wanted.rules)
    sources, hostnames = _encoded(wanted.sources), _encoded(wanted.hostnames)

    def passes(alert: OutputsResponse) -> bool:
        return (
            (min_priority is None or alert.priority <= min_priority)
            and (not tags or not tags.isdisjoint(alert.tags))
            and (not rules or alert.rule in rules)
            and (not sources or alert.source in sources)
            and (not hostnames or alert.hostname in hostnames)
        )

    return passes


def _encoded(texts: Iterable[str]) -> set[bytes]:
    return {text.encode() for text in texts}
