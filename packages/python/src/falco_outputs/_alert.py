"""What Falco emits when a rule matches."""

from __future__ import annotations

import json
import time as clock
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias, Union

from ._content import AlertContent
from ._contract import OutputsResponse
from ._errors import invalid
from ._json_reader import absent_value, list_text
from ._priority import PriorityLike, priority_name, to_priority
from ._read_json import read_json
from ._read_text import read_text
from ._source import deprecated_source, source_name
from ._time import (
    Instant,
    datetime_of,
    format_time,
    instant_of_datetime,
    instant_of_ns,
    parse_time,
)

if TYPE_CHECKING:
    from ._acknowledgements import Acknowledgements

FieldValue: TypeAlias = Union["str | int | float | bool | list[FieldValue] | tuple[FieldValue, ...]", None]
"""A value of `output_fields`, as Falco's JSON can hold it."""

# The largest integer that every reader of JSON holds exactly.
_max_json_integer = 2**53 - 1


class Alert:
    """What Falco emits when a rule matches: the contract's `falco.outputs.response`.

    Values of `output_fields` are text, as in Falco's API: numbers keep every digit, an absent value is `<NA>`, a list
    is `(a,b)`.
    """

    __slots__ = ("__weakref__", "_acknowledgements", "_fields", "_message", "_place")

    def __init__(
        self,
        *,
        rule: str,
        priority: PriorityLike,
        output: str = "",
        output_fields: Mapping[str, FieldValue] | None = None,
        time: datetime | int | str | None = None,
        hostname: str = "",
        tags: Iterable[str] = (),
        source: str = "syscall",
    ) -> None:
        """Makes an alert by hand, e.g. for a test.

        In `output_fields` numbers and booleans become their text, None `<NA>`, a list `(a,b)`. `time` is a datetime,
        nanoseconds since 1970, or RFC 3339; by default now.
        """
        self._set(
            _message_of(
                AlertContent(
                    time=_instant(clock.time_ns() if time is None else time),
                    priority=to_priority(priority),
                    rule=rule,
                    output=output,
                    output_fields={name: _field_text(value) for name, value in (output_fields or {}).items()},
                    hostname=hostname,
                    tags=list(tags),
                    source=source,
                )
            )
        )

    def _set(self, message: OutputsResponse) -> None:
        self._message = message
        self._fields: dict[str, str] | None = None
        self._acknowledgements: Acknowledgements | None = None
        self._place = 0

    @classmethod
    def from_json(cls, text: str) -> Alert:
        """An alert from Falco's JSON (`json_output: true`), digit for digit.

        Raises InvalidArgumentError that says what is wrong.
        """
        return alert_of(_message_of(read_json(text)))

    @classmethod
    def from_text(cls, line: str, now: datetime | None = None) -> Alert | None:
        """An alert from a line of Falco's text form (`json_output: false`); None if it is not one.

        The output is the whole line, as in Falco's gRPC API; rule, source and fields are not in it. A time without a date is one of the local clock, on the day that brings it nearest to `now`.
        """
        content = read_text(line, now)
        return None if content is None else alert_of(_message_of(content))

    @classmethod
    def from_bytes(cls, data: bytes) -> Alert:
        """An alert from an encoded `falco.outputs.response`."""
        return alert_of(OutputsResponse.FromString(data))

    def __bytes__(self) -> bytes:
        """The encoded `falco.outputs.response`."""
        return self._message.SerializeToString()

    def __reduce__(self) -> tuple[object, tuple[bytes]]:
        return (Alert.from_bytes, (bytes(self),))

    @property
    def rule(self) -> str:
        """The name of the rule."""
        return self._message.rule

    @property
    def priority(self) -> int:
        """The rule's severity as a number, to compare with Priority; one that nobody knows yet stays as it is."""
        return self._message.priority

    @property
    def priority_name(self) -> str:
        """The rule's severity as Falco writes it, e.g. "Warning"."""
        return priority_name(self._message.priority)

    def is_at_least(self, priority: PriorityLike) -> bool:
        """Whether it is as severe as `priority`, or more."""
        return self._message.priority <= to_priority(priority)

    @property
    def output(self) -> str:
        """The rule's output, with its fields filled in."""
        return self._message.output

    @property
    def output_fields(self) -> dict[str, str]:
        """The fields of the output by their names."""
        fields = self._fields
        if fields is None:
            fields = self._fields = dict(self._message.output_fields)
        return fields

    @property
    def hostname(self) -> str:
        """The host that Falco watches."""
        return self._message.hostname

    @property
    def tags(self) -> list[str]:
        """The rule's tags."""
        return list(self._message.tags)

    @property
    def source(self) -> str:
        """Where the event came from, e.g. "syscall" or "k8s_audit"."""
        return self._message.source

    @property
    def source_deprecated(self) -> int:
        """The source as the number that an older contract had: 3 for every source without one. Use `source`."""
        return self._message.source_deprecated

    @property
    def time(self) -> datetime | None:
        """When the event happened, in UTC, to the microsecond; None if the alert does not say."""
        instant = self._instant()
        return None if instant is None else datetime_of(instant)

    @property
    def time_ns(self) -> int | None:
        """When the event happened, in nanoseconds since 1970; None if the alert does not say."""
        instant = self._instant()
        return None if instant is None else instant.ns()

    @property
    def sequence(self) -> int:
        """Position in the server's log; 0 from Falco itself, and of an alert that tells a loss."""
        return self._message.sequence

    def to_dict(self) -> dict[str, object]:
        """Falco's JSON form, plus `sequence`: text if it is above 2^53. What is empty is left out, as by Falco."""
        message = self._message
        source = source_name(message.source, message.source_deprecated)
        instant = self._instant()
        time = None if instant is None else format_time(instant)
        form: dict[str, object] = {}
        if message.hostname != "":
            form["hostname"] = message.hostname
        form["output"] = message.output
        # In Falco's order: protobuf's maps have none.
        form["output_fields"] = dict(sorted(message.output_fields.items()))
        form["priority"] = self.priority_name
        form["rule"] = message.rule
        sequence = message.sequence
        if sequence != 0:
            form["sequence"] = sequence if sequence <= _max_json_integer else str(sequence)
        if source != "":
            form["source"] = source
        # Falco's internal alerts have none.
        if source != "internal":
            form["tags"] = list(message.tags)
        if time is not None:
            form["time"] = time
        return form

    def to_json(self) -> str:
        """Falco's JSON on one line, plus `sequence`."""
        return json.dumps(self.to_dict(), ensure_ascii=False, separators=(",", ":"))

    def _instant(self) -> Instant | None:
        message = self._message
        if not message.HasField("time"):
            return None
        return Instant(message.time.seconds, message.time.nanos)

    def __repr__(self) -> str:
        return f"<Alert {self.sequence} {self.priority_name} {self.rule!r}>"


