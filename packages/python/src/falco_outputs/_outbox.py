"""What a client sends on a stream, and when."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

from ._contract import OutputsRequest

COALESCE_S = 0.005
"""The longest that an acknowledgement waits for others to go with it, in seconds."""


class Outbox:
    """A first request at once, then acknowledgements and polls as they become due, until `end` half-closes.

    It knows neither threads nor event loops: whoever sends asks `take` what there is to send, or how long to wait.
    """

    def __init__(self, first: OutputsRequest, poll_interval_s: float | None) -> None:
        # A signal handler may come in between.
        self._lock = threading.RLock()
        self.first = first
        """The first request; the only one of a `get`."""
        self._is_first = True
        self._poll_interval_s = poll_interval_s
        self._next_poll: float | None = None
        self._window = 0
        self._done = 0
        self._sent = 0
        self._due: float | None = None
        self._ended = False
        self.idle = True
        """Set to False whenever an alert comes: Falco's own server is asked only while none does."""
        self.wake: Callable[[], None] = _nothing
        """Called when whoever waits has to ask again."""

    def open_window(self, window: int) -> None:
        """The server said how many responses may be unacknowledged."""
        self._window = window

    def stop_polling(self) -> None:
        """It is our server, which sends unasked."""
        self._poll_interval_s = None

    def acknowledge(self, done: int) -> None:
        """So many responses are done. Sent soon, but not one by one."""
        with self._lock:
            first = self._done == self._sent
            self._done = done
            full = (done - self._sent) * 4 >= self._window
        if first or full:
            self.wake()

    def end(self) -> None:
        """Half-closes, once what there is to acknowledge is sent."""
        with self._lock:
            self._ended = True
        self.wake()

    def take(self, now: float) -> OutputsRequest | float | None:
        """A request to send now, the seconds to wait before asking again, or None behind the last request."""
        with self._lock:
            if self._is_first:
                self._is_first = False
                return self.first
            unsent = self._done - self._sent
            if unsent > 0:
                if self._due is None:
                    self._due = now + COALESCE_S
                if self._ended or now >= self._due or unsent * 4 >= self._window:
                    self._due = None
                    self._sent = self._done
                    return OutputsRequest(acknowledged=self._sent)
            if self._ended:
                return None
            return self._poll(now)

    def _poll(self, now: float) -> OutputsRequest | float:
        wait = math.inf if self._due is None else self._due - now
        interval = self._poll_interval_s
        if interval is None:
            return wait
        if self._next_poll is None:
            self._next_poll = now + interval
        elif now >= self._next_poll:
            self._next_poll = now + interval
            idle, self.idle = self.idle, True
            if idle:
                return OutputsRequest()
        return min(wait, self._next_poll - now)


def _nothing() -> None:
    """Nobody waits yet."""
