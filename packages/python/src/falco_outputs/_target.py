"""Where a client connects, and how."""

from __future__ import annotations

from dataclasses import dataclass

import grpc

from ._address import UnixAddress, parse_address
from ._errors import invalid
from ._quote import quoted
from ._tls import Pem, credentials

VERSION = "0.1.0"

_max_ping_timeout_s = 15.0


@dataclass(frozen=True)
class Target:
    """Where a client connects, and how."""

    address: str
    """As messages name it."""
    uri: str
    """As gRPC takes it."""
    credentials: grpc.ChannelCredentials | None
    options: tuple[tuple[str, str | int], ...]
    connect_timeout_s: float


def target_of(
    endpoint: str,
    *,
    client_crt: Pem | None,
    client_key: Pem | None,
    ca_root: Pem | None,
    server_name: str | None,
    insecure: bool,
    connect_timeout_s: float,
    keep_alive_s: float,
) -> Target:
    """Checks what a client is made with."""
    for name, seconds in (("connect_timeout_s", connect_timeout_s), ("keep_alive_s", keep_alive_s)):
        if not seconds > 0:
            raise invalid(f"{name}: {quoted(seconds)}, expected more than 0")
    address = parse_address(endpoint)
    pems = {"client_crt": client_crt, "client_key": client_key, "ca_root": ca_root}
    given = [name for name, pem in pems.items() if pem is not None]
    options: dict[str, str | int] = {
        "grpc.primary_user_agent": f"falco-outputs-python/{VERSION}",
        # A connection of its own: gRPC would share it, and its backoff, with others to the same address.
        "grpc.use_local_subchannel_pool": 1,
        "grpc.enable_http_proxy": 0,
        "grpc.enable_retries": 0,
        "grpc.service_config_disable_resolution": 1,
        # How long connecting may take is the greater of these two, for all that their names say.
        "grpc.min_reconnect_backoff_ms": _ms(connect_timeout_s),
        "grpc.initial_reconnect_backoff_ms": 100,
        "grpc.dns_ares_query_timeout": _ms(connect_timeout_s),
        "grpc.keepalive_time_ms": _ms(keep_alive_s),
        "grpc.keepalive_timeout_ms": _ms(min(keep_alive_s, _max_ping_timeout_s)),
        "grpc.http2.ping_timeout_ms": _ms(min(keep_alive_s, _max_ping_timeout_s)),
        "grpc.http2.max_pings_without_data": 0,
        # Falco's own server bounds nothing.
        "grpc.max_receive_message_length": -1,
    }
    secure: grpc.ChannelCredentials | None = None
    if isinstance(address, UnixAddress):
        if given or server_name is not None:
            unused = [*given, *(["server_name"] if server_name is not None else [])]
            raise invalid(
                f"endpoint: {quoted(endpoint)} is a unix socket, where {', '.join(unused)} has no use"
            )
        uri = str(address)
        # gRPC's C core would send the path, which is no host name.
        options["grpc.default_authority"] = "localhost"
    else:
        uri = f"dns:///{address}"
        if client_crt is not None and client_key is not None and ca_root is not None:
            secure = credentials(client_crt, client_key, ca_root)
            if server_name is not None:
                options["grpc.ssl_target_name_override"] = server_name
        elif given or not insecure:
            missing = [name for name in pems if name not in given]
            raise invalid(
                f"endpoint: {quoted(endpoint)} needs {', '.join(missing)} (mutual TLS)"
                + ("" if given else ", or insecure=True")
            )
        elif server_name is not None:
            raise invalid("server_name: there is no certificate to carry it without TLS")
    return Target(str(address), uri, secure, tuple(options.items()), connect_timeout_s)


def _ms(seconds: float) -> int:
    return max(1, round(min(seconds, 2_000_000) * 1000))
