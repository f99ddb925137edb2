"""Whether and when a stream tries again after its call failed, and its deadline."""

from __future__ import annotations

import time
from collections.abc import Callable

import grpc

from ._call import Call, Server
from ._connections import Connection, backoff_fraction, backoff_s
from ._errors import DeadlineExceededError, FalcoError
from ._explain import CallError
from ._io import IO, Signal
from ._options import Reconnect
from ._plan import Plan

_transient_there = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
}
"""The server's codes after which another attempt may succeed. Of the codes made here, only UNAVAILABLE is one."""


class Reconnection:
    """The attempts of one stream."""

    def __init__(self, io: IO, plan: Plan, server: Server) -> None:
        self._io = io
        self._plan = plan
        self._server = server
        self._connections = io.connections()
        self._started_at = time.monotonic()
        self.attempts = 0
        """How many there were since one succeeded."""
        self.was_connected = False
        """Whether one ever succeeded."""
        # How often in a row the server itself ended this stream without an alert.
        self._refused = 0
        # Ends the wait before the next attempt.
        self._pause: Signal | None = None

    def begin(self) -> int:
        """Another attempt begins; returns its number."""
        self.attempts += 1
        return self.attempts

    def succeeded(self) -> None:
        """The server accepted the call."""
        self.attempts = 0
        self._connections.answered()

    def progressed(self, call: Call) -> None:
        """An alert arrived, so the next failure counts as the first one."""
        if self._refused > 0 or self._connections.failed > 0:
            self._refused = 0
            if call.connection is not None:
                self._connections.progressed(call.connection)

    def wake(self) -> None:
        """Ends a wait if the stream has ended. A signal handler may call this."""
        pause = self._pause
        if pause is not None:
            pause.set()

    def remaining_s(self) -> float | None:
        """The time until the deadline. Raises DeadlineExceededError after it."""
        left_s = self._left_s()
        if left_s is None or left_s > 0:
            return left_s
        raise DeadlineExceededError(
            "the operation timed out",
            grpc.StatusCode.DEADLINE_EXCEEDED,
            tried=f"{self._plan.method} on {self._server.address}",
        )

    def wait_s(self, call: Call, error: FalcoError, failed: CallError | None) -> float:
        """How long to wait before the next attempt, in seconds. Raises the error if none follows."""
        reconnect = self._plan.reconnect
        transient = error.code in _transient_there if error.from_server else is_lost(error)
        if reconnect is None or not transient or not self._may_retry(failed, reconnect):
            if not error.from_server and call.connection is not None:
                self._connections.give_up(call.connection)
            raise error
        if not is_lost(error):
            # The server ended this stream, not the connection.
            self._refused += 1
            return backoff_s(
                self._refused, reconnect.initial_delay_s, reconnect.max_delay_s, backoff_fraction()
            )
        connection: Connection[object] | None = call.connection
        if connection is not None and call.lasted_s() > reconnect.max_delay_s:
            # No alert came, but this is not a server that accepts calls only to drop them.
            self._connections.progressed(connection)
        self._connections.lost(connection, reconnect)
        return self._connections.retry_in_s()

    async def wait(self, wait_s: float, *, shared: bool, has_ended: Callable[[], bool]) -> None:
        """Waits for the next attempt, not beyond the deadline, nor once the stream has ended.

        `shared`: with all streams that the connection failed, until one of them has an answer.
        """
        pause = self._pause = self._io.signal()
        if shared:
            self._connections.when_answered(pause.set)
        try:
            until = time.monotonic() + self._within_deadline(wait_s)
            while not has_ended() and (left_s := until - time.monotonic()) > 0:
                await pause.wait(left_s)
                if not shared:
                    return
                # Another stream may have tried, with an answer or without.
                until = time.monotonic() + self._within_deadline(self._connections.retry_in_s())
        finally:
            self._pause = None
            self._connections.forget(pause.set)

    def _may_retry(self, failed: CallError | None, reconnect: Reconnect) -> bool:
        if not self.was_connected and not reconnect.wait_on_first_connect:
            # Falco's own server says nothing before its first alert, but a call that held so long had a connection.
            since_s = time.monotonic() - self._started_at
            connected = failed is None or failed.had_connection
            if not connected or since_s <= 2 * self._server.connect_timeout_s:
                return False
        return reconnect.max_attempts is None or self.attempts < reconnect.max_attempts

    def _left_s(self) -> float | None:
        timeout_s = self._plan.timeout_s
        return None if timeout_s is None else self._started_at + timeout_s - time.monotonic()

    def _within_deadline(self, wait_s: float) -> float:
        left_s = self._left_s()
        return wait_s if left_s is None else max(0.0, min(wait_s, left_s))


def is_lost(error: FalcoError) -> bool:
    """Whether the connection failed, or could not be made, which concerns every stream."""
    return error.code is grpc.StatusCode.UNAVAILABLE
