"""The contract's messages, methods and headers under names of their own.

Falco calls every service `service`, and every message `request` or `response`.
"""

from __future__ import annotations

from ._gen.falco.outputs.outputs_pb2 import request as OutputsRequest
from ._gen.falco.outputs.outputs_pb2 import response as OutputsResponse
from ._gen.falco.version.version_pb2 import request as VersionRequest
from ._gen.falco.version.version_pb2 import response as VersionResponse

__all__ = [
    "GET",
    "POSITION_HEADER",
    "SUB",
    "VERSION",
    "VERSION_HEADER",
    "WINDOW_HEADER",
    "OutputsRequest",
    "OutputsResponse",
    "VersionRequest",
    "VersionResponse",
]

SUB = "/falco.outputs.service/sub"
GET = "/falco.outputs.service/get"
VERSION = "/falco.version.service/version"

VERSION_HEADER = "falco-outputs-version"
"""Request and response header by which our clients and our server know each other; its value is "1"."""
POSITION_HEADER = "falco-outputs-position"
"""Response header: the sequence number behind which a stream starts."""
WINDOW_HEADER = "falco-outputs-window"
"""Response header: how many responses may be unacknowledged; 0 without acknowledgement."""
