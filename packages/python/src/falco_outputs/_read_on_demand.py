"""Drives a stream in the thread or task that takes its events, which is the fastest way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ._alert import Alert
from ._errors import FalcoError
from ._explain import CallError
from ._io import Driven, Event, Signal, run, seconds_to_end
from ._message import Received
from ._status import Lost, StreamStatus


class ReadOnDemand:
    """Drives a stream in the thread or task that takes its events. An interrupted or cancelled `take` ends it."""

    def __init__(self, stream: Driven, end: Signal, who: Callable[[], object]) -> None:
        self._stream = stream
        self._steps = stream.steps()
        self._read: Callable[[], Awaitable[Received | None]] | None = None
        # The alert that comes after the loss that it reports.
        self._next: Alert | None = None
        self._end = end
        self._who = who
        # The thread or the task that is in `take`.
        self._driver: object = None
        self.is_over = False

    def ready(self) -> Event | None:
        """The next event if it is there already."""
        alert, self._next = self._next, None
        return alert

    async def take(self) -> Event | None:
        """The next event; None after the last one. Raises what ended the stream."""
        if self.is_over:
            return None
        self._driver = self._who()
        ended: Exception | None = None
        try:
            while True:
                read, take = self._read, self._stream.take
                if read is not None:
                    try:
                        while (message := await read()) is not None:
                            alert = take(message)
                            if alert is not None:
                                return alert if self._stream.loss is None else self._told(alert)
                    except (CallError, FalcoError) as error:
                        ended = error
                    self._read = None
                step = await self._steps.asend(ended)
                ended = None
                if isinstance(step, StreamStatus):
                    return step
                self._read = step.read
        except StopAsyncIteration:
            self._over()
            return None
        except BaseException:
            self._over()
            raise
        finally:
            self._driver = None

    def wake(self) -> None:
        """Nothing to do: the call was cancelled, which ends a wait."""

    async def wait_end(self) -> None:
        """Waits for whoever is in `take`, which is about to return."""
        # A signal handler that interrupts `take` cannot wait for it.
        if self._driver is not None and self._driver != self._who():
            await self._end.wait(seconds_to_end(self._stream))

    def close(self) -> None:
        """Frees a stream that is no longer iterated."""
        if self._driver is None and not self.is_over:
            self._over()

    def _told(self, alert: Alert) -> Event:
        self._next = alert
        assert self._stream.loss is not None  # noqa: S101
        return Lost(self._stream.loss, alert)

    def _over(self) -> None:
        self.is_over = True
        # Its clean-up waits for nothing, so it needs no event loop.
        run(self._steps.aclose())
        self._end.set()
