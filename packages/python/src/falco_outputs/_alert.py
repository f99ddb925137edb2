"""What Falco emits when a rule matches."""

from __future__ import annotations

import json
import time as clock
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError

from ._contract import (
    Instant,
    OutputsResponse,
    Priority,
    PriorityLike,
    datetime_of,
    format_time,
    priority_name,
    source_name,
    to_priority,
)
from ._errors import check_whole, refused
from ._json import AlertContent, read_json
from ._message import FieldValue, field_text, instant_of, mended, message_of, text_of

if TYPE_CHECKING:
    from ._outbox import Outbox

# The largest integer that every reader of JSON holds exactly.
_max_json_integer = 2**53 - 1
_max_sequence = 2**64 - 1


class Alert:
    """What Falco emits when a rule matches: the contract's `falco.outputs.response`. Alerts compare by value.

    Values of `output_fields` are text, as in Falco's API: numbers keep every digit, an absent value is `<NA>`, a list
    is `(a,b)`. Bytes that are not UTF-8 are replaced by U+FFFD.
    """

    __slots__ = ("__weakref__", "_fields", "_message", "_outbox", "_place", "_size")

    _message: OutputsResponse
    _fields: dict[str, str] | None
    # How it is acknowledged, if it is of a stream that acknowledges.
    _outbox: Outbox | None
    _place: int
    # How many bytes it took on the wire.
    _size: int

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
        sequence: int = 0,
    ) -> None:
        """Makes an alert by hand, e.g. for a test.

        In `output_fields` numbers and booleans become their text, None `<NA>`, a list `(a,b)`. `time` is a datetime,
        nanoseconds since 1970, or RFC 3339; by default now. Raises InvalidArgumentError.
        """
        check_whole("sequence", sequence, 0, _max_sequence)
        self._message = message_of(
            AlertContent(
                time=instant_of(clock.time_ns() if time is None else time),
                priority=to_priority(priority),
                rule=rule,
                output=output,
                output_fields={name: field_text(value) for name, value in (output_fields or {}).items()},
                hostname=hostname,
                tags=list(tags),
                source=source,
            ),
            sequence,
        )
        self._fields = None
        self._outbox = None
        self._place = self._size = 0

    @classmethod
    def from_json(cls, text: str) -> Alert:
        """An alert from Falco's JSON (`json_output: true`), digit for digit.

        Raises InvalidArgumentError that says what is wrong.
        """
        return alert_of(message_of(read_json(text)))

    @classmethod
    def from_bytes(cls, data: bytes) -> Alert:
        """An alert from an encoded `falco.outputs.response`. Raises InvalidArgumentError."""
        try:
            return alert_of(OutputsResponse.FromString(data))
        except DecodeError as cause:
            raise refused(f"not an alert: {cause}") from cause

    def __bytes__(self) -> bytes:
        """The encoded `falco.outputs.response`."""
        return mended(self._message).SerializeToString()

    def __reduce__(self) -> tuple[object, tuple[bytes]]:
        return (Alert.from_bytes, (bytes(self),))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Alert):
            return NotImplemented
        return self is other or self._value() == other._value()

    def __hash__(self) -> int:
        message = self._message
        return hash((message.sequence, self.rule, self.output))

    def _value(self) -> tuple[object, ...]:
        message = self._message
        return (
            message.sequence,
            message.priority,
            self.rule,
            self.output,
            self.output_fields,
            self._instant(),
            self.hostname,
            self.tags,
            self.source,
            message.source_deprecated,
        )

    @property
    def rule(self) -> str:
        """The name of the rule."""
        return text_of(self._message.rule)

    @property
    def priority(self) -> Priority:
        """The rule's severity; also a number that only a newer Falco knows."""
        return Priority(self._message.priority)

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
        return text_of(self._message.output)

    @property
    def output_fields(self) -> dict[str, str]:
        """The fields of the output by their names."""
        fields = self._fields
        if fields is None:
            fields = self._fields = {
                text_of(field.key): text_of(field.value) for field in self._message.output_fields
            }
        return fields

    @property
    def hostname(self) -> str:
        """The host that Falco watches."""
        return text_of(self._message.hostname)

    @property
    def tags(self) -> list[str]:
        """The rule's tags."""
        return [text_of(tag) for tag in self._message.tags]

    @property
    def source(self) -> str:
        """Where the event came from, e.g. "syscall" or "k8s_audit"."""
        return text_of(self._message.source)

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
        """Position in the server's log; 0 from Falco itself, and for an alert that reports a loss."""
        return self._message.sequence

    def to_dict(self) -> dict[str, object]:
        """Falco's JSON form, plus `sequence`: text if it is above 2^53. What is empty is left out, as by Falco."""
        source = source_name(self.source, self._message.source_deprecated)
        instant = self._instant()
        time = None if instant is None else format_time(instant)
        form: dict[str, object] = {}
        if self.hostname != "":
            form["hostname"] = self.hostname
        form["output"] = self.output
        # In Falco's order: protobuf's maps have none.
        form["output_fields"] = dict(sorted(self.output_fields.items()))
        form["priority"] = self.priority_name
        form["rule"] = self.rule
        sequence = self.sequence
        if sequence != 0:
            form["sequence"] = sequence if sequence <= _max_json_integer else str(sequence)
        if source != "":
            form["source"] = source
        # Falco's internal alerts have none.
        if source != "internal":
            form["tags"] = self.tags
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


def alert_of(message: OutputsResponse, size: int = 0, outbox: Outbox | None = None, place: int = 0) -> Alert:
    """A message of the contract as an Alert."""
    alert = _new(Alert)
    alert._message = message
    alert._fields = None
    alert._outbox = outbox
    alert._place = place
    alert._size = size
    return alert
