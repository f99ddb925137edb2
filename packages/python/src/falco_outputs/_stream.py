"""The life of one stream: its calls, one after the other, whose messages become alerts.

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
from ._contract import OutputsRequest
from ._errors import FalcoError, UnavailableError
from ._explain import CallError, explain
from ._io import IO, Steps
from ._message import Received
from ._options import Connected, Connecting, Disconnected, Loss, Resumed, loss_of
from ._plan import Plan
from ._reconnection import Reconnection, is_lost


class State(Enum):
    """Where a stream is."""

    CONNECTING = "asks who the server is, where that matters, and begins a call"
    OPEN = "the server took the call; also while a stream that was ended waits for acknowledgements"
    WAITING = "until the next attempt"
    OVER = "it has ended"


class Stream:
    """One stream, across its connections."""

    def __init__(self, io: IO, plan: Plan, server: Server) -> None:
        self.plan = plan
        self.tried = f"{plan.method} on {server.address}"
        """As messages name it."""
        self.state = State.CONNECTING
        self.is_complete = False
        """Whether the server sent all alerts: it ended a `get` with OK."""
        self.ends_by = 0.0
        """Until when it waits for acknowledgements after it was ended."""
        self.loss: Loss | None = None
        """The loss that the last alert of `take` reports, if it reports one."""
        self._io = io
        self._server = server
        self._reconnection = Reconnection(io, plan, server)
        self._is_ending = False
        self._call: Call | None = None
        # The highest sequence number that came or was scanned, or the place where the stream began.
        self._position: int | None = None
        # When something last came from the server, in seconds since 1970.
        self._heard_at: float | None = None

    # Methods, because type checkers assume that an attribute does not change across an await.
    def has_ended(self) -> bool:
        """Whether it was ended here, so that it yields no further alerts."""
        return self._is_ending

    def is_open(self) -> bool:
        """Whether there is a call that the server took."""
        return self.state is State.OPEN

    def cancel(self) -> None:
        """Ends it at once. A signal handler may call this."""
        self._is_ending = True
        call = self._call
        if call is not None:
            call.cancel()
        self._reconnection.wake()

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

        The driver reads each call to its end, passes each message to `take`, and sends the error that ended the call.
        Raises the FalcoError that ends the stream.
        """
        reconnection = self._reconnection
        try:
            while not self.has_ended():
                self.state = State.CONNECTING
                yield Connecting(reconnection.begin())
                call = self._call = Call(self._io, self.plan, self._server, self._request(), self)
                try:
                    if self.has_ended() or not await call.begin(reconnection.remaining_s):
                        return
                    self._opened(call)
                    yield Resumed() if reconnection.was_connected else Connected()
                    reconnection.was_connected = True
                    ended = yield call
                    if call.silent_for_ms > 0 and not self.has_ended():
                        raise self._silent(call.silent_for_ms)
                    if ended is not None:
                        raise ended
                    if self._may_end():
                        return
                    # This is how Falco's own server ends its streams when it stops.
                    error: FalcoError = self._unavailable("the server ended the stream", from_server=True)
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
                wait_s = reconnection.wait_s(call, error, failed)
                # The traceback of an error that is not raised would keep this stream alive.
                error.__traceback__ = failed = None
                shared = is_lost(error)
                yield Disconnected(error, wait_s, self._last_heard_at())
                del error
                await reconnection.wait(wait_s, shared=shared, has_ended=self.has_ended)
        finally:
            self.state = State.OVER

    def take(self, received: Received) -> Alert | None:
        """The alert in a message of the open call; None if it is not passed on."""
        call = self._call
        if call is None:
            return None
        self._heard_at = time.time()
        message, size = received
        if message is None:
            raise FalcoError(
                f"a message of {size} bytes is not an alert", grpc.StatusCode.INTERNAL, tried=self.tried
            )
        plan = self.plan
        if call.is_ours and message.scanned != 0:
            # Not an alert: the server says how far it has looked, or only that it is there.
            if plan.request.broadcast and message.scanned > (self._position or 0):
                self._position = message.scanned
            return None
        acknowledges = plan.acknowledge is not False
        place = call.outbox.received() if acknowledges else 0
        if self._is_ending:
            return None
        self._reconnection.progressed(call)
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

    def _opened(self, call: Call) -> None:
        self.state = State.OPEN
        self._heard_at = time.time()
        if self._position is None:
            self._position = call.position
        self._reconnection.succeeded()

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
        if not self._reconnection.was_connected or not resumes or self._position is None:
            return request
        resumed = OutputsRequest()
        resumed.CopyFrom(request)
        resumed.after = self._position
        return resumed

    def _last_heard_at(self) -> datetime | None:
        return None if self._heard_at is None else datetime.fromtimestamp(self._heard_at, UTC)

    def _silent(self, ms: int) -> UnavailableError:
        return self._unavailable(f"nothing was heard for {ms} ms: the connection is dead", from_server=False)

    def _unavailable(self, message: str, *, from_server: bool) -> UnavailableError:
        return UnavailableError(
            message, grpc.StatusCode.UNAVAILABLE, tried=self.tried, from_server=from_server
        )
