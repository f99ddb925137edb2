"""Why a stream's first request makes no sense: the server's checks, in its order and its words."""

from __future__ import annotations

from collections.abc import Callable

from ._contract import OutputsRequest, RequestFilter, Timestamp, is_in_range, priority_name
from ._filter import LIST_PARTS

NameOf = Callable[[str], str]
"""What the caller typed for a part of the request, e.g. `rules` for `allow[0].rules`."""

# The longest name of a group, in UTF-16 units, as the server counts.
_max_group_length = 256
# How much the filters of a request may hold: their number, that of their texts (values and names of fields), and the
# size of these in UTF-8, in bytes.
_max_filters = 100
_max_values = 1_000
_max_bytes = 64 * 1024

_ns = 1_000_000_000


def refusal(method: str, request: OutputsRequest, filters: OutputsRequest, name_of: NameOf) -> str | None:
    """Why the request makes no sense; None if it does.

    `filters` has the `allow` and `deny` that the caller gave, also if the request itself has none because they are
    applied in this process.
    """
    return (
        _refused_mode(request, name_of)
        or _refused_times(method, request, name_of)
        or _refused_filters(filters, name_of)
        or _refused_use(method, request, name_of)
    )


def _refused_mode(request: OutputsRequest, name_of: NameOf) -> str | None:
    group, broadcast = request.group, request.broadcast
    length = len(group.encode("utf-16-le")) // 2
    if length > _max_group_length:
        return f"{name_of('group')}: a name of {length} characters, expected at most {_max_group_length}"
    if group != "" and broadcast:
        return (
            f"{name_of('group')}, {name_of('broadcast')}: they exclude each other: "
            "a group shares its alerts, a broadcast gets them all"
        )
    if group != "" or broadcast:
        return None
    names = _filter_names(request, name_of)
    if names != "":
        return (
            f"{names}: the shared queue has no filter, for what does not match would be lost to the others: "
            "name a group, ask for a broadcast, or filter locally"
        )
    if request.HasField("after"):
        return (
            f"{name_of('after')}: the shared queue goes on with what nobody took: "
            "name a group, or ask for a broadcast"
        )
    return None


def _refused_times(method: str, request: OutputsRequest, name_of: NameOf) -> str | None:
    since = request.since if request.HasField("since") else None
    until = request.until if request.HasField("until") else None
    if since is not None and not request.broadcast:
        return (
            f"{name_of('since')}: only a broadcast can start at a time: a group keeps its place, "
            "and the shared queue goes on with what nobody took"
        )
    if until is not None and (not request.broadcast or method == "sub" or request.follow):
        return f"{name_of('until')}: only a get of a broadcast that does not follow can end at a time"
    for name, time in (("since", since), ("until", until)):
        if time is not None and not is_in_range(time.seconds):
            return f"{name_of(name)}: expected a time from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z"
    if since is not None and until is not None and _ns_of(until) <= _ns_of(since):
        return f"{name_of('until')}: it is not later than {name_of('since')}"
    return None


def _refused_filters(request: OutputsRequest, name_of: NameOf) -> str | None:
    filters = [
        (f"{option}[{index}]", one)
        for option, filters in (("allow", request.allow), ("deny", request.deny))
        for index, one in enumerate(filters)
    ]
    names = _filter_names(request, name_of)
    texts = [text for _, one in filters for text in _texts_of(one)]
    size = sum(len(text.encode()) for text in texts)
    if len(filters) > _max_filters:
        return f"{names}: {len(filters)} filters, expected at most {_max_filters}"
    if len(texts) > _max_values:
        return f"{names}: {len(texts)} values, expected at most {_max_values}"
    if size > _max_bytes:
        return f"{names}: values of {size} bytes, expected at most {_max_bytes}"
    for path, one in filters:
        if not one.ListFields():
            return f"{name_of(path)}: an empty filter, which every alert would match"
        if one.HasField("min_priority") and not priority_name(one.min_priority).isalpha():
            name = name_of(f"{path}.min_priority")
            return f"{name}: {int(one.min_priority)}, expected 0 (Emergency) to 7 (Debug)"
        for index, field in enumerate(one.fields):
            if field.name == "":
                name = name_of(f"{path}.fields[{index}].name")
                return f"{name}: empty, expected the name of an output field"
    return None


def _refused_use(method: str, request: OutputsRequest, name_of: NameOf) -> str | None:
    if method == "sub" and request.follow:
        return f"{name_of('follow')}: sub follows anyway, it is for get"
    if not request.HasField("acknowledged"):
        return None
    if method == "get":
        return f"{name_of('acknowledged')}: get takes no acknowledgements, use sub"
    if request.broadcast:
        return (
            f"{name_of('acknowledged')}: a broadcast shares with nobody to whom its alerts could go instead"
        )
    return None


def _filter_names(request: OutputsRequest, name_of: NameOf) -> str:
    given = [name for name, filters in (("allow", request.allow), ("deny", request.deny)) if filters]
    return ", ".join(map(name_of, given))


def _texts_of(one: RequestFilter) -> list[str]:
    """Every text that a filter holds."""
    texts: list[str] = [text for name in LIST_PARTS for text in getattr(one, name)]
    for field in one.fields:
        texts += [field.name, *field.values]
    return texts


def _ns_of(time: Timestamp) -> int:
    return time.seconds * _ns + time.nanos
