"""Puts what gRPC's C core reports of a failed connection in words: what happened, and what to do."""

from __future__ import annotations

import re

import grpc

_unavailable = grpc.StatusCode.UNAVAILABLE

# What the C core itself says, as opposed to a server.
_local = re.compile(
    r"failed to connect to all addresses|errors resolving|DNS resolution failed|recvmsg:|sendmsg:"
    r"|Socket closed|Connection (?:reset|refused|timed out)|Broken pipe|connection attempt|GOAWAY"
    r"|keepalive|ping timeout|Endpoint closing|Transport closed|Stream removed|RST_STREAM"
    r"|http2 header with status|Deadline Exceeded|Received message larger|Channel closed|Locally"
    r"|End of TCP stream|TSI|Ssl handshake|SSL_|stream closed|tcp handshaker shutdown|empty address",
    re.IGNORECASE,
)

# Whatever fits first.
_unix = (
    (
        r"Permission denied|EACCES",
        "no permission to connect: the socket's mode and group decide who may",
    ),
    (r"No such file", "there is no such socket: is the server running, and does it listen there?"),
    (r"Not a directory", "there is no such socket: a part of its path is no folder"),
    (
        r"Connection refused",
        "nobody listens there: the server that made this socket is gone, or it is no socket",
    ),
    (
        r"Expected SETTINGS|http1\.x|Failed parsing HTTP/2",
        "the other side does not speak HTTP/2: is this a server's gRPC socket?",
    ),
    (
        r"failed to connect.*(?:reset|Socket closed|Broken pipe|End of TCP|Endpoint closing)",
        "the other side closed the connection without an answer: is this a server's gRPC socket?",
    ),
)
_tcp = (
    (
        r"Expected SETTINGS|http1\.x|Failed parsing HTTP/2",
        "the other side does not speak HTTP/2 here: does it expect TLS?",
    ),
    (
        r"failed to connect.*(?:reset|Socket closed|Broken pipe|End of TCP|Endpoint closing)",
        "the server closed the connection without an answer: does it expect TLS?",
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
_refused = "the server refuses this client's certificate: has one of its authorities signed client_crt?"
_tls = (
    (
        r"certificate has expired|certificate_verify_failed.*expired",
        "the server's certificate has expired, or an authority's: renew it",
    ),
    (r"not yet valid", "the server's certificate is not valid yet: compare the clocks"),
    (
        r"Hostname Verification|peer name|not in peer certificate",
        "the server's certificate is for another name: use that name in the endpoint, "
        "or give it as server_name",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|certificate verify failed",
        "the server's certificate is signed by none of the authorities in ca_root",
    ),
    (
        r"certificate expired|CERTIFICATE_EXPIRED",
        "the server says that this client's certificate has expired: renew it",
    ),
    (r"unknown ca|UNKNOWN_CA|bad certificate|BAD_CERTIFICATE", _refused),
    (
        r"WRONG_VERSION_NUMBER|wrong version number|PACKET_LENGTH_TOO_LONG",
        "the other side does not speak TLS here",
    ),
    (
        r"ALPN|Expected SETTINGS|Failed parsing HTTP/2",
        "the other side speaks TLS here, but not HTTP/2",
    ),
    (
        r"failed to connect.*(?:reset|Socket closed|Broken pipe|End of TCP|Endpoint closing)",
        "the server closed the connection without an answer: most often it refuses this client's certificate "
        "(client_crt), which has to be valid and signed by an authority of the server's",
    ),
)
_any = (
    (
        r"timed out|FD shutdown|connection attempt",
        "no connection came about in time: does something answer at this address?",
    ),
    (r"keepalive|ping timeout", "the connection is dead: the other side answers no ping"),
    (r"reset by peer|Broken pipe", "the connection was lost"),
    (
        r"Socket closed|GOAWAY|End of TCP|Endpoint closing|Transport closed|Stream removed",
        "the connection was closed by the other side",
    ),
)


def is_local(code: grpc.StatusCode, details: str) -> bool:
    """Whether the C core made this status, for want of a server's answer."""
    return code is not grpc.StatusCode.OK and _local.search(details) is not None


def had_connection(details: str) -> bool:
    """Whether a status of the C core's is about a connection that there was."""
    return re.match(r"failed to connect|errors resolving|DNS resolution failed", details) is None


def explain(code: grpc.StatusCode, details: str, *, unix: bool, secure: bool) -> tuple[str, grpc.StatusCode]:
    """A status that the C core made, in words, and the code that says it best."""
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return "the operation timed out", code
    # By gRPC's mapping of HTTP/2's error codes. Our server has no other way to tell one who does not read.
    if "RST_STREAM with error code 11" in details:
        return (
            "the server ended the stream: it was read too slowly",
            grpc.StatusCode.RESOURCE_EXHAUSTED,
        )
    places = _unix if unix else (*(_tls if secure else _tcp), *_network)
    for pattern, message in (*places, *_any):
        if re.search(pattern, details, re.IGNORECASE | re.DOTALL):
            denied = message.startswith("no permission")
            return message, grpc.StatusCode.PERMISSION_DENIED if denied else _unavailable
    return details, code
