"""Which first requests make no sense: the server asks the same, so that both refuse in the same words."""

from __future__ import annotations

from ._contract import OutputsRequest
from ._priority import priority_name

# The longest name of a group, in UTF-16 units, as the server counts.
_max_group_length = 256
# The fields of a request by which alerts are chosen, in the order in which they are named.
_filters = ("tags", "min_priority", "rules", "sources", "hostnames")


def refusal(method: str, request: OutputsRequest) -> str | None:
    """Why a stream's first request makes no sense; None if it does."""
    group, broadcast = request.group, request.broadcast
    length = len(group.encode("utf-16-le")) // 2
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
