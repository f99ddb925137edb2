"""Mutual TLS, as Falco demands it."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import TypeAlias

import grpc

from ._errors import invalid
from ._quote import quoted

Pem: TypeAlias = "str | os.PathLike[str] | bytes"
"""The path of a PEM file, or PEM itself as bytes."""


def credentials(client_crt: Pem, client_key: Pem, ca_root: Pem) -> grpc.ChannelCredentials:
    """The credentials that gRPC takes; raises InvalidArgumentError for files that are not what they should be.

    gRPC itself would only log what is wrong, and then fail to connect.
    """
    chain, key = _read("client_crt", client_crt), _read("client_key", client_key)
    root = _read("ca_root", ca_root)
    try:
        ssl.create_default_context(cadata=root.decode())
    except (ssl.SSLError, UnicodeDecodeError) as cause:
        raise invalid(f"ca_root: {_shown(ca_root)} holds no certificate in PEM: {cause}") from cause
    if b"-----BEGIN CERTIFICATE-----" not in chain:
        raise invalid(f"client_crt: {_shown(client_crt)} holds no certificate in PEM")
    if b"PRIVATE KEY-----" not in key:
        raise invalid(f"client_key: {_shown(client_key)} holds no private key in PEM")
    if not isinstance(client_crt, bytes) and not isinstance(client_key, bytes):
        _check_pair(client_crt, client_key)
    return grpc.ssl_channel_credentials(root_certificates=root, private_key=key, certificate_chain=chain)


def _read(name: str, pem: Pem) -> bytes:
    if isinstance(pem, bytes):
        return pem
    try:
        return Path(pem).read_bytes()
    except OSError as cause:
        raise invalid(f"{name}: {_shown(pem)} cannot be read: {cause.strerror}") from cause


def _check_pair(client_crt: str | os.PathLike[str], client_key: str | os.PathLike[str]) -> None:
    # Python's ssl reads these from files only.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        # An empty password, so that an encrypted key fails instead of asking on the terminal.
        context.load_cert_chain(client_crt, client_key, password="")
    except (ssl.SSLError, OSError) as cause:
        raise invalid(
            f"client_crt, client_key: {_shown(client_crt)} and {_shown(client_key)} "
            f"do not belong together: {cause}"
        ) from cause


def _shown(pem: Pem) -> str:
    return "the PEM given" if isinstance(pem, bytes) else quoted(str(pem))
