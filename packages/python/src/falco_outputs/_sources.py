"""What drives a stream: the code that takes its events, which is fastest, or a task or thread that reads ahead."""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable
from queue import SimpleQueue

from ._alert import Alert
from ._errors import FalcoError
from ._explain import CallError
from ._io import READ_AHEAD_BYTES, Driven, Event, Signal, run, seconds_to_end
from ._message import Received
from ._options import Lost, StreamStatus


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
        """Waits for a `take` that is about to return."""
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


class _ReadAhead(ABC):
    """Reads a stream some way ahead of the one that takes its events."""

    def __init__(self, stream: Driven) -> None:
        self._stream = stream

    @abstractmethod
    def _put(self, event: Event) -> bool:
        """Hands an event over. Returns whether there is no room for more."""

    @abstractmethod
    async def _wait_for_room(self) -> None: ...

    async def _drive(self) -> None:
        steps, ended = self._stream.steps(), None
        while True:
            try:
                step = await steps.asend(ended)
            except StopAsyncIteration:
                return
            ended = None
            if isinstance(step, StreamStatus):
                self._put(step)
                continue
            read, take = step.read, self._stream.take
            try:
                while (message := await read()) is not None:
                    if (alert := take(message)) is None:
                        continue
                    if self._stream.loss is not None:
                        self._put(Lost(self._stream.loss, alert))
                    if self._put(alert):
                        await self._wait_for_room()
            except (CallError, FalcoError) as error:
                ended = error


class TaskReadAhead(_ReadAhead):
    """Drives a stream in a task of its own, some way ahead of the one that takes its events."""

    def __init__(self, stream: Driven, running: set[TaskReadAhead]) -> None:
        super().__init__(stream)
        self._running = running
        self._loop = asyncio.get_running_loop()
        self._arrived: deque[Event] = deque()
        self._bytes = 0
        self._taker: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._has_ended = False
        self._error: BaseException | None = None
        running.add(self)
        self._task = asyncio.ensure_future(self._run())

    @property
    def is_over(self) -> bool:
        return self._has_ended and not self._arrived

    def ready(self) -> Event | None:
        if not self._arrived:
            return None
        event = self._arrived.popleft()
        if type(event) is Alert:
            self._bytes -= event._size
            if self._room is not None and self._bytes <= READ_AHEAD_BYTES // 2:
                _settle(self._room)
        return event

    async def take(self) -> Event | None:
        if not self._arrived and not self._has_ended:
            self._taker = self._loop.create_future()
            try:
                # If this wait is cancelled, nothing is lost.
                await self._taker
            finally:
                self._taker = None
        if self._arrived:
            return self.ready()
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        return None

    def wake(self) -> None:
        _settle(self._taker)
        _settle(self._room)

    def close(self) -> None:
        """Nothing to do: it ends by itself."""

    async def wait_end(self) -> None:
        await asyncio.wait({self._task}, timeout=seconds_to_end(self._stream))
        if not self._task.done():
            self._stream.cancel()

    async def _run(self) -> None:
        try:
            await self._drive()
        except Exception as error:  # noqa: BLE001, raised by `take`
            self._error = error
        finally:
            self._has_ended = True
            self._running.discard(self)
            _settle(self._taker)

    def _put(self, event: Event) -> bool:
        self._arrived.append(event)
        if type(event) is Alert:
            self._bytes += event._size
        _settle(self._taker)
        return self._bytes > READ_AHEAD_BYTES

    async def _wait_for_room(self) -> None:
        if not self._stream.has_ended():
            self._room = self._loop.create_future()
            await self._room
            self._room = None


def _settle(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)


class ThreadReadAhead(_ReadAhead):
    """Drives a stream in a thread of its own, some way ahead of the one that takes its events."""

    def __init__(self, stream: Driven, running: set[ThreadReadAhead]) -> None:
        super().__init__(stream)
        self._running = running
        self._arrived: SimpleQueue[Event | None] = SimpleQueue()
        # So many bytes arrived, and were taken, each counted by one thread only.
        self._arrived_bytes = 0
        self._taken_bytes = 0
        self._is_full = False
        self._room: SimpleQueue[None] = SimpleQueue()
        self._has_ended = False
        self._error: BaseException | None = None
        self._end = threading.Lock()
        self._end.acquire()
        running.add(self)
        threading.Thread(target=self._run, name="falco-outputs", daemon=True).start()

    @property
    def is_over(self) -> bool:
        return self._has_ended and self._arrived.empty()

    def ready(self) -> Event | None:
        # Only this thread takes.
        return None if self._arrived.empty() else self._took(self._arrived.get())

    async def take(self) -> Event | None:
        event = None if self.is_over else self._took(self._arrived.get())
        if event is None and self.is_over and self._error is not None:
            error, self._error = self._error, None
            raise error
        return event

    def wake(self) -> None:
        self._arrived.put(None)
        self._room.put(None)

    def close(self) -> None:
        """Nothing to do: it ends by itself."""

    async def wait_end(self) -> None:
        if not self._end.acquire(timeout=seconds_to_end(self._stream)):
            self._stream.cancel()
            return
        self._end.release()

    def _took(self, event: Event | None) -> Event | None:
        if type(event) is Alert:
            self._taken_bytes += event._size
            if self._is_full and self._arrived_bytes - self._taken_bytes <= READ_AHEAD_BYTES // 2:
                self._is_full = False
                self._room.put(None)
        return event

    def _run(self) -> None:
        try:
            run(self._drive())
        except BaseException as error:  # noqa: BLE001, raised by `take`
            self._error = error
        finally:
            self._has_ended = True
            self._arrived.put(None)
            self._running.discard(self)
            self._end.release()

    def _put(self, event: Event) -> bool:
        if type(event) is Alert:
            self._arrived_bytes += event._size
        self._arrived.put(event)
        return self._arrived_bytes - self._taken_bytes > READ_AHEAD_BYTES

    async def _wait_for_room(self) -> None:
        while True:
            # In this order: `_took` counts first, and then looks at `_is_full`.
            self._is_full = True
            if self._arrived_bytes - self._taken_bytes <= READ_AHEAD_BYTES or self._stream.has_ended():
                self._is_full = False
                return
            self._room.get()
