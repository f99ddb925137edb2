"""Tells what gRPC's C core says of a failed connection from what a server says, and puts it in words."""

from __future__ import annotations

import re
from dataclasses import dataclass

import grpc

from ._contract import VERSION_HEADER
from ._errors import FalcoError, falco_error

_Code = grpc.StatusCode

_core_codes = {
    _Code.CANCELLED,
    _Code.DEADLINE_EXCEEDED,
    _Code.INTERNAL,
    _Code.PERMISSION_DENIED,
    _Code.RESOURCE_EXHAUSTED,
    _Code.UNAUTHENTICATED,
    _Code.UNAVAILABLE,
    _Code.UNIMPLEMENTED,
    _Code.UNKNOWN,
}
"""The codes that the C core makes by itself: no other one is ever local."""

_core_texts = re.compile(
    r"failed to connect to all addresses|empty address list|errors resolving |DNS resolution failed"
    r"|connections to all backends failing|Received http2 header with status: \d+$"
    r"|Received RST_STREAM with error code \d+|No status received$|Stream removed(?: \(|$)"
    r"|Socket closed(?: \(|$)|recvmsg:|sendmsg:|Broken pipe$|Connection reset by peer|Endpoint closing"
    r"|Transport closed|End of TCP stream|keepalive watchdog timeout|[Pp]ing timeout|GOAWAY received"
    r"|Deadline Exceeded$|(?:CLIENT: )?Received message larger than max|Channel closed!$"
    r"|Locally cancelled by application!$|connection attempt timed out|FD [Ss]hutdown"
    # What grpc.aio makes of a call that ends while it sends.
    r"|Internal error from Core$"
)
"""How the C core's own texts begin."""

_http_status = re.compile(r"Received http2 header with status: (\d+)")
_too_large = re.compile(r"Received message larger than max \((\d+) vs\. (\d+)\)")
_could_not_connect = re.compile(
    r"failed to connect|empty address|connections to all|errors resolving|DNS resolution"
)

_no_answer = r"failed to connect.*(?:reset|Socket closed|Broken pipe|End of TCP|Endpoint closing)"
# In each list, the first pattern that fits counts.
_unix = (
    (r"No such file", "there is no such socket: is the server running, and does it listen there?"),
    (r"Not a directory", "there is no such socket: a part of its path is not a folder"),
    (
        r"Connection refused",
        "nobody listens there: the server that made this socket is gone, or it is not a socket",
    ),
    (
        r"Expected SETTINGS|http1\.x|Failed parsing HTTP/2",
        "the other side does not speak HTTP/2: is this a server's gRPC socket?",
    ),
    (_no_answer, "the other side closed the connection without an answer: is this a server's gRPC socket?"),
)
_tcp = (
    (
        r"Expected SETTINGS|http1\.x|Failed parsing HTTP/2",
        "the other side does not speak HTTP/2 here: does it expect TLS?",
    ),
    (_no_answer, "the server closed the connection without an answer: does it expect TLS?"),
)
_tls = (
    (
        r"certificate has expired|certificate_verify_failed.*expired",
        "the server's certificate has expired, or an authority's: renew it",
    ),
    (r"not yet valid", "the server's certificate is not valid yet: compare the clocks"),
    (
        r"Hostname Verification|peer name|not in peer certificate",
        "the server's certificate is for another name: use that name in the address, or set server_name",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|certificate verify failed",
        "the server's certificate is signed by none of the authorities in ca",
    ),
    (
        r"certificate expired|CERTIFICATE_EXPIRED",
        "the server says that this client's certificate has expired: renew it",
    ),
    (
        r"unknown ca|UNKNOWN_CA|bad certificate|BAD_CERTIFICATE",
        "the server refuses this client's certificate: is cert signed by one of its authorities?",
    ),
    (
        r"WRONG_VERSION_NUMBER|wrong version number|PACKET_LENGTH_TOO_LONG",
        "the other side does not speak TLS here",
    ),
    (r"ALPN|Expected SETTINGS|Failed parsing HTTP/2", "the other side speaks TLS here, but not HTTP/2"),
    (
        _no_answer,
        "the server closed the connection without an answer: most often it refuses this client's certificate "
        "(cert), which must be valid and signed by one of the server's authorities",
    ),
)
_network = (
    (
        r"Connection refused",
        "connection refused: is the server running, and does it listen on this port?",
    ),
    (r"Domain name not found|Name or service not known|NXDOMAIN", "there is no host of this name"),
    (r"errors resolving|DNS resolution failed", "the host's name could not be resolved just now"),
    (r"No route to host", "the host cannot be reached"),
    (r"Network is unreachable", "the host's network cannot be reached"),
)
_anywhere = (
    (
        r"timed out|FD shutdown|connection attempt",
        "no connection came about in time: does something answer at this address?",
    ),
    (r"keepalive|ping timeout", "the connection is dead: the other side answers no ping"),
    (r"reset by peer|Broken pipe", "the connection was lost"),
    (
        r"Socket closed|GOAWAY|End of TCP|Endpoint closing|Transport closed",
        "the connection was closed by the other side",
    ),
    (
        r"Stream removed|RST_STREAM|No status received|Internal error from Core",
        "the stream was cut without a status: by the server, or by a proxy before it",
    ),
)


