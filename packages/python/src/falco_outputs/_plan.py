"""What a stream is to do: options with their defaults, checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from ._contract import VERSION_HEADER, OutputsRequest, OutputsResponse
from ._errors import invalid
from ._priority import PriorityLike, to_priority
from ._quote import quoted
from ._reconnect import Reconnect
from ._refusal import refusal
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
    on_status: OnStatus | None

    def tell(self, status: StreamStatus) -> None:
        """Tells what became of the stream. What the callback raises ends it: no connection has failed."""
        if self.on_status is None:
            return
        try:
            self.on_status(status)
        except Exception as cause:  # the caller's, whatever it is
            raise invalid(f"on_status raised {cause!r}") from cause


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
    timeout_s: float | None,
    headers: Mapping[str, str] | None,
) -> Plan:
    """Options of `sub` or `get` as a plan; raises InvalidArgumentError in the words that the server would use."""
    if not poll_interval_s > 0:
        raise invalid(f"poll_interval_s: {quoted(poll_interval_s)}, expected more than 0")
    if acknowledge not in (True, False, "manual"):
        raise invalid(f'acknowledge: {quoted(acknowledge)}, expected True, False or "manual"')
    if filter_locally and (group is not None or broadcast):
        raise invalid("filter_locally: the server filters groups and broadcasts itself")
    if group == "":
        raise invalid('group: "", expected a name')
    wanted = OutputsRequest(
        tags=_texts("tags", tags),
        rules=_texts("rules", rules),
        sources=_texts("sources", sources),
        hostnames=_texts("hostnames", hostnames),
    )
    if min_priority is not None:
        # A number is judged with the rest of the request, in the server's words.
        number = to_priority(min_priority) if isinstance(min_priority, str) else min_priority
        wanted.min_priority = number  # type: ignore[assignment]
    request = OutputsRequest()
    if not filter_locally:
        request.MergeFrom(wanted)
    request.group = group or ""
    request.broadcast = broadcast
    request.follow = follow
    if after is not None:
        if isinstance(after, bool) or not 0 <= after <= _max_sequence:
            raise invalid(f"after: {quoted(after)}, expected a sequence number, 0 or more")
        request.after = after
    if acknowledge is not False:
        request.acknowledged = 0
    refused = refusal(method, request)
    if refused is not None:
        raise invalid(refused)
    following = method == "sub" or follow
    return Plan(
        method=method,
        request=request,
        metadata=metadata_of(headers),
        timeout_s=timeout_s,
        needs_our_server=group is not None or broadcast or follow or acknowledge is not False,
        acknowledge=acknowledge,
        passes=_matcher(wanted) if filter_locally else None,
        reconnect=_policy(reconnect) if following else None,
        poll_interval_s=poll_interval_s,
        on_status=on_status,
    )


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
        raise invalid(f"{name}: {quoted(values)}, expected a list, [{quoted(values)}]")
    texts = list(values)
    for text in texts:
        if not isinstance(text, str):
            raise invalid(f"{name}: {quoted(text)}, expected a text")
    return texts


def _matcher(wanted: OutputsRequest) -> Callable[[OutputsResponse], bool]:
    """The same decision as the server's."""
    min_priority = wanted.min_priority if wanted.HasField("min_priority") else None
    tags, rules = set(wanted.tags), set(wanted.rules)
    sources, hostnames = set(wanted.sources), set(wanted.hostnames)

    def passes(alert: OutputsResponse) -> bool:
        return (
            (min_priority is None or alert.priority <= min_priority)
            and (not tags or not tags.isdisjoint(alert.tags))
            and (not rules or alert.rule in rules)
            and (not sources or alert.source in sources)
            and (not hostnames or alert.hostname in hostnames)
        )

    return passes
