"""Falco's contract: its messages, methods and headers, priorities, sources and version.

Falco calls every service `service`, and every message `request` or `response`; here they have names of their own.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import TypeAlias

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
    "OutputField",
    "OutputsRequest",
    "OutputsResponse",
    "Priority",
    "PriorityLike",
    "RequestFilter",
    "Timestamp",
    "VersionRequest",
    "VersionResponse",
    "deprecated_source",
    "parse_priority",
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
    """The priority that is meant."""
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