@dataclass(frozen=True)
class Place:
    """What explanations depend on: what the client connects to."""

    is_unix: bool
    is_secure: bool


def texts_of(metadata: object) -> dict[str, str]:
    """Headers or trailers, without the binary ones."""
    return {key: value for key, value in metadata or () if isinstance(value, str)}  # type: ignore[attr-defined]


class CallError(Exception):
    """A call ended with a status that is not OK: the server's, or the C core's own if there was no answer."""

    def __init__(self, code: grpc.StatusCode, details: str, headers: dict[str, str]) -> None:
        super().__init__(details)
        self.code = code
        self.details = details
        self.headers = headers
        """Headers and trailers of the answer, as far as there was one."""

    @property
    def is_ours(self) -> bool:
        """Whether a server of ours answered, or began to."""
        return VERSION_HEADER in self.headers

    @property
    def is_local(self) -> bool:
        """Whether the C core made this status by itself."""
        return self.code in _core_codes and _core_texts.match(self.details) is not None

    @property
    def had_connection(self) -> bool:
        """Whether there was a connection that failed, as opposed to none."""
        return _could_not_connect.match(self.details) is None

    @property
    def is_of_a_proxy(self) -> bool:
        """Whether it is what gRPC makes of an HTTP status, which a gRPC server never answers with."""
        return self.is_local and _http_status.match(self.details) is not None


def explain(failed: CallError, place: Place, tried: str, *, refused: bool = False) -> FalcoError:
    """The error of a call that failed.

    `refused`: our server answered, and did not begin a stream, so that the status is the server's in any case.
    """
    code, details = failed.code, failed.details
    if failed.is_local and code is _Code.DEADLINE_EXCEEDED:
        return falco_error("the operation timed out", code, tried)
    if not failed.is_local or (refused and failed.is_ours):
        return falco_error(details, code, tried, from_server=True)
    if (large := _too_large.search(details)) is not None:
        message = f"a message of {large[1]} bytes, and max_message_bytes allows {large[2]}"
        return falco_error(message, _Code.RESOURCE_EXHAUSTED, tried)
    if (http := _http_status.match(details)) is not None:
        message = f"HTTP {http[1]} instead of a gRPC answer: a proxy's, whose server is away or elsewhere"
        final = code in (_Code.UNAUTHENTICATED, _Code.PERMISSION_DENIED)
        return falco_error(message, code if final else _Code.UNAVAILABLE, tried)
    if "too_many_pings" in details:
        message = "the server refuses so many pings: raise keep_alive_s"
        return falco_error(message, _Code.UNAVAILABLE, tried)
    # By gRPC's mapping of HTTP/2's error codes. Our server has no other way to tell one who does not read.
    if "RST_STREAM with error code 11" in details:
        message = "the server ended the stream: it was read too slowly"
        return falco_error(message, _Code.RESOURCE_EXHAUSTED, tried, from_server=True)
    if place.is_unix and re.search(r"Permission denied|EACCES", details) is not None:
        message = "no permission to connect: the socket's mode and group decide who may"
        return falco_error(message, _Code.PERMISSION_DENIED, tried)
    return falco_error(_in_words(details, place), _Code.UNAVAILABLE, tried)


def _in_words(details: str, place: Place) -> str:
    places: tuple[tuple[str, str], ...]
    places = _unix if place.is_unix else (*(_tls if place.is_secure else _tcp), *_network)
    for pattern, message in (*places, *_anywhere):
        if re.search(pattern, details, re.IGNORECASE | re.DOTALL):
            return message
    return details
