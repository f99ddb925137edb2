"""Reads a stream in a task of its own, some way ahead of the one that takes its events."""

from __future__ import annotations

import asyncio
from collections import deque

from falco_outputs._alert import Alert
from falco_outputs._errors import FalcoError
from falco_outputs._explain import CallError
from falco_outputs._io import READ_AHEAD_BYTES, Driven, Event, seconds_to_end
from falco_outputs._status import Lost, StreamStatus


class ReadAhead:
    """Drives a stream in a task of its own, some way ahead of the one that takes its events."""

    def __init__(self, stream: Driven, running: set[ReadAhead]) -> None:
        self._stream = stream
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
                # Whoever waits here may be cancelled: nothing is lost by that.
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
        except Exception as error:  # noqa: BLE001, whoever takes raises it
            self._error = error
        finally:
            self._has_ended = True
            self._running.discard(self)
            _settle(self._taker)

    async def _drive(self) -> None:
        steps, ended = self._stream.steps(), None
        while True:
            try:
                step = await steps.asend(ended)
            except StopAsyncIteration:
                return
            ended = None
            if isinstance(step, StreamStatus):
                self._arrived.append(step)
                _settle(self._taker)
                continue
            read, take = step.read, self._stream.take
            try:
                while (message := await read()) is not None:
                    alert = take(message)
                    if alert is not None:
                        self._put(alert)
                        if self._bytes > READ_AHEAD_BYTES:
                            await self._wait_for_room()
            except (CallError, FalcoError) as error:
                ended = error

    def _put(self, alert: Alert) -> None:
        if self._stream.loss is not None:
            self._arrived.append(Lost(self._stream.loss, alert))
        self._arrived.append(alert)
        self._bytes += alert._size
        taker = self._taker
        if taker is not None and not taker.done():
            taker.set_result(None)

    async def _wait_for_room(self) -> None:
        if not self._stream.has_ended():
            self._room = self._loop.create_future()
            await self._room
            self._room = None


def _settle(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)
