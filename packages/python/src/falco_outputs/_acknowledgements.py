"""Which responses of one call are done."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Acknowledgements:
    """Counts the responses that are done.

    The server takes a count of the first ones, so an alert that is done before earlier ones waits for them. Handlers
    may call from any thread.
    """

    def __init__(self, send: Callable[[int], None]) -> None:
        self._send = send
        # A signal handler may come in between.
        self._lock = threading.RLock()
        # Done, though an earlier one is not.
        self._early: set[int] = set()
        self._received = 0
        self._done = 0

    def received(self) -> int:
        """Counts one more response; gives its place among them."""
        place = self._received
        self._received = place + 1
        return place

    def done(self, place: int) -> None:
        """The response at this place is done."""
        with self._lock:
            if place < self._done:
                return
            if place > self._done:
                self._early.add(place)
                return
            self._done += 1
            while self._done in self._early:
                self._early.remove(self._done)
                self._done += 1
            self._send(self._done)
