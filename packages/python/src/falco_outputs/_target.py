"""Where a client connects, and how: addresses, channel options, and mutual TLS, as Falco demands it."""

from __future__ import annotations

import os
import re
import ssl
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

import grpc

from ._errors import (
    InvalidArgumentError,
    UnavailableError,
    check_seconds,
    check_whole,
    invalid,
    quoted,
    refused,
)
from ._explain import Place

VERSION = "0.1.0"

DEFAULT_MAX_MESSAGE_BYTES = 4 * 1024 * 1024
"""gRPC's own default; an alert of our server has at most 1 MiB."""

_max_ping_timeout_s = 15.0
_max_int = 2**31 - 1  # what gRPC's options can hold

Pem: TypeAlias = "str | os.PathLike[str] | bytes"
"""The path of a PEM file, which is read for each connection, or PEM itself as bytes."""

ChannelOptions: TypeAlias = "Sequence[tuple[str, str | int]]"

_certificate = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class Pems(NamedTuple):
    """What the files of a client's certificates hold."""

    ca: bytes
    cert: bytes
    key: bytes

    def authorities(self) -> bytes:
        """The certificates of the bundle, without the comments, which may be in any encoding."""
        return b"\n".join(_certificate.findall(self.ca))

    def credentials(self) -> grpc.ChannelCredentials:
        """As gRPC takes them."""
        return grpc.ssl_channel_credentials(
            root_certificates=self.authorities(), private_key=self.key, certificate_chain=self.cert
        )


@dataclass(frozen=True)
class Certificates:
    """What mutual TLS needs."""

    ca: Pem
    cert: Pem
    key: Pem

    def read(self) -> Pems:
        """Authorities, certificate chain and key, as they are now. Raises InvalidArgumentError."""
        return Pems(_read("ca", self.ca), _read("cert", self.cert), _read("key", self.key))

    def check(self, pems: Pems) -> None:
        """Raises InvalidArgumentError for what cannot work: gRPC would only log it, and fail to connect."""
        try:
            # Without any, Python would take the system's.
            ssl.create_default_context(cadata=pems.authorities().decode("ascii") or "none")
        except (ssl.SSLError, ValueError) as cause:
            raise refused(f"ca: {_shown(self.ca)} holds no certificate in PEM") from cause
        if b"-----BEGIN CERTIFICATE-----" not in pems.cert:
            raise refused(f"cert: {_shown(self.cert)} holds no certificate in PEM")
        if b"PRIVATE KEY-----" not in pems.key:
            raise refused(f"key: {_shown(self.key)} holds no private key in PEM")
        if not isinstance(self.cert, bytes) and not isinstance(self.key, bytes):
            _check_pair(self.cert, self.key)


@dataclass(frozen=True)
class Target:
    """Where a client connects, and how."""

    address: str
    """As messages name it."""
    uri: str
    """As gRPC takes it."""
    place: Place
    certificates: Certificates | None
    options: tuple[tuple[str, str | int], ...]
    connect_timeout_s: float

    def read_certificates(self) -> Pems | None:
        """What the files hold now; None without TLS. Raises UnavailableError for what cannot be used now."""
        if self.certificates is None:
            return None
        try:
            pems = self.certificates.read()
            self.certificates.check(pems)
        except InvalidArgumentError as cause:
            raise UnavailableError(
                cause.message, grpc.StatusCode.UNAVAILABLE, tried=f"connecting to {self.address}"
            ) from cause
        return pems


