"""Where a server listens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ._errors import invalid
from ._quote import quoted

_host_and_port = re.compile(
    r"(?:\[([0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|([^:\[\]\s?#@\\%<>^|]+)):([0-9]{1,5})", re.ASCII
)


@dataclass(frozen=True)
class UnixAddress:
    """A unix socket."""

    path: str

    def __str__(self) -> str:
        return f"unix://{self.path}" if self.path.startswith("/") else f"unix:{self.path}"


@dataclass(frozen=True)
class TcpAddress:
    """A host, by its name or IP address (an IPv6 one without its brackets), and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_address(text: str) -> UnixAddress | TcpAddress:
    """Reads an address as Falco and gRPC write it.

    `unix:///path`, `unix:path`, a plain path (anything with a slash), or `host:port` (`[::1]:5060` for IPv6).
    """
    path = None
    if text.startswith("unix:"):
        path = text[len("unix://") :] if text.startswith("unix://") else text[len("unix:") :]
    if path is not None or "/" in text:
        path = text if path is None else path
        if path != "" and re.match(r"[a-z]+://", path) is None:
            return UnixAddress(path)
    elif (match := _host_and_port.fullmatch(text)) is not None:
        port = int(match[3])
        if port <= 65_535:
            return TcpAddress(match[1] or match[2], port)
    raise invalid(f"endpoint: {quoted(text)}, expected unix:///path, a path with a slash, or host:port")
