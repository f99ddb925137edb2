"""Where a server listens."""

from __future__ import annotations

import os
import re
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ._errors import invalid, refused

_falcos_socket = Path("/run/falco/falco.sock")
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
    raise invalid("address", text, "unix:///path, a path with a slash, or host:port")


def default_address() -> str:
    """Where `falco-outputs serve` listens when it is not told.

    Falco's own socket if it is there, else that of a server that this user runs, else Falco's again.
    """
    folder = _users_folder()
    socket = folder / _falcos_socket.name
    if _falcos_socket.exists() or not socket.exists():
        return str(UnixAddress(str(_falcos_socket)))
    _assert_own(folder)
    return str(UnixAddress(str(socket)))


def _users_folder() -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return Path(runtime) if runtime else Path(tempfile.gettempdir(), f"falco-outputs-{os.getuid()}")


def _assert_own(folder: Path) -> None:
    """Refuses a folder where others could put a socket of theirs, and read alerts or forge them."""
    status = folder.lstat()
    if stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and status.st_mode & 0o022 == 0:
        return
    raise refused(f"{folder}: others own this folder or can write to it: remove it, or name an address")