def target_of(
    address: str | None,
    *,
    ca: Pem | None,
    cert: Pem | None,
    key: Pem | None,
    server_name: str | None,
    insecure: bool,
    connect_timeout_s: float,
    keep_alive_s: float,
    max_message_bytes: int,
    channel_options: ChannelOptions,
) -> Target:
    """Checks what a client is made with."""
    check_seconds("connect_timeout_s", connect_timeout_s)
    check_seconds("keep_alive_s", keep_alive_s)
    check_whole("max_message_bytes", max_message_bytes, 1, _max_int)
    given_address = default_address() if address is None else address
    where = parse_address(given_address)
    options = _options(connect_timeout_s, keep_alive_s, max_message_bytes)
    certificates = None
    if isinstance(where, UnixAddress):
        given = [
            name
            for name, value in {"ca": ca, "cert": cert, "key": key, "server_name": server_name}.items()
            if value is not None
        ]
        if given:
            raise refused(
                f"address: {quoted(given_address)} is a unix socket, where {', '.join(given)} has no use"
            )
        uri = str(where)
        # gRPC's C core would send the path, which is not a host name.
        options["grpc.default_authority"] = "localhost"
    else:
        uri = f"dns:///{where}"
        certificates = _certificates(given_address, ca, cert, key, insecure=insecure)
        if server_name is not None:
            if certificates is None:
                raise refused(
                    f"server_name: {quoted(server_name)} needs TLS, which has certificates to carry it"
                )
            options["grpc.ssl_target_name_override"] = server_name
    options.update(channel_options)
    place = Place(isinstance(where, UnixAddress), certificates is not None)
    return Target(str(where), uri, place, certificates, tuple(options.items()), connect_timeout_s)


def _certificates(
    address: str, ca: Pem | None, cert: Pem | None, key: Pem | None, *, insecure: bool
) -> Certificates | None:
    if ca is not None and cert is not None and key is not None:
        certificates = Certificates(ca, cert, key)
        certificates.check(certificates.read())
        return certificates
    pems = {"ca": ca, "cert": cert, "key": key}
    missing = [name for name, pem in pems.items() if pem is None]
    if insecure and len(missing) == len(pems):
        return None
    otherwise = ", or insecure=True" if len(missing) == len(pems) else ""
    raise refused(f"address: {quoted(address)} needs {', '.join(missing)} (mutual TLS){otherwise}")


def _options(connect_timeout_s: float, keep_alive_s: float, max_message_bytes: int) -> dict[str, str | int]:
    ping_timeout_ms = _ms(min(keep_alive_s, _max_ping_timeout_s))
    return {
        "grpc.primary_user_agent": f"falco-outputs-python/{VERSION}",
        # A connection of its own: gRPC would share it, and its backoff, with others to the same address.
        "grpc.use_local_subchannel_pool": 1,
        "grpc.enable_http_proxy": 0,
        "grpc.enable_retries": 0,
        "grpc.service_config_disable_resolution": 1,
        # How long connecting may take, whatever its name says.
        "grpc.min_reconnect_backoff_ms": _ms(connect_timeout_s),
        # When gRPC would try again by itself: not before then, since a failed connection is discarded at once. It
        # adds up to a fifth at random.
        "grpc.initial_reconnect_backoff_ms": _ms(connect_timeout_s / 1.2),
        "grpc.dns_ares_query_timeout": _ms(connect_timeout_s),
        "grpc.keepalive_time_ms": _ms(keep_alive_s),
        "grpc.keepalive_timeout_ms": ping_timeout_ms,
        "grpc.http2.ping_timeout_ms": ping_timeout_ms,
        "grpc.http2.max_pings_without_data": 0,
        "grpc.max_receive_message_length": max_message_bytes,
    }


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _read(name: str, pem: Pem) -> bytes:
    if isinstance(pem, bytes):
        return pem
    try:
        return Path(pem).read_bytes()
    except OSError as cause:
        raise refused(f"{name}: {_shown(pem)} cannot be read: {cause.strerror}") from cause


def _check_pair(cert: str | os.PathLike[str], key: str | os.PathLike[str]) -> None:
    # Python's ssl reads these from files only.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        # An empty password, so that an encrypted key fails instead of asking on the terminal.
        context.load_cert_chain(cert, key, password="")
    except (ssl.SSLError, OSError) as cause:
        raise refused(
            f"cert, key: {_shown(cert)} and {_shown(key)} do not belong together: {cause}"
        ) from cause


def _shown(pem: Pem) -> str:
    return "the PEM given" if isinstance(pem, bytes) else quoted(str(pem))


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
    path = text if "/" in text else None
    if text.startswith("unix:"):
        path = text.removeprefix("unix:").removeprefix("//")
    if path is not None:
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
