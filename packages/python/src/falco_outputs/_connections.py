"""The connections of one client, and when its streams try again, all at once, after one was lost."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from ._errors import UnavailableError
from ._options import Reconnect
from ._target import Pems, Target

C = TypeVar("C")

UNIX_MAX_DELAY_S = 1.0
"""The longest wait before another attempt on a unix socket, in seconds: no network has to recover."""


class Connection(Generic[C]):
    """A channel of gRPC's, and how many calls use it."""

    def __init__(self, channel: C, pems: Pems | None) -> None:
        self.channel = channel
        self.pems = pems
        self.calls = 0
        self.is_lost = False


class Connections(Generic[C]):
    """Provides each call with the current connection.

    A channel that lost its connection would connect again in its own time, with the certificates that it was made with.
    So it is discarded, and the next call makes a new channel at once. There is one attempt to connect at a time, which
    all streams share, and one decision on when the next one follows.
    """

    def __init__(
        self, target: Target, connect: Callable[[Pems | None], C], close: Callable[[C], None]
    ) -> None:
        self._target = target
        self._connect = connect
        self._close = close
        # A signal handler may come in between.
        self._lock = threading.RLock()
        self._current: Connection[C] | None = None
        # Those that were not closed yet, the current one among them.
        self._open: set[Connection[C]] = set()
        self.failed = 0
        """How many connections in a row were lost without progress."""
        self._retry_at = 0.0
        self._is_closed = False
        self._waiting: list[Callable[[], None]] = []

    def acquire(self) -> Connection[C]:
        """The connection for a call, which must release it.

        Raises UnavailableError if the files of the certificates cannot be used now.
        """
        with self._lock:
            connection = self._current
            if connection is None or not self._is_up_to_date(connection):
                pems = self._target.read_certificates()
                if connection is not None:
                    self._give_up(connection)
                connection = self._current = Connection(self._connect(pems), pems)
                self._open.add(connection)
                # A call that comes too late closes the connection that it made.
                connection.is_lost = self._is_closed
            connection.calls += 1
            return connection

    def release(self, connection: Connection[C]) -> None:
        """A call is over."""
        with self._lock:
            connection.calls -= 1
            if connection.is_lost and connection.calls == 0:
                self._close_once(connection)

    def lost(self, connection: Connection[C] | None, reconnect: Reconnect) -> None:
        """A connection failed, or could not even be attempted (None). Other calls on it notice by themselves."""
        with self._lock:
            if connection is None:
                if self._retry_at > time.monotonic():
                    return
            elif connection.is_lost:
                return
            else:
                self._give_up(connection)
            self.failed += 1
            longest_s = reconnect.max_delay_s
            if self._target.place.is_unix:
                longest_s = min(longest_s, UNIX_MAX_DELAY_S)
            delay_s = backoff_s(self.failed, reconnect.initial_delay_s, longest_s, backoff_fraction())
            self._retry_at = time.monotonic() + delay_s

    def give_up(self, connection: Connection[C]) -> None:
        """The next call is to use another connection."""
        with self._lock:
            self._give_up(connection)

    def retry_in_s(self) -> float:
        """How long to wait before the next attempt, in seconds."""
        return max(0.0, self._retry_at - time.monotonic())

    def answered(self) -> None:
        """A server accepted a call: the streams that wait for the next attempt need not wait longer."""
        if not self._waiting:
            return
        with self._lock:
            self._retry_at = 0.0
            waiting, self._waiting = self._waiting, []
        for wake in waiting:
            wake()

    def progressed(self, connection: Connection[C]) -> None:
        """An alert arrived on this connection, so the next loss counts as the first one."""
        if self.failed > 0 and connection is self._current:
            self.failed = 0

    def when_answered(self, wake: Callable[[], None]) -> None:
        """Calls `wake` as soon as a server takes a call."""
        with self._lock:
            self._waiting.append(wake)

    def forget(self, wake: Callable[[], None]) -> None:
        """The wait is over."""
        with self._lock:
            if wake in self._waiting:
                self._waiting.remove(wake)

    def close(self) -> None:
        """Closes every connection, with the calls that are left."""
        with self._lock:
            self._is_closed = True
            self._current = None
            for connection in list(self._open):
                connection.is_lost = True
                self._close_once(connection)

    def _is_up_to_date(self, connection: Connection[C]) -> bool:
        """Whether the files of the certificates still hold what the connection was made with."""
        if connection.pems is None:
            return True
        try:
            return self._target.read_certificates() == connection.pems
        except UnavailableError:
            # They are being exchanged; the connection is still good.
            return True

    def _give_up(self, connection: Connection[C]) -> None:
        connection.is_lost = True
        if self._current is connection:
            self._current = None
        if connection.calls == 0:
            self._close_once(connection)

    def _close_once(self, connection: Connection[C]) -> None:
        if connection in self._open:
            self._open.remove(connection)
            self._close(connection.channel)


def backoff_s(failed: int, initial_s: float, max_s: float, fraction: float) -> float:
    """Exponential backoff with full jitter, in seconds, so that a server's clients do not reconnect all at once.

    `failed` is how many attempts in a row have failed, from 1; `fraction` is random, from 0 to 1.
    """
    # Beyond 2 to the 60th the upper bound applies anyway, and a float would overflow.
    return fraction * min(max_s, initial_s * 2.0 ** min(failed - 1, 60))


def backoff_fraction() -> float:
    """Where in its range a wait is, from 0 to 1."""
    return random.random()  # noqa: S311, no secret
