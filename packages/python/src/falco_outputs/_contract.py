"""Falco's contract: its messages, methods and headers, priorities, sources, versions and times.

Falco calls every service `service`, and every message `request` or `response`; here they have names of their own.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import NamedTuple, TypeAlias

from google.protobuf.timestamp_pb2 import Timestamp

from ._errors import invalid
from ._gen.falco.outputs.outputs_pb2 import field as OutputField
from ._gen.falco.outputs.outputs_pb2 import field_filter as FieldFilter
from ._gen.falco.outputs.outputs_pb2 import filter as RequestFilter
from ._gen.falco.outputs.outputs_pb2 import request as OutputsRequest
from ._gen.falco.outputs.outputs_pb2 import response as OutputsResponse
from ._gen.falco.version.version_pb2 import request as VersionRequest
from ._gen.falco.version.version_pb2 import response as VersionResponse

__all__ = [
    "GET",
    "HEARTBEAT_HEADER",
    "POSITION_HEADER",
    "SUB",
    "VERSION",
    "VERSION_HEADER",
    "WINDOW_HEADER",
    "FalcoVersion",
    "FieldFilter",
    "Instant",
    "OutputField",
    "OutputsRequest",
    "OutputsResponse",
    "Priority",
    "PriorityLike",
    "RequestFilter",
    "Timestamp",
    "VersionRequest",
    "VersionResponse",
    "datetime_of",
    "deprecated_source",
    "format_time",
    "instant_of_datetime",
    "instant_of_ns",
    "is_in_range",
    "nanos_of",
    "parse_priority",
    "parse_time",
    "priority_name",
    "source_name",
    "to_priority",
    "version_of",
]

SUB = "/falco.outputs.service/sub"
GET = "/falco.outputs.service/get"
VERSION = "/falco.version.service/version"

VERSION_HEADER = "falco-outputs-version"
"""Request and response header by which our clients and our server know each other; its value is "1"."""
POSITION_HEADER = "falco-outputs-position"
"""Response header: the sequence number after which a stream starts."""
WINDOW_HEADER = "falco-outputs-window"
"""Response header: how many responses may be unacknowledged; 0 without acknowledgement."""
HEARTBEAT_HEADER = "falco-outputs-heartbeat-ms"
"""Response header: the longest time between two messages of a stream, in milliseconds."""


class Priority(IntEnum):
    """Severity of a rule, as in falco.schema.priority: 0 is the most severe, 7 the least.

    A number that a newer Falco sends is a Priority too: its name is the number.
    """

    EMERGENCY = 0
    ALERT = 1
    CRITICAL = 2
    ERROR = 3
    WARNING = 4
    NOTICE = 5
    INFORMATIONAL = 6
    DEBUG = 7

    @classmethod
    def _missing_(cls, value: object) -> Priority | None:
        if not isinstance(value, int):
            return None
        # Not kept: there are as many as a peer sends.
        unknown = int.__new__(cls, value)
        unknown._name_ = str(value)
        unknown._value_ = value
        return unknown


PriorityLike: TypeAlias = Priority | int | str
"""A Priority, its number, or Falco's name for it in any case, "info" for "Informational"."""

# A table of our own: the contract's enum has three names for each number.
_names = ("Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug")
_numbers = {name.lower(): Priority(number) for number, name in enumerate(_names)} | {
    "info": Priority.INFORMATIONAL
}


def priority_name(priority: int) -> str:
    """The name as Falco writes it, e.g. "Warning"; the number as text if Falco has no such priority."""
    return _names[priority] if 0 <= priority < len(_names) else str(int(priority))


def parse_priority(name: str) -> Priority | None:
    """The priority of a name in any case; None for anything else."""
    return _numbers.get(name.lower())


def to_priority(priority: PriorityLike, option: str = "priority") -> Priority:
    """A Priority by its number or name. Raises InvalidArgumentError."""
    if isinstance(priority, str):
        found = parse_priority(priority)
        if found is not None:
            return found
    elif isinstance(priority, int) and not isinstance(priority, bool) and 0 <= priority < len(_names):
        return Priority(priority)
    raise invalid(option, priority, f"one of {', '.join(_names)}, or 0 to 7")


_plugin = 3
_source_numbers = {
    "": 0,
    "SYSCALL": 0,
    "syscall": 0,
    "Syscall": 0,
    "K8S_AUDIT": 1,
    "k8s_audit": 1,
    "K8s_audit": 1,
    "K8S_audit": 1,
    "INTERNAL": 2,
    "internal": 2,
    "Internal": 2,
}
_source_names = ("", "k8s_audit", "internal", "plugin")


