"""What a stream needs of where it runs: an event loop of asyncio, or threads that block.

Its own code is written once, as coroutines. In a thread, what they await is done when it returns, so that they never
suspend, and `run` gets by without an event loop.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from ._contract import OutputsResponse, VersionResponse
from ._outbox import Outbox
from ._plan import Metadata

T = TypeVar("T")


class Timer(Protocol):
    """Something that is to happen later."""

    def cancel(self) -> None:
        """It is not to happen."""


class Signal(Protocol):
    """Something that happens once."""

    def set(self) -> None:
        """It has happened."""

    async def wait(self, timeout_s: float | None = None) -> None:
        """Waits until it has happened, or the time is over."""


class VersionCall(Protocol):
    """A `version` call."""

    async def result(self) -> tuple[VersionResponse | None, dict[str, str]]:
        """The answer and its headers; no answer if the call was cancelled here. Raises grpc.RpcError."""

    def cancel(self) -> None:
        """Ends the call at once; may be called more than once."""

    def lost(self) -> None:
        """Its connection is of no use any more: the next call makes another one."""


class StreamCall(Protocol):
    """A `sub` or a `get` on the wire."""

    async def headers(self) -> dict[str, str]:
        """The headers of the answer, once it is there; none if there is no answer."""

    async def read(self) -> OutputsResponse | None:
        """The next message; None at the end, and when the call was cancelled here. Raises grpc.RpcError."""

    def ready(self) -> OutputsResponse | None:
        """The next message if it arrived ahead."""

    def cancel(self) -> None:
        """Ends the call at once; may be called more than once."""

    def lost(self) -> None:
        """Its connection is of no use any more: the next call makes another one."""


class IO(Protocol):
    """Where a stream runs."""

    def clock(self) -> float:
        """Seconds from any point in time."""

    def loop(self) -> object:
        """Who runs just now: a thread, or a task."""

    def later(self, delay_s: float, action: Callable[[], None]) -> Timer:
        """Does something later, unless it is cancelled."""

    def signal(self) -> Signal:
        """A signal that has not happened yet."""

    def version(self, metadata: Metadata, timeout_s: float | None) -> VersionCall:
        """Begins a `version` call."""

    def stream(
        self,
        method: str,
        outbox: Outbox,
        metadata: Metadata,
        timeout_s: float | None,
        *,
        ahead: bool,
        graceful: bool,
    ) -> StreamCall:
        """Begins a stream.

        `ahead`: messages are read before they are asked for. `graceful`: an interrupted read does not end the call.
        """


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine that never suspends."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    coroutine.close()
    raise RuntimeError("a coroutine of this package suspended in a thread, where nothing resumes it")
