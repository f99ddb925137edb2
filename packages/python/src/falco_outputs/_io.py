"""What a stream needs from the place where it runs: an event loop of asyncio, or threads that block.

A stream's own code is written once, as coroutines. In a thread, what they await is done when it returns, so that they
never suspend, and `run` gets by without an event loop.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeAlias, TypeVar

from ._alert import Alert
from ._connections import Connection, Connections
from ._contract import VersionResponse
from ._message import Received
from ._options import Loss, StreamStatus
from ._outbox import Outbox
from ._plan import Metadata

T = TypeVar("T")

Event: TypeAlias = Alert | StreamStatus
"""What a stream yields: an alert, or a status of its connection."""
Steps: TypeAlias = AsyncGenerator["StreamStatus | OpenCall", Exception | None]
"""The life of a stream: each call that the server accepted, and the statuses of its connection.

The driver reads each call to its end, and sends the error that ended it, or None.
"""

FAREWELL_S = 1.0
"""How long the server may take to end a call that was half-closed, in seconds."""
GRACE_S = 1.0
"""How much longer a wait for the end of a call takes at most, in seconds, for a busy machine."""
SILENT_INTERVALS = 3
"""After how many intervals without a message a connection is dead."""
_LOOKS = 4
READ_AHEAD_BYTES = 256 * 1024
"""How much is read ahead, in bytes as they were on the wire."""


class Signal(Protocol):
    """Something that happens once. A signal handler may set it."""

    def set(self) -> None:
        """It has happened."""

    async def wait(self, timeout_s: float) -> None:
        """Waits until it has happened, or the time is over."""


class Silence:
    """Finds out whether a read waits for a server that has fallen silent.

    It has no clock of its own: its user calls `look` every `look_every_s` seconds. It counts these looks, not the time,
    so that a pause of the whole process counts as one.
    """

    def __init__(self, interval_s: float, on_silence: Callable[[], None]) -> None:
        self.look_every_s = interval_s / _LOOKS
        self._on_silence = on_silence
        # Written by the reader only, in whichever thread it is.
        self._reads = 0
        self._is_reading = False
        self._seen = 0
        self._looks = 0

    def began(self) -> None:
        """A read waits for a message."""
        self._reads += 1
        self._is_reading = True

    def ended(self) -> None:
        """It waits no longer."""
        self._is_reading = False

    def look(self) -> bool:
        """Reports it when one read has waited for too many looks. Returns whether to go on looking."""
        if not self._is_reading or self._reads != self._seen:
            self._seen = self._reads
            self._looks = 0
            return True
        self._looks += 1
        if self._looks < SILENT_INTERVALS * _LOOKS:
            return True
        self._on_silence()
        return False


class VersionCall(Protocol):
    """A `version` call."""

    async def result(self) -> tuple[VersionResponse | None, dict[str, str]]:
        """The answer and its headers; no answer if the call was cancelled here. Raises CallError."""

    def cancel(self) -> None:
        """Ends the call at once; may be called more than once."""


class StreamCall(Protocol):
    """A `sub` or a `get` on the wire."""

    async def headers(self) -> dict[str, str]:
        """The headers of the answer, once it is there; none if there is no answer."""

    def watch(self, silence: Silence) -> None:
        """Looks from now on whether the server has fallen silent. Before the first `read`."""

    async def read(self) -> Received | None:
        """The next message; None at the end, and when the call was cancelled here. Raises CallError."""

    def cancel(self) -> None:
        """Ends the call at once; may be called more than once, and by a signal handler."""


class OpenCall(Protocol):
    """A call that the server accepted."""

    @property
    def read(self) -> Callable[[], Awaitable[Received | None]]:
        """Reads the next message; None at the end. Raises CallError."""


class Driven(Protocol):
    """A stream, as its driver sees it."""

    ends_by: float
    """Until when it may wait for acknowledgements after it was ended."""

    @property
    def loss(self) -> Loss | None:
        """The loss that the last alert of `take` reports, if it reports one."""

    def steps(self) -> Steps:
        """Its life. Raises the FalcoError that ends it."""

    def take(self, received: Received) -> Alert | None:
        """The alert in a message of the open call; None if it is not passed on. Raises FalcoError."""

    def has_ended(self) -> bool:
        """Whether it was ended here, so that it yields no further alerts."""

    def cancel(self) -> None:
        """Ends it at once."""


class Source(Protocol):
    """Drives a stream, as its events are taken or ahead of that."""

    @property
    def is_over(self) -> bool:
        """Whether the stream has ended, and everything was taken."""

    def ready(self) -> Event | None:
        """The next event if it is there already."""

    async def take(self) -> Event | None:
        """The next event; None after the last one, or when `wake` was called. Raises what ended the stream."""

    def wake(self) -> None:
        """Ends a wait in `take`. A signal handler may call this."""

    async def wait_end(self) -> None:
        """Waits for the end of a stream that was ended; when that takes too long, ends it at once."""

    def close(self) -> None:
        """Frees a stream that was ended and is no longer iterated. Not for signal handlers."""


class IO(Protocol):
    """Where a stream runs."""

    def connections(self) -> Connections[Any]:
        """The client's connections."""

    def signal(self) -> Signal:
        """A signal that has not happened yet."""

    def source(self, stream: Driven, *, ahead: bool) -> Source:
        """Drives a stream. `ahead`: also while nobody takes its events."""

    def version(self, on: Connection[Any], metadata: Metadata, timeout_s: float | None) -> VersionCall:
        """Begins a `version` call."""

    def stream(
        self, on: Connection[Any], method: str, outbox: Outbox, metadata: Metadata, timeout_s: float | None
    ) -> StreamCall:
        """Begins a stream."""


def seconds_to_end(stream: Driven) -> float:
    """How long a stream that was ended may take, in seconds."""
    return max(0.0, stream.ends_by - time.monotonic()) + FAREWELL_S + GRACE_S


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine that never suspends."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    coroutine.close()
    raise RuntimeError("a coroutine of this package suspended in a thread, where nothing resumes it")
