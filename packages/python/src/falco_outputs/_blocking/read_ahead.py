"""Reads a stream in a thread of its own, some way ahead of the one that takes its events."""

from __future__ import annotations

import threading
from queue import SimpleQueue

from falco_outputs._alert import Alert
from falco_outputs._errors import FalcoError
from falco_outputs._explain import CallError
from falco_outputs._io import READ_AHEAD_BYTES, Driven, Event, run, seconds_to_end
from falco_outputs._status import Lost, StreamStatus


class ReadAhead:
    """Drives a stream in a thread of its own, some way ahead of the one that takes its events."""

    def __init__(self, stream: Driven, running: set[ReadAhead]) -> None:
        self._stream = stream
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
        except BaseException as error:  # noqa: BLE001, whoever takes raises it
            self._error = error
        finally:
            self._has_ended = True
            self._arrived.put(None)
            self._running.discard(self)
            self._end.release()

    async def _drive(self) -> None:
        steps, ended = self._stream.steps(), None
        while True:
            try:
                step = await steps.asend(ended)
            except StopAsyncIteration:
                return
            ended = None
            if isinstance(step, StreamStatus):
                self._arrived.put(step)
                continue
            try:
                while (message := await step.read()) is not None:
                    alert = self._stream.take(message)
                    if alert is not None:
                        self._put(alert)
            except (CallError, FalcoError) as error:
                ended = error

    def _put(self, alert: Alert) -> None:
        if self._stream.loss is not None:
            self._arrived.put(Lost(self._stream.loss, alert))
        self._arrived_bytes += alert._size
        self._arrived.put(alert)
        if self._arrived_bytes - self._taken_bytes > READ_AHEAD_BYTES:
            self._wait_for_room()

    def _wait_for_room(self) -> None:
        while True:
            # In this order: whoever takes counts first, and then looks whether someone waits.
            self._is_full = True
            if self._arrived_bytes - self._taken_bytes <= READ_AHEAD_BYTES or self._stream.has_ended():
                self._is_full = False
                return
            self._room.get()
