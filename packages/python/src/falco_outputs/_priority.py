"""Severities."""

from __future__ import annotations

from enum import IntEnum
from typing import Literal, TypeAlias

from ._errors import invalid
from ._quote import quoted


class Priority(IntEnum):
    """Severity of a rule, as in falco.schema.priority: 0 is the most severe, 7 the least."""

    EMERGENCY = 0
    ALERT = 1
    CRITICAL = 2
    ERROR = 3
    WARNING = 4
    NOTICE = 5
    INFORMATIONAL = 6
    DEBUG = 7


PriorityName: TypeAlias = Literal[
    "Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug"
]

PriorityLike: TypeAlias = Priority | int | str
"""A Priority, its number, or Falco's name for it in any case, "info" for "Informational"."""

# A table of our own: the contract's enum has three names for each number.
_names: tuple[PriorityName, ...] = (
    "Emergency",
    "Alert",
    "Critical",
    "Error",
    "Warning",
    "Notice",
    "Informational",
    "Debug",
)
_numbers = {name.lower(): Priority(number) for number, name in enumerate(_names)} | {
    "info": Priority.INFORMATIONAL
}


def priority_name(priority: int) -> str:
    """The name as Falco writes it, e.g. "Warning"; the number as text if Falco has no such priority."""
    return _names[priority] if 0 <= priority < len(_names) else str(priority)


def parse_priority(name: str) -> Priority | None:
    """The priority of a name in any case; None for anything else."""
    return _numbers.get(name.lower())


def to_priority(priority: PriorityLike) -> Priority:
    """The priority that is meant."""
    if isinstance(priority, str):
        found = parse_priority(priority)
        if found is not None:
            return found
    elif not isinstance(priority, bool) and priority in range(len(_names)):
        return Priority(priority)
    raise invalid(f"priority: {quoted(priority)}, expected one of {', '.join(_names)}")