_new = object.__new__


def alert_of(
    message: OutputsResponse, acknowledgements: Acknowledgements | None = None, place: int = 0
) -> Alert:
    """A message of the contract as an Alert, and how it is acknowledged by hand."""
    alert = _new(Alert)
    alert._message = message
    alert._fields = None
    alert._acknowledgements = acknowledgements
    alert._place = place
    return alert


def acknowledge(alert: Alert) -> None:
    """Marks an alert that is acknowledged by hand as done."""
    if alert._acknowledgements is not None:
        alert._acknowledgements.done(alert._place)


def _message_of(content: AlertContent) -> OutputsResponse:
    message = OutputsResponse(
        rule=content.rule,
        output=content.output,
        output_fields=content.output_fields,
        hostname=content.hostname,
        tags=content.tags,
        source=content.source,
    )
    # The stubs' types know enums by names only.
    message.priority = content.priority  # type: ignore[assignment]
    message.source_deprecated = deprecated_source(content.source)  # type: ignore[assignment]
    if content.time is not None:
        message.time.seconds, message.time.nanos = content.time
        message.time.SetInParent()
    return message


def _instant(time: datetime | int | str) -> Instant:
    instant: Instant | None
    if isinstance(time, str):
        instant = parse_time(time)
    elif isinstance(time, datetime):
        instant = instant_of_datetime(time)
    else:
        instant = instant_of_ns(time)
    if instant is None:
        raise invalid(
            f"time: {time}, expected a time from year 1 to 9999, as text in RFC 3339, "
            'e.g. "2026-01-31T23:59:59Z"'
        )
    return instant


def _field_text(value: FieldValue) -> str:
    if value is None:
        return absent_value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return list_text([_field_text(item) for item in value])
    return str(value)
