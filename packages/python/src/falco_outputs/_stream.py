"""The alerts of one stream, across the connections that it takes: the code that both clients share."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

import grpc

from ._alert import Alert, alert_of
from ._backoff import backoff_s
from ._call import Call
from ._contract import GET, SUB, VERSION_HEADER, OutputsRequest, OutputsResponse
from ._errors import DeadlineExceededError, FalcoError, UnavailableError, UnimplementedError
from ._explain import had_connection, is_local
from ._io import IO, StreamCall, VersionCall
from ._outbox import Outbox
from ._plan import Plan
from ._reconnect import Reconnect
from ._status import Connected, Connecting, Disconnected, Loss, Lost, Resumed, loss_of

_methods = {"sub": SUB, "get": GET}

FAREWELL_S = 1.0
"""How long the server may take to end a stream that was half-closed, in seconds."""

_final_here = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
}
_transient_there = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
}


@dataclass(frozen=True)
class Owner:
    """What a stream needs of the client that it belongs to."""

    address: str
    connect_timeout_s: float
    error: Callable[[str, grpc.RpcError], FalcoError]
    """Puts the reason of a failed call in words."""


class Stream:
    """The alerts of one stream. It is open from the first `next`.

    `end` and `stop` end it at once, also while a `next` waits, which then says that the stream is done: ending on
    purpose is no error. A stream that acknowledges ends with its last acknowledgement sent.
    """

    def __init__(self, io: IO, plan: Plan, owner: Owner) -> None:
        self._io = io
        self._loop = io.loop
        self._plan = plan
        self._owner = owner
        self._tried = f"{plan.method} on {owner.address}"
        self._started_at: float | None = None
        self._ended = False
        self._stopping = False
        # What ends a wait before an attempt, or for an answer.
        self._over = io.signal()
        self._opening: VersionCall | StreamCall | None = None
        self._call: Call | None = None
        self._read: Callable[[], Awaitable[OutputsResponse | None]] | None = None
        # Who waits in `next`, and the signal that it has left.
        self._waiting: object | None = None
        # Who waited there last.
        self._waited: object | None = None
        self._left = io.signal()
        # What the body of the loop has: the call, and the places of the alerts among its responses.
        self._current: tuple[Call, list[int]] | None = None
        self._ahead = False
        # The highest sequence number that was given, or the place where the stream began.
        self._position: int | None = None
        # How many attempts there were since one succeeded.
        self._attempts = 0
        # How often the connection failed since an alert came: a server that takes calls, and drops them, gets its rest.
        self._failed = 0
        self._was_connected = False

    @property
    def plan(self) -> Plan:
        """What it is to do."""
        return self._plan

    @property
    def has_begun(self) -> bool:
        """Whether it was iterated."""
        return self._started_at is not None

    @property
    def is_iterated_here(self) -> bool:
        """Whether it is this thread, or this task, that iterates it."""
        return self._waited == self._loop()

    @property
    def needs_farewell(self) -> bool:
        """Whether its end takes more than a cancel."""
        return self._call is not None and self._plan.acknowledge is not False and not self._has_ended()

    async def next(self) -> Alert | None:
        """The next alert; None when the stream is done."""
        if self._waiting is not None:
            raise RuntimeError("this stream is being waited for already: iterate it in one place")
        self._waiting = self._waited = self._loop()
        try:
            if self._current is not None:
                self._leave_current()
            if self._has_ended() or self._stopping:
                await self._end_before()
                return None
            while True:
                try:
                    # What a loop does most of the time.
                    read = self._read
                    message = await (self._connected() if read is None else read())
                    if message is None or self._has_ended():
                        if await self._is_done():
                            return None
                        continue
                    self._failed = 0
                    alert = self._take(message)
                    if alert is not None:
                        return alert
                except grpc.RpcError as reason:
                    if self._has_ended():
                        return None
                    error = self._owner.error(self._tried, reason)
                    if not error.from_server and self._call is not None:
                        self._call.lost()
                    await self._recover(error, reason)
                except FalcoError as error:
                    if self._has_ended():
                        return None
                    await self._recover(error, error.__cause__)
        except FalcoError:
            self.abandon()
            raise
        except BaseException:
            # Ctrl-C, or the task was cancelled: whoever waited is nobody to read the rest any more.
            self._waiting = None
            await self.end()
            raise
        finally:
            self._waiting = None
            if self._has_ended():
                self._left.set()

    async def next_batch(self) -> list[Alert]:
        """All that have arrived, at least one; none when the stream is done."""
        self._ahead = True
        first = await self.next()
        if first is None:
            return []
        alerts = [first]
        try:
            while self._call is not None and (message := self._call.ready()) is not None:
                alert = self._take(message)
                if alert is not None:
                    alerts.append(alert)
        except FalcoError:
            self.abandon()
            raise
        return alerts

    async def end(self) -> None:
        """Ends the stream; what the body of the loop has is not acknowledged."""
        if self._has_ended():
            if self._waiting is not None and self._waiting != self._io.loop():
                await self._left.wait(FAREWELL_S)
            return
        call = self._close()
        if call is None:
            return
        timer = self._io.later(FAREWELL_S, call.cancel)
        if self._waiting is None:
            await self._drain(call)
        elif self._waiting != self._io.loop():
            # It is the one who reads.
            await self._left.wait(FAREWELL_S)
        else:
            # A signal handler, in the middle of the read: that one goes on when the handler returns.
            return
        timer.cancel()
        call.cancel()

    def stop(self) -> None:
        """Ends the stream; what the body of the loop has is acknowledged first, when the loop comes back."""
        self._stopping = True
        if self._has_ended():
            return
        acknowledges = self._plan.acknowledge is not False
        if acknowledges and self._waiting is None:
            return
        self.leave()

    def leave(self) -> None:
        """Ends the stream without waiting for its end."""
        call = self._close()
        if call is not None:
            self._io.later(FAREWELL_S, call.cancel)

    def abandon(self) -> None:
        """Ends the stream at once, without a farewell."""
        call = self._close()
        if call is not None:
            call.cancel()

    # A method, since type checkers take what an attribute says for unchanged across an await.
    def _has_ended(self) -> bool:
        return self._ended

    def _close(self) -> Call | None:
        """The stream is over. Gives the call that is half-closed now, and has to be read to its end."""
        self._ended = True
        self._over.set()
        if self._opening is not None:
            self._opening.cancel()
        call = self._call
        if call is None:
            return None
        if self._plan.acknowledge is False:
            call.cancel()
            return None
        call.half_close()
        return call

    async def _end_before(self) -> None:
        """The stream is done, though nobody waited."""
        self._waiting = None
        await self.end()

    async def _connected(self) -> OutputsResponse | None:
        """The first message of a new call."""
        if self._started_at is None:
            self._started_at = self._io.clock()
        call = await self._connect()
        return None if call is None else await call.read()

    async def _is_done(self) -> bool:
        """Whether the stream is done, at the end of a call."""
        if self._has_ended():
            if self._call is not None:
                await self._drain(self._call)
            return True
        if self._plan.reconnect is None:
            await self.end()
            return True
        # Falco's own server ends its streams so when it stops.
        raise UnavailableError(
            "the server ended the stream", grpc.StatusCode.UNAVAILABLE, tried=self._tried, from_server=True
        )

    def _leave_current(self) -> None:
        """The loop came back: it is done with what it had."""
        if self._current is None:
            return
        call, places = self._current
        self._current = None
        if self._plan.acknowledge is True and call.acknowledgements is not None:
            for place in places:
                call.acknowledgements.done(place)

    async def _connect(self) -> Call | None:
        """A call that the server took; None if the stream was ended meanwhile."""
        plan = self._plan
        self._attempts += 1
        plan.tell(Connecting(self._attempts))
        if self._has_ended():
            return None
        if plan.needs_our_server:
            await self._assert_our_server()
            if self._has_ended():
                return None
        polls = plan.method == "sub" and not plan.needs_our_server
        outbox = Outbox(self._request(), plan.poll_interval_s if polls else None)
        acknowledges = plan.acknowledge is not False
        wire = self._io.stream(
            _methods[plan.method],
            outbox,
            plan.metadata,
            self._remaining_s(),
            ahead=self._ahead,
            graceful=acknowledges,
        )
        call = Call(wire, outbox, acknowledges=acknowledges)
        self._opening = wire
        try:
            await call.begin()
        except BaseException as reason:
            call.cancel()
            if isinstance(reason, grpc.RpcError) and _is_local(reason):
                wire.lost()
            raise
        finally:
            self._opening = None
        if self._has_ended():
            call.cancel()
            return None
        self._call = call
        self._read = call.reader
        self._attempts = 0
        if self._position is None:
            self._position = call.position
        plan.tell(Resumed() if self._was_connected else Connected())
        self._was_connected = True
        return None if self._has_ended() else call

    def _request(self) -> OutputsRequest:
        """The first request; on a reconnection it says where the stream was."""
        request = self._plan.request
        resumes = request.broadcast or request.group != ""
        if not self._was_connected or not resumes or self._position is None:
            return request
        resumed = OutputsRequest()
        resumed.CopyFrom(request)
        resumed.after = self._position
        return resumed

    async def _assert_our_server(self) -> None:
        """Falco's own server would take the options for an empty request, and hand alerts out before we knew."""
        limit_s = self._owner.connect_timeout_s
        left_s = self._remaining_s()
        timeout_s = limit_s if left_s is None else min(left_s, limit_s)
        tried = f"version on {self._owner.address}"
        call = self._io.version(self._plan.metadata, timeout_s)
        self._opening = call
        try:
            _, headers = await call.result()
        except grpc.RpcError as reason:
            headers = headers_of(reason)
            if VERSION_HEADER not in headers:
                code = reason.code()
                if code is grpc.StatusCode.DEADLINE_EXCEEDED and timeout_s == limit_s:
                    call.lost()
                    raise UnavailableError(
                        f"no answer came within {limit_s:g} s",
                        grpc.StatusCode.UNAVAILABLE,
                        tried=tried,
                    ) from reason
                if code is grpc.StatusCode.DEADLINE_EXCEEDED or _is_local(reason):
                    call.lost()
                    raise
            _let_go(reason)
        finally:
            self._opening = None
        # An answer all the same, also where Falco's version is not known.
        if VERSION_HEADER in headers or self._has_ended():
            return
        # The C core may lose the headers of an answer that comes with the deadline.
        self._remaining_s()
        raise UnimplementedError(
            "this server is Falco's own, which has the shared queue only: leave out group, broadcast, after, follow "
            "and acknowledge (filter_locally filters on this side)",
            grpc.StatusCode.UNIMPLEMENTED,
            tried=tried,
        )

    def _remaining_s(self) -> float | None:
        """The time until the deadline. Raises DeadlineExceededError beyond it."""
        timeout_s = self._plan.timeout_s
        if timeout_s is None:
            return None
        left_s = timeout_s - (self._io.clock() - (self._started_at or 0.0))
        if left_s > 0:
            return left_s
        raise DeadlineExceededError(
            "the operation timed out", grpc.StatusCode.DEADLINE_EXCEEDED, tried=self._tried
        )

    def _within_deadline(self, wait_s: float) -> float:
        if self._plan.timeout_s is None or self._started_at is None:
            return wait_s
        return max(0.0, min(wait_s, self._started_at + self._plan.timeout_s - self._io.clock()))

    def _take(self, message: OutputsResponse) -> Alert | None:
        """What becomes of a message that arrived; None if the loop does not get it."""
        plan, call = self._plan, self._call
        if call is None:
            return None
        acknowledgements = call.acknowledgements
        place = 0 if acknowledgements is None else acknowledgements.received()
        sequence = message.sequence
        loss: Loss | None = None
        if sequence == 0:
            if call.is_ours:
                loss = loss_of(alert_of(message))
                if loss is not None and loss.cause == "restart":
                    # Another log, with numbers of its own.
                    self._position = call.position
        elif sequence > (self._position or 0):
            self._position = sequence
        elif plan.request.broadcast:
            return None
        if loss is None and plan.passes is not None and not plan.passes(message):
            if acknowledgements is not None:
                acknowledgements.done(place)
            return None
        if acknowledgements is None:
            alert = alert_of(message)
        else:
            manual = plan.acknowledge == "manual"
            alert = alert_of(message, acknowledgements if manual else None, place)
            if self._current is not None and self._current[0] is call:
                self._current[1].append(place)
            else:
                self._current = (call, [place])
        if loss is not None:
            plan.tell(Lost(loss, alert))
        return alert

    async def _drain(self, call: Call) -> None:
        """Reads a call that was half-closed to its end."""
        if self._plan.acknowledge is False:
            return
        try:
            while await call.read() is not None:
                pass
        except grpc.RpcError as reason:
            # The connection is gone, and whatever was not acknowledged will come again.
            _let_go(reason)

    async def _recover(self, error: FalcoError, cause: BaseException | None) -> None:
        """Waits for the next attempt, not beyond the deadline. Raises the error, if there is none."""
        call, self._call, self._read = self._call, None, None
        if call is not None:
            call.cancel()
        self._failed += 1
        reconnect = self._plan.reconnect
        if reconnect is None or not self._may_retry(error, cause, reconnect):
            if cause is None:
                raise error
            raise error from cause
        error.__cause__ = cause
        _let_go(cause)
        retry_in_s = backoff_s(
            self._failed,
            reconnect.initial_delay_s,
            reconnect.max_delay_s,
            random.random(),  # noqa: S311, no secret
        )
        self._plan.tell(Disconnected(error, retry_in_s))
        await self._over.wait(self._within_deadline(retry_in_s))

    def _may_retry(self, error: FalcoError, cause: BaseException | None, reconnect: Reconnect) -> bool:
        if not self._was_connected and not reconnect.wait_on_first_connect:
            # Falco's own server says nothing before its first alert, but a call that held so long had a connection.
            since_s = self._io.clock() - (self._started_at or 0.0)
            connected = not isinstance(cause, grpc.RpcError) or had_connection(cause.details() or "")
            if not connected or since_s <= 2 * self._owner.connect_timeout_s:
                return False
        return self._attempts < reconnect.max_attempts and _is_transient(error)


def headers_of(reason: grpc.RpcError) -> dict[str, str]:
    """The headers and trailers that came with an error."""
    call = cast(grpc.Call, reason)
    parts = [*(call.initial_metadata() or ()), *(call.trailing_metadata() or ())]
    return {key: value for key, value in parts if isinstance(value, str)}


def _let_go(reason: BaseException | None) -> None:
    """Lets go of the frames that an error has, which goes no further.

    An error of gRPC's blocking API is the call itself, so that call and frames would keep each other, and whoever
    iterates, until the garbage is collected.
    """
    if reason is not None:
        reason.__traceback__ = None


def _is_local(reason: grpc.RpcError) -> bool:
    return is_local(reason.code(), reason.details() or "")


def _is_transient(error: FalcoError) -> bool:
    """Whether another attempt may fare better."""
    return error.code in _transient_there if error.from_server else error.code not in _final_here
