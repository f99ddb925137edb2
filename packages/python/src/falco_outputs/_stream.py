"""The connection of one stream: it is made, lost and made again, and its messages become alerts.

        ┌───────────────────────────┐
        ▼                           │
─► CONNECTING ──► OPEN ──► WAITING ─┘
        │           │         │
        └───────────┴─────────┴──► OVER
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from enum import Enum

import grpc

from ._alert import Alert, alert_of
from ._call import Call, Server
from ._connections import backoff_fraction, backoff_s
from ._contract import OutputsRequest
from ._errors import DeadlineExceededError, FalcoError, UnavailableError
from ._explain import CallError, explain
from ._io import IO, Signal, Steps
from ._message import Received
from ._options import Reconnect
from ._plan import Plan
from ._status import Connected, Connecting, Disconnected, Loss, Resumed, loss_of

_transient_there = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
}
"""The server's codes after which another attempt may succeed. Of the codes made here, only UNAVAILABLE is one."""


class State(Enum):
    """Where a stream is."""

    CONNECTING = "asks who the server is, where that matters, and begins a call"
    OPEN = "the server took the call; also while a stream that was ended waits for acknowledgements"
    WAITING = "until the next attempt"
    OVER = "nothing more comes"


class Stream:
    """The connection of one stream."""

    def __init__(self, io: IO, plan: Plan, server: Server) -> None:
        self.plan = plan
        self.tried = f"{plan.method} on {server.address}"
        """As messages name it."""
        self.state = State.CONNECTING
        self.is_complete = False
        """Whether the server sent all alerts: it ended a `get` with OK."""
        self.ends_by = 0.0
        """Until when it waits for acknowledgements after it was ended."""
        self._io = io
        self._server = server
        self._connections = io.connections()
        self._is_ending = False
        self._started_at: float | None = None
        self._call: Call | None = None
        # Ends the wait before the next attempt.
        self._pause: Signal | None = None
        # The highest sequence number that came, or the place where the stream began.
        self._position: int | None = None
        # How many attempts there were since one succeeded.
        self._attempts = 0
        # How often in a row the server itself ended this stream without an alert.
        self._refused = 0
        self._was_connected = False
        # In seconds since 1970.
        self._heard_at: float | None = None
        self.loss: Loss | None = None
        """The loss that the last alert of `take` reports, if it reports one."""

    # Methods, because type checkers assume that an attribute does not change across an await.
    def has_ended(self) -> bool:
        """Whether it was ended here, so that it yields no more alerts."""
        return self._is_ending

    def is_open(self) -> bool:
        """Whether there is a call that the server took."""
        return self.state is State.OPEN

    def cancel(self) -> None:
        """Ends it at once. A signal handler may call this."""
        self._is_ending = True
        call, pause = self._call, self._pause
        if call is not None:
            call.cancel()
        if pause is not None:
            pause.set()

    def finish(self, by: float) -> None:
        """Ends it when all alerts that it yielded are acknowledged, or at this time. A signal handler may call this."""
        call = self._call
        if call is not None and self.is_open():
            if not self._is_ending:
                self.ends_by = by
            self._is_ending = True
            call.outbox.finish(self.ends_by)
        else:
            self.cancel()

    async def steps(self) -> Steps:
        """Yields the calls that the server accepted, one after the other, and the statuses of the connection.

        Whoever takes a call reads it to its end, passes each message to `take`, and sends the error that ended it.
        Raises the FalcoError that ends the stream.
        """
        self._started_at = time.monotonic()
        try:
            while not self.has_ended():
                self._attempts += 1
                self.state = State.CONNECTING
                yield Connecting(self._attempts)
                call = self._call = Call(self._io, self.plan, self._server, self._request(), self)
                try:
                    if self.has_ended() or not await call.begin(self._remaining_s):
                        return
                    self._opened(call)
                    yield Resumed() if self._was_connected else Connected()
                    self._was_connected = True
                    ended = yield call
                    if call.silent_for_ms > 0 and not self.has_ended():
                        raise self._silent(call.silent_for_ms)
                    if ended is not None:
                        raise ended
                    if self._may_end():
                        return
                    # This is how Falco's own server ends its streams when it stops.
                    error: FalcoError = self._unavailable("the server ended the stream")
                    failed = None
                except CallError as reason:
                    if self.has_ended():
                        return
                    failed = reason
                    error = explain(reason, self._server.place, self.tried, refused=call.position is None)
                    error.__cause__ = reason.__cause__
                except FalcoError as reason:
                    if self.has_ended():
                        return
                    error, failed = reason, None
                except ValueError:
                    # The client was closed meanwhile, and gRPC makes no call on a channel that is closed.
                    if self.has_ended():
                        return
                    raise
                finally:
                    self._call = None
                    call.close()
                self.state = State.WAITING
                retry_in_s = self._retry_in_s(call, error, failed)
                # The traceback of an error that is not raised would keep this stream alive.
                error.__traceback__ = failed = None
                shared = _is_lost(error)
                yield Disconnected(error, retry_in_s, self._last_heard_at())
                del error
                await self._wait(retry_in_s, shared=shared)
        finally:
            self.state = State.OVER

    def _opened(self, call: Call) -> None:
        self.state = State.OPEN
        self._attempts = 0
        self._heard_at = time.time()
        if self._position is None:
            self._position = call.position
        self._connections.answered()

    def take(self, received: Received) -> Alert | None:
        """The alert in a message of the open call; None if it is not passed on."""
        call = self._call
        if call is None:
            return None
        message, size = received
        if message is None:
            raise FalcoError(
                f"a message of {size} bytes is not an alert", grpc.StatusCode.INTERNAL, tried=self.tried
            )
        self._heard_at = time.time()
        plan = self.plan
        if call.is_ours and message.scanned != 0:
            # Not an alert: the server tells how far it has looked, or just that it is there.
            if plan.request.broadcast and message.scanned > (self._position or 0):
                self._position = message.scanned
            return None
        acknowledges = plan.acknowledge is not False
        place = call.outbox.received() if acknowledges else 0
        if self._is_ending:
            return None
        if self._refused > 0 or self._connections.failed > 0:
            self._progressed(call)
        loss = self.loss = None
        sequence = message.sequence
        if sequence == 0:
            loss = self.loss = loss_of(alert_of(message)) if call.is_ours else None
            if loss is not None and loss.cause == "restart":
                # Another log, with its own sequence numbers.
                self._position = call.position
        elif sequence > (self._position or 0):
            self._position = sequence
        elif plan.request.broadcast:
            return None
        alert = alert_of(message, size, call.outbox if acknowledges else None, place)
        if plan.passes is not None and loss is None and not plan.passes(alert):
            if acknowledges:
                call.outbox.done(place)
            return None
        return alert

    def _progressed(self, call: Call) -> None:
        self._refused = 0
        if call.connection is not None:
            self._connections.progressed(call.connection)

    def _may_end(self) -> bool:
        """Whether the stream is done, now that the server ended the call with OK."""
        if self.has_ended():
            return True
        self.is_complete = not self.plan.follows
        return self.plan.reconnect is None

    def _request(self) -> OutputsRequest:
        """The first request; on a reconnection it says where the stream was."""
        request = self.plan.request
        resumes = request.broadcast or request.group != ""
        if not self._was_connected or not resumes or self._position is None:
            return request
        resumed = OutputsRequest()
        resumed.CopyFrom(request)
        resumed.after = self._position
        return resumed

    def _remaining_s(self) -> float | None:
        """The time until the deadline. Raises DeadlineExceededError after it."""
        timeout_s = self.plan.timeout_s
        if timeout_s is None or self._started_at is None:
            return None
        left_s = self._started_at + timeout_s - time.monotonic()
        if left_s > 0:
            return left_s
        raise DeadlineExceededError(
            "the operation timed out", grpc.StatusCode.DEADLINE_EXCEEDED, tried=self.tried
        )

    def _retry_in_s(self, call: Call, error: FalcoError, failed: CallError | None) -> float:
        """How long to wait before the next attempt, in seconds. Raises the error if none follows."""
        reconnect = self.plan.reconnect
        transient = error.code in _transient_there if error.from_server else _is_lost(error)
        if reconnect is None or not transient or not self._may_retry(failed, reconnect):
            if not error.from_server and call.connection is not None:
                self._connections.give_up(call.connection)
            raise error
        if not _is_lost(error):
            # The server ended this stream, not the connection.
            self._refused += 1
            return backoff_s(
                self._refused, reconnect.initial_delay_s, reconnect.max_delay_s, backoff_fraction()
            )
        if call.connection is not None and call.lasted_s() > reconnect.max_delay_s:
            # No alert came, but this is not a server that accepts calls only to drop them.
            self._connections.progressed(call.connection)
        self._connections.lost(call.connection, reconnect)
        return self._connections.retry_in_s()

    def _may_retry(self, failed: CallError | None, reconnect: Reconnect) -> bool:
        if not self._was_connected and not reconnect.wait_on_first_connect:
            # Falco's own server says nothing before its first alert, but a call that held so long had a connection.
            since_s = time.monotonic() - (self._started_at or 0.0)
            connected = failed is None or failed.had_connection
            if not connected or since_s <= 2 * self._server.connect_timeout_s:
                return False
        return reconnect.max_attempts is None or self._attempts < reconnect.max_attempts

    async def _wait(self, retry_in_s: float, *, shared: bool) -> None:
        """Waits for the next attempt, not beyond the deadline.

        `shared`: with all streams that the connection failed, until one of them has an answer.
        """
        pause = self._pause = self._io.signal()
        if shared:
            self._connections.when_answered(pause.set)
        try:
            until = time.monotonic() + self._within_deadline(retry_in_s)
            while not self.has_ended() and (left_s := until - time.monotonic()) > 0:
                await pause.wait(left_s)
                if not shared:
                    return
                # Another stream may have tried, with an answer or without.
                until = time.monotonic() + self._within_deadline(self._connections.retry_in_s())
        finally:
            self._pause = None
            self._connections.forget(pause.set)

    def _within_deadline(self, wait_s: float) -> float:
        if self.plan.timeout_s is None or self._started_at is None:
            return wait_s
        return max(0.0, min(wait_s, self._started_at + self.plan.timeout_s - time.monotonic()))

    def _last_heard_at(self) -> datetime | None:
        return None if self._heard_at is None else datetime.fromtimestamp(self._heard_at, UTC)

    def _silent(self, ms: int) -> UnavailableError:
        message = f"nothing was heard for {ms} ms: the connection is dead"
        return UnavailableError(message, grpc.StatusCode.UNAVAILABLE, tried=self.tried)

    def _unavailable(self, message: str) -> UnavailableError:
        return UnavailableError(message, grpc.StatusCode.UNAVAILABLE, tried=self.tried, from_server=True)


def _is_lost(error: FalcoError) -> bool:
    return error.code is grpc.StatusCode.UNAVAILABLE
