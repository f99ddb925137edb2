"""What `on_status` is called with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias, cast, get_args

from ._alert import Alert
from ._errors import FalcoError


@dataclass(frozen=True)
class Connecting:
    """An attempt begins."""

    attempt: int
    """Counted from 1, and from 1 again after each success."""


@dataclass(frozen=True)
class Connected:
    """The server answered for the first time. Falco's own does so only with its first alert."""


@dataclass(frozen=True)
class Disconnected:
    """The connection was lost, or an attempt failed; another one follows."""

    error: FalcoError
    retry_in_s: float
    """When the next attempt begins, in seconds."""
    last_heard_at: datetime | None = None
    """When this stream last heard from a server, in UTC; None if it never did."""


@dataclass(frozen=True)
class Resumed:
    """The server answers again; the stream continues where it was, as far as its mode allows."""


LossCause: TypeAlias = Literal["overflow", "restart", "slow", "unknown"]


@dataclass(frozen=True)
class Loss:
    """Which alerts a subscriber has lost for good."""

    cause: LossCause
    """`overflow`: the server's bound reached them before the group took them. `slow`: before this broadcast read them.
    `restart`: they were in a log that the server no longer has, and nobody knows how many. `unknown`: a newer server's
    cause, which is in `cause_text`."""
    cause_text: str
    """The cause as the server says it."""
    lost: int | None
    """How many; None after a restart."""
    first_sequence: int | None
    last_sequence: int | None


@dataclass(frozen=True)
class Lost:
    """Alerts were lost. The alert that reports it comes next."""

    loss: Loss
    alert: Alert


StreamStatus: TypeAlias = Connecting | Connected | Disconnected | Resumed | Lost


def loss_of(alert: Alert) -> Loss | None:
    """Reads the alert with which our server tells a loss: one without a sequence number."""
    fields = alert.output_fields
    text = fields.get("cause")
    if alert.sequence != 0 or text is None:
        return None
    known = text in get_args(LossCause)
    return Loss(
        cast(LossCause, text) if known else "unknown",
        text,
        _number(fields.get("lost")),
        _number(fields.get("first_sequence")),
        _number(fields.get("last_sequence")),
    )


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None
