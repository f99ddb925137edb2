"""Connections, each for as long as it is of use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

C = TypeVar("C")


class Connection(Generic[C]):
    """A channel of gRPC's, and how many calls use it."""

    def __init__(self, channel: C) -> None:
        self.channel = channel
        self.calls = 0
        self.is_lost = False


class Connections(Generic[C]):
    """Gives each call the connection that there is.

    A channel that lost its connection would make another one when it thinks fit; so it is given up, and the next call
    makes a new one, at once.
    """

    def __init__(self, connect: Callable[[], C], close: Callable[[C], None]) -> None:
        self._connect = connect
        self._close = close
        self._current: Connection[C] | None = None

    def acquire(self) -> Connection[C]:
        """The connection for a call, which has to be released."""
        connection = self._current
        if connection is None:
            connection = self._current = Connection(self._connect())
        connection.calls += 1
        return connection

    def release(self, connection: Connection[C]) -> None:
        """A call is over."""
        connection.calls -= 1
        if connection.is_lost and connection.calls == 0:
            self._close(connection.channel)

    def lose(self, connection: Connection[C]) -> None:
        """The connection is of no use any more; who still has a call on it finds out by itself."""
        if connection.is_lost:
            return
        connection.is_lost = True
        if self._current is connection:
            self._current = None
        if connection.calls == 0:
            self._close(connection.channel)

    def close(self) -> None:
        """Closes the connection that there is; one that was lost goes with its last call."""
        if self._current is not None:
            self.lose(self._current)
