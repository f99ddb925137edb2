"""Filters: as the caller writes them, as the contract has them, and as they decide in this process."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from ._contract import FieldFilter, PriorityLike, RequestFilter, to_priority
from ._errors import invalid, quoted

if TYPE_CHECKING:
    from ._alert import Alert

LIST_PARTS = ("tags", "rules", "sources", "hostnames")
"""The parts of a filter that list values."""

Predicate: TypeAlias = "Callable[[Alert], bool]"

_max_int32 = 2**31 - 1
_star = re.compile(r"(?<!\\)\*")


@dataclass(frozen=True, kw_only=True)
class Filter:
    r"""Chooses alerts: every part that is given must match; of several values, one is enough.

    A value is compared with the whole text, and case matters. A `*` in it stands for any run of characters, `\*` for a
    star; no other character is special. Raises InvalidArgumentError for values of the wrong type.
    """

    min_priority: PriorityLike | None = None
    """At least this severe."""
    fields: Mapping[str, str | Sequence[str]] = field(default_factory=dict, hash=False)
    """Output fields by their exact names, e.g. `{"k8s.ns.name": ["shop", "shop-*"]}`. All of them must match. An empty
    list: the alert has the field, whatever its value."""
    tags: Iterable[str] = ()
    """One of the alert's tags is enough."""
    rules: Iterable[str] = ()
    sources: Iterable[str] = ()
    hostnames: Iterable[str] = ()

    def __post_init__(self) -> None:
        for name in LIST_PARTS:
            object.__setattr__(self, name, _texts(name, getattr(self, name)))
        object.__setattr__(self, "fields", _fields(self.fields))
        object.__setattr__(self, "min_priority", _number(self.min_priority))

    def parts(self) -> list[str]:
        """The names of the parts that are given."""
        names = ("fields", *LIST_PARTS)
        given = [name for name in names if getattr(self, name)]
        return given if self.min_priority is None else ["min_priority", *given]


def filters_of(option: str, filters: Iterable[Filter]) -> list[RequestFilter]:
    """The filters of `allow` or `deny` in the contract's form. Raises InvalidArgumentError."""
    if isinstance(filters, Filter | str | Mapping) or not isinstance(filters, Iterable):
        raise invalid(option, filters, "a list of Filter")
    requests = []
    for index, one in enumerate(filters):
        if not isinstance(one, Filter):
            raise invalid(f"{option}[{index}]", one, "a Filter")
        requests.append(_request_filter(one))
    return requests


def predicate_of(allow: Iterable[RequestFilter], deny: Iterable[RequestFilter]) -> Predicate:
    """Decides as the server does."""
    allowed = [_filter_predicate(one) for one in allow]
    denied = [_filter_predicate(one) for one in deny]

    def passes(alert: Alert) -> bool:
        return (not allowed or any(matches(alert) for matches in allowed)) and not any(
            matches(alert) for matches in denied
        )

    return passes


def _texts(name: str, values: Iterable[str]) -> tuple[str, ...]:
    # A text is an iterable of texts, too: its letters.
    if isinstance(values, str):
        raise invalid(name, values, f"a list, [{quoted(values)}]")
    if not isinstance(values, Iterable):
        raise invalid(name, values, "a list of texts")
    texts = tuple(values)
    for text in texts:
        if not _is_text(text):
            raise invalid(name, text, "a text")
    return texts


def _fields(fields: Mapping[str, str | Sequence[str]]) -> dict[str, tuple[str, ...]]:
    if not isinstance(fields, Mapping):
        raise invalid("fields", fields, "a mapping of names to values")
    checked: dict[str, tuple[str, ...]] = {}
    for name, values in fields.items():
        if not _is_text(name):
            raise invalid("fields", name, "the name of an output field")
        checked[name] = _texts(f"fields[{quoted(name)}]", [values] if isinstance(values, str) else values)
    return checked


def _is_text(value: object) -> bool:
    """Whether it is a str that UTF-8 can hold: one without lone surrogates."""
    return isinstance(value, str) and (value.isascii() or value.encode(errors="ignore").decode() == value)


def _number(priority: PriorityLike | None) -> int | None:
    if priority is None:
        return None
    if isinstance(priority, int) and not isinstance(priority, bool) and abs(priority) <= _max_int32:
        # Judged with the rest of the request, in the server's words.
        return priority
    return to_priority(priority, "min_priority")


def _request_filter(one: Filter) -> RequestFilter:
    message = RequestFilter(
        rules=one.rules,
        sources=one.sources,
        hostnames=one.hostnames,
        tags=one.tags,
        fields=[FieldFilter(name=name, values=values) for name, values in one.fields.items()],
    )
    if one.min_priority is not None:
        message.min_priority = one.min_priority  # type: ignore[assignment]
    return message


def _filter_predicate(one: RequestFilter) -> Predicate:
    parts: list[Predicate] = []
    if one.HasField("min_priority"):
        min_priority = int(one.min_priority)
        parts.append(lambda alert: alert.priority <= min_priority)
    if one.rules:
        rule = _text_predicate(one.rules)
        parts.append(lambda alert: rule(alert.rule))
    if one.sources:
        source = _text_predicate(one.sources)
        parts.append(lambda alert: source(alert.source))
    if one.hostnames:
        hostname = _text_predicate(one.hostnames)
        parts.append(lambda alert: hostname(alert.hostname))
    if one.tags:
        tag = _text_predicate(one.tags)
        parts.append(lambda alert: any(map(tag, alert.tags)))
    parts.extend(_field_predicate(wanted) for wanted in one.fields)
    return lambda alert: all(matches(alert) for matches in parts)


def _field_predicate(wanted: FieldFilter) -> Predicate:
    name = wanted.name
    if not wanted.values:
        return lambda alert: name in alert.output_fields
    value = _text_predicate(wanted.values)
    return lambda alert: name in alert.output_fields and value(alert.output_fields[name])


def _text_predicate(values: Iterable[str]) -> Callable[[str], bool]:
    """Whether a text matches one of the values."""
    split = [_split(value) for value in values]
    exact = {texts[0] for texts in split if len(texts) == 1}
    patterns = [texts for texts in split if len(texts) > 1]
    return lambda text: text in exact or any(_has(text, texts) for texts in patterns)


def _split(value: str) -> list[str]:
    """The texts between the stars of a value: one text if it has no star."""
    return [text.replace("\\*", "*") for text in _star.split(value)]


def _has(text: str, texts: list[str]) -> bool:
    """Whether it begins with the first of the texts, ends with the last, and has the others in between, in order."""
    first, *between, last = texts
    at, end = len(first), len(text) - len(last)
    if end < at or not text.startswith(first) or not text.endswith(last):
        return False
    for part in between:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True
