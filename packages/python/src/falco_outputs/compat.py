"""client-py's names, so that a program written for it moves over by its imports alone.

    from falco_outputs import compat as falco          # was: import falco
    from falco_outputs.compat import Client            # was: from falco import Client

It behaves as client-py 0.4.0 did: the same names and text, priorities and sources as enums of lower-case text, a stream
that ends when the server ends it, and grpc.RpcError when the connection is lost. What was a fault there is not here: an
alert of a plugin has a source, and times keep their microseconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import Enum
from typing import Any, ClassVar

import grpc

from ._alert import Alert
from ._client import AlertStream
from ._client import Client as _Client
from ._contract import FalcoVersion
from ._errors import FalcoError

__all__ = [
    "CallError",
    "Client",
    "InvalidFormat",
    "OutputsResponse",
    "TLSConfigError",
    "VersionResponse",
]


class InvalidFormat(Exception):  # noqa: N818, client-py's name
    """There is no such `output_format`."""


class TLSConfigError(Exception):
    """A part of what TLS needs is missing."""


class CallError(grpc.RpcError):
    """A call failed, as gRPC tells it: with `code()` and `details()`. Its cause is the FalcoError."""

    def __init__(self, error: FalcoError) -> None:
        super().__init__(str(error))
        self._error = error

    def code(self) -> grpc.StatusCode:
        """The gRPC status code."""
        return self._error.code

    def details(self) -> str:
        """What happened, and what to do about it."""
        return self._error.message


class OutputsResponse:
    """An alert."""

    __slots__ = ("hostname", "output", "output_fields", "priority", "rule", "source", "tags", "time")

    class Priority(Enum):
        """Severity of a rule."""

        EMERGENCY = "emergency"
        ALERT = "alert"
        CRITICAL = "critical"
        ERROR = "error"
        WARNING = "warning"
        NOTICE = "notice"
        INFORMATIONAL = "informational"
        DEBUG = "debug"

    class Source(Enum):
        """Where the event came from. client-py has no PLUGIN, and fails on it."""

        SYSCALL = "syscall"
        K8S_AUDIT = "k8s_audit"
        INTERNAL = "internal"
        PLUGIN = "plugin"

    PB_PRIORITY_TO_PRIORITY_MAP: ClassVar = dict(enumerate(Priority))
    PB_SOURCE_TO_SOURCE_MAP: ClassVar = dict(enumerate(Source))
    SERIALIZERS: ClassVar = {"json": "to_json"}

    def __init__(
        self,
        time: datetime,
        priority: Priority | None = None,
        source: Source | None = None,
        rule: str | None = None,
        output: str | None = None,
        output_fields: dict[str, str] | None = None,
        hostname: str | None = None,
        tags: list[str] | None = None,
    ) -> None:
        self.time = time.astimezone(UTC)
        """In UTC."""
        self.priority = priority
        self.source = source
        self.rule = rule
        self.output = output
        self.output_fields = output_fields
        self.hostname = hostname
        self.tags = tags

    @classmethod
    def from_alert(cls, alert: Alert) -> OutputsResponse:
        """An alert of falco_outputs in client-py's form. A time that it does not have is 1970, as there."""
        return cls(
            time=alert.time or datetime.fromtimestamp(0, UTC),
            priority=cls.PB_PRIORITY_TO_PRIORITY_MAP.get(alert.priority),
            source=cls.PB_SOURCE_TO_SOURCE_MAP.get(alert.source_deprecated, cls.Source.PLUGIN),
            rule=alert.rule,
            output=alert.output,
            output_fields=alert.output_fields,
            hostname=alert.hostname,
            tags=alert.tags,
        )

    def to_json(self) -> str:
        """As JSON, in client-py's form."""
        return json.dumps(
            {
                "time": self.time.isoformat(),
                "priority": None if self.priority is None else self.priority.value,
                "source": None if self.source is None else self.source.value,
                "rule": self.rule,
                "output": self.output,
                "output_fields": self.output_fields,
                "hostname": self.hostname,
                "tags": self.tags,
            }
        )

    def __repr__(self) -> str:
        names = ("time", "priority", "source", "rule", "output", "output_fields", "hostname", "tags")
        return f"OutputsResponse({', '.join(f'{name}={getattr(self, name)}' for name in names)})"


