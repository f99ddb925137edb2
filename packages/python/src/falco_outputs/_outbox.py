"""What a client sends on one call, and when: its request, acknowledgements, polls, and the end."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

from ._contract import OutputsRequest

COALESCE_S = 0.001
"""How long an acknowledgement waits for others that go with it, in seconds."""


class Outbox:
    """A first request at once, then acknowledgements and polls as they become due, until it half-closes.

    It knows neither threads nor event loops: the sender asks `take` what there is to send, or how long to wait.

    The server takes a count of the first responses that are done, so an alert that is done before earlier ones waits
    for them. Handlers may acknowledge from any thread.
    """

    def __init__(self, first: OutputsRequest, poll_interval_s: float | None, owner: object = None) -> None:
        # A signal handler may come in between.
        self._lock = threading.RLock()
        self.first = first
        """The first request; the only one of a `get`."""
        self.owner = owner
        """The stream whose call it is."""
        self.wake: Callable[[], None] = _nothing
        """Called when the sender must ask again; also by signal handlers."""
        self._is_first = True
        self._poll_interval_s = poll_interval_s
        self._next_poll: float | None = None
        self._window = 0
        # How many responses arrived, were yielded to be acknowledged by hand, and of those are done.
        self._received = 0
        self._given = 0
        self._returned = 0
        # How many are done without a gap; those that are done after a gap; how many the server has been told of.
        self._done = 0
        self._early: set[int] = set()
        self._sent = 0
        self._due: float | None = None
        # When it half-closes even if some responses that were yielded are not done.
        self._finish_by: float | None = None
        self.is_over = False
        """Whether the call is over, so that nothing is sent any more."""

    def open_window(self, window: int) -> None:
        """The server said how many responses may be unacknowledged."""
        self._window = window

    def stop_polling(self) -> None:
        """It is our server, which sends without being polled."""
        self._poll_interval_s = None

    def received(self) -> int:
        """Counts one more response, and returns its place among them."""
        place = self._received
        self._received = place + 1
        return place

    def gave(self) -> None:
        """A response was yielded, to be acknowledged by hand."""
        self._given += 1

    def done(self, place: int, *, given: bool = False) -> bool:
        """The response at this place is done. Returns whether that counts: not twice, nor once the call is over.

        `given`: it is one that was yielded to be acknowledged by hand.
        """
        with self._lock:
            if self.is_over or place < self._done or place in self._early:
                return False
            if given:
                self._returned += 1
            first = self._done == self._sent
            if place > self._done:
                self._early.add(place)
            else:
                self._done += 1
                while self._done in self._early:
                    self._early.remove(self._done)
                    self._done += 1
            full = (self._done - self._sent) * 4 >= self._window
            ends = self._finish_by is not None
        if (first and self._done > self._sent) or full or ends:
            self.wake()
        return True

    def finish(self, by: float) -> None:
        """Half-closes when everything that was yielded is done, or at this time, after the last acknowledgement."""
        with self._lock:
            self._finish_by = by if self._finish_by is None else min(by, self._finish_by)
        self.wake()

    def end(self) -> None:
        """The call is over."""
        with self._lock:
            self.is_over = True
        self.wake()

    def take(self, now: float) -> OutputsRequest | float | None:
        """A request to send now, the seconds to wait before asking again, or None after the last request."""
        with self._lock:
            if self._is_first:
                self._is_first = False
                return self.first
            if self.is_over:
                return None
            finish_in_s = self._finish_in_s(now)
            unsent = self._done - self._sent
            if unsent > 0:
                if self._due is None:
                    self._due = now + COALESCE_S
                if finish_in_s <= 0 or now >= self._due or unsent * 4 >= self._window:
                    self._due = None
                    self._sent = self._done
                    return OutputsRequest(acknowledged=self._sent)
            if finish_in_s <= 0:
                return None
            wait_s = finish_in_s if self._due is None else min(finish_in_s, self._due - now)
            return self._poll(now, wait_s)

    def _finish_in_s(self, now: float) -> float:
        if self._finish_by is None:
            return math.inf
        return 0 if self._returned >= self._given else max(0, self._finish_by - now)

    def _poll(self, now: float, wait_s: float) -> OutputsRequest | float:
        """Falco's own server sends queued alerts only on request, so it gets a request at every tick."""
        interval_s = self._poll_interval_s
        if interval_s is None:
            return wait_s
        if self._next_poll is None:
            self._next_poll = now + interval_s
        elif now >= self._next_poll:
            # The ticks stay the same, and a missed one is skipped.
            self._next_poll += interval_s * (1 + (now - self._next_poll) // interval_s)
            return OutputsRequest()
        return min(wait_s, self._next_poll - now)


def _nothing() -> None:
    """No sender waits yet."""