def deprecated_source(name: str) -> int:
    """The value of `source_deprecated` that Falco sends beside a source's name."""
    return _source_numbers.get(name, _plugin)


def source_name(source: str, deprecated: int) -> str:
    """The source's name.

    A Falco older than the field `source` sent only the number. Its zero also stands for no source: the name is "".
    """
    if source != "" or not 0 <= deprecated < len(_source_names):
        return source
    return _source_names[deprecated]


@dataclass(frozen=True)
class FalcoVersion:
    """The version of Falco behind a server, as `falco.version.service` returns it: whole, and in parts."""

    version: str
    major: int
    minor: int
    patch: int
    prerelease: str
    build: str
    engine_version: str
    engine_major: int
    engine_minor: int
    engine_patch: int
    engine_fields_checksum: str

    def to_json(self) -> str:
        """As JSON on one line."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))


def version_of(message: VersionResponse) -> FalcoVersion:
    """The contract's message as a FalcoVersion."""
    return FalcoVersion(
        version=message.version,
        major=message.major,
        minor=message.minor,
        patch=message.patch,
        prerelease=message.prerelease,
        build=message.build,
        engine_version=message.engine_version,
        engine_major=message.engine_major,
        engine_minor=message.engine_minor,
        engine_patch=message.engine_patch,
        engine_fields_checksum=message.engine_fields_checksum,
    )


_rfc3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):?(\d\d))",
    re.ASCII,
)
_epoch = datetime(1970, 1, 1, tzinfo=UTC)
_ns = 1_000_000_000
# The range of google.protobuf.Timestamp: years 1 to 9999.
_first_second = -62_135_596_800
_last_second = 253_402_300_799


class Instant(NamedTuple):
    """Seconds since 1970-01-01T00:00:00Z, and nanoseconds, 0 to 999,999,999, counting forward."""

    seconds: int
    nanos: int

    def ns(self) -> int:
        """In nanoseconds since 1970."""
        return self.seconds * _ns + self.nanos


def parse_time(text: str) -> Instant | None:
    """Reads an RFC 3339 time with 0 to 9 fraction digits and any offset.

    The colon in the offset is optional (older Falco wrote "+0000"). None if the text is not a time, or the day does
    not exist.
    """
    match = _rfc3339.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(match[index]) for index in range(1, 7))
    offset_hours, offset_minutes = int(match[9] or 0), int(match[10] or 0)
    if hour > 23 or minute > 59 or second > 60 or offset_hours > 23 or offset_minutes > 59:
        return None
    try:
        date = datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None
    offset = (-60 if match[8] == "-" else 60) * (offset_hours * 60 + offset_minutes)
    seconds = (date - _epoch) // timedelta(seconds=1) + hour * 3600 + minute * 60 + second - offset
    return Instant(seconds, nanos_of(match[7])) if is_in_range(seconds) else None


def nanos_of(digits: str | None) -> int:
    """Nanoseconds from the digits after a decimal point."""
    return 0 if digits is None else int(digits.ljust(9, "0"))


def instant_of_ns(ns: int) -> Instant | None:
    """The instant of nanoseconds since 1970; None outside the years 1 to 9999."""
    seconds, nanos = divmod(ns, _ns)
    return Instant(seconds, nanos) if is_in_range(seconds) else None


def instant_of_datetime(time: datetime) -> Instant:
    """The instant of a datetime; one without a time zone is local time, as everywhere in Python."""
    microseconds = (time.astimezone(UTC) - _epoch) // timedelta(microseconds=1)
    seconds, rest = divmod(microseconds, 1_000_000)
    return Instant(seconds, rest * 1000)


def datetime_of(instant: Instant) -> datetime | None:
    """In UTC, to the microsecond; None outside the years 1 to 9999."""
    if not is_in_range(instant.seconds):
        return None
    return _epoch + timedelta(seconds=instant.seconds, microseconds=instant.nanos // 1000)


def format_time(instant: Instant) -> str | None:
    """RFC 3339 in UTC with nine fraction digits, as Falco writes `time`; None outside the years 1 to 9999."""
    seconds, nanos = instant
    if not is_in_range(seconds) or not 0 <= nanos < _ns:
        return None
    whole = (_epoch + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat()
    return f"{whole}.{nanos:09d}Z"


def is_in_range(seconds: int) -> bool:
    """Whether it is in the years 1 to 9999."""
    return _first_second <= seconds <= _last_second
