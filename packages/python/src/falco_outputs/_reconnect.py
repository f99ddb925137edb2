"""How to come back after the connection was lost."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ._errors import invalid
from ._quote import quoted


@dataclass(frozen=True, kw_only=True)
class Reconnect:
    """How to come back after the connection was lost."""

    wait_on_first_connect: bool = False
    """Whether to go on trying when the very first connection fails, too."""
    max_attempts: float = math.inf
    """How many attempts in a row may fail before the error is raised."""
    initial_delay_s: float = 0.1
    """The longest wait before the first attempt, in seconds; it doubles with each. The waits are random below it."""
    max_delay_s: float = 30.0
    """What it doubles up to, in seconds."""

    def __post_init__(self) -> None:
        for name in ("max_attempts", "initial_delay_s", "max_delay_s"):
            value = getattr(self, name)
            if not value >= 0:
                raise invalid(f"reconnect: {name} is {quoted(value)}, expected 0 or more")
