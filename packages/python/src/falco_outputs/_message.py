"""An alert as the contract's message, whose text is bytes."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias, Union

from google.protobuf.message import DecodeError

from ._contract import (
    Instant,
    OutputField,
    OutputsResponse,
    deprecated_source,
    instant_of_datetime,
    instant_of_ns,
    parse_time,
)
from ._errors import invalid
from ._json import AlertContent, absent_value, list_text

FieldValue: TypeAlias = Union["str | int | float | bool | list[FieldValue] | tuple[FieldValue, ...]", None]
"""A value of `output_fields`, as Falco's JSON can hold it."""


Received: TypeAlias = tuple[OutputsResponse | None, int]
"""A message from the wire, None if it is not an alert, and its size in bytes."""


def received(data: bytes) -> Received:
    """Decodes a message. It never raises: gRPC calls it in a thread of its own in the blocking API."""
    try:
        return OutputsResponse.FromString(data), len(data)
    except DecodeError:
        return None, len(data)


def text_of(data: bytes) -> str:
    """Text with invalid UTF-8 replaced as the http input does: Python, too, replaces maximal subparts, like WHATWG."""
    return data.decode("utf-8", "replace")


def mended(message: OutputsResponse) -> OutputsResponse:
    """A copy whose text is valid UTF-8, which other readers of protobuf require."""
    mended = OutputsResponse()
    mended.CopyFrom(message)
    for name in ("rule", "output", "hostname", "source"):
        setattr(mended, name, text_of(getattr(message, name)).encode())
    mended.tags[:] = [text_of(tag).encode() for tag in message.tags]
    for field in mended.output_fields:
        field.key, field.value = text_of(field.key).encode(), text_of(field.value).encode()
    return mended


def message_of(content: AlertContent, sequence: int = 0) -> OutputsResponse:
    """The parts of an alert as a message."""
    fields = content.output_fields.items()
    message = OutputsResponse(
        rule=content.rule.encode(),
        output=content.output.encode(),
        output_fields=[OutputField(key=key.encode(), value=value.encode()) for key, value in fields],
        hostname=content.hostname.encode(),
        tags=[tag.encode() for tag in content.tags],
        source=content.source.encode(),
        sequence=sequence,
    )
    # The stubs' types know enums by names only.
    message.priority = content.priority  # type: ignore[assignment]
    message.source_deprecated = deprecated_source(content.source)  # type: ignore[assignment]
    if content.time is not None:
        message.time.seconds, message.time.nanos = content.time
        message.time.SetInParent()
    return message


def instant_of(time: datetime | int | str) -> Instant:
    """A time in any form as an Instant. Raises InvalidArgumentError."""
    instant: Instant | None
    if isinstance(time, str):
        instant = parse_time(time)
    elif isinstance(time, datetime):
        instant = instant_of_datetime(time)
    else:
        instant = instant_of_ns(time)
    if instant is None:
        raise invalid(
            "time", time, 'a time from year 1 to 9999, as text in RFC 3339, e.g. "2026-01-31T23:59:59Z"'
        )
    return instant


def field_text(value: FieldValue) -> str:
    """A field's value as the text that Falco's gRPC API has for it."""
    if value is None:
        return absent_value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return list_text([field_text(item) for item in value])
    return str(value)
