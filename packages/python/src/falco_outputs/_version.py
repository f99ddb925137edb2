"""The version of Falco behind a server."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from ._contract import VersionResponse


@dataclass(frozen=True)
class Version:
    """Falco's version, as `falco.version.service` gives it: whole, and in parts."""

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


def version_of(message: VersionResponse) -> Version:
    """The contract's message as a Version."""
    return Version(
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
