"""What an alert says, on its way from one form to another."""

from __future__ import annotations

from dataclasses import dataclass, field

from ._time import Instant


@dataclass
class AlertContent:
    """The parts of an alert as Falco's lines have them."""

    time: Instant | None
    priority: int
    rule: str = ""
    output: str = ""
    output_fields: dict[str, str] = field(default_factory=dict)
    hostname: str = ""
    tags: list[str] = field(default_factory=list)
    source: str = ""