class VersionResponse:
    """The version of Falco; its engine's version is a number, as it was then."""

    __slots__ = (
        "build",
        "engine_fields_checksum",
        "engine_version",
        "major",
        "minor",
        "patch",
        "prerelease",
        "version",
    )

    SERIALIZERS: ClassVar = {"json": "to_json"}

    def __init__(
        self,
        version: str,
        major: int,
        minor: int,
        patch: int,
        prerelease: str,
        build: str,
        engine_version: int,
        engine_fields_checksum: str,
    ) -> None:
        self.version = version
        self.major = major
        self.minor = minor
        self.patch = patch
        self.prerelease = prerelease
        self.build = build
        self.engine_version = engine_version
        self.engine_fields_checksum = engine_fields_checksum

    @classmethod
    def from_version(cls, version: FalcoVersion) -> VersionResponse:
        """A version of falco_outputs in client-py's form."""
        return cls(
            version=version.version,
            major=version.major,
            minor=version.minor,
            patch=version.patch,
            prerelease=version.prerelease,
            build=version.build,
            # In the field that is the engine's minor version now.
            engine_version=version.engine_minor,
            engine_fields_checksum=version.engine_fields_checksum,
        )

    def to_json(self) -> str:
        """As JSON, in client-py's form."""
        return json.dumps(self._parts())

    def __repr__(self) -> str:
        return f"VersionResponse({', '.join(f'{name}={value}' for name, value in self._parts().items())})"

    def _parts(self) -> dict[str, object]:
        names = ("version", "major", "minor", "patch", "prerelease", "build", "engine_version")
        return {name: getattr(self, name) for name in (*names, "engine_fields_checksum")}


class Client:
    """client-py's client. Of falco_outputs.Client's options it takes those that client-py does not have."""

    def __init__(
        self,
        endpoint: str,
        client_crt: str | None = None,
        client_key: str | None = None,
        ca_root: str | None = None,
        output_format: str | None = None,
        **options: Any,
    ) -> None:
        """`output_format`: "json" for text in place of objects; the others are paths of PEM files.

        Raises:
            TLSConfigError: for an endpoint that needs TLS, and not all that it needs.
            InvalidFormat: for an unknown `output_format`.
        """
        self.output_format = output_format
        certificates: dict[str, Any] = {}
        if not endpoint.startswith("unix:"):
            certificates = {"ca": ca_root, "cert": client_crt, "key": client_key}
            if None in certificates.values() and not options.get("insecure"):
                raise TLSConfigError(
                    "TLS needs paths for all of client_crt, client_key and ca_root: the client's certificate, its "
                    "key, and the authority's certificate"
                )
        self._client = _Client(endpoint, **certificates, **options)

    @property
    def output_format(self) -> str | None:
        """What `sub`, `get` and `version` return: "json" for text, None for objects."""
        return self._output_format

    @output_format.setter
    def output_format(self, output_format: str | None) -> None:
        if output_format and output_format not in OutputsResponse.SERIALIZERS:
            raise InvalidFormat(f'output_format: "{output_format}", expected "json" or None')
        self._output_format = output_format

    def sub(self) -> Iterator[Any]:
        """Subscribes to Falco's shared queue: what is queued, then what comes."""
        return self._alerts(lambda: self._client.sub(reconnect=False))

    def get(self) -> Iterator[Any]:
        """Gets what is in Falco's shared queue."""
        return self._alerts(self._client.get)

    def version(self) -> Any:
        """The version of Falco."""
        try:
            version = VersionResponse.from_version(self._client.version())
        except FalcoError as error:
            raise CallError(error) from error
        return version.to_json() if self._output_format else version

    def _alerts(self, begin: Callable[[], AlertStream]) -> Iterator[Any]:
        try:
            with begin() as stream:
                for alert in stream:
                    response = OutputsResponse.from_alert(alert)
                    yield response.to_json() if self._output_format else response
        except FalcoError as error:
            raise CallError(error) from error
