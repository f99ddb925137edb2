"""What the caller's loop gets from a stream: alerts, one by one or in batches, their acknowledgement, and the end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import grpc

from ._alert import Alert
from ._call import Server
from ._errors import CancelledError, refused
from ._io import IO, READ_AHEAD_BYTES, Source
from ._options import Connected, Connecting, Disconnected, Lost, Resumed, StreamStatus
from ._plan import Plan
from ._stream import Stream

log = logging.getLogger("falco_outputs")
log.addHandler(logging.NullHandler())


class Delivery:
    """The alerts of one stream. It is open from the first `next`."""

    def __init__(self, plan: Plan, server: Server, io: Callable[[], IO]) -> None:
        self._plan = plan
        self._server = server
        self._io_of = io
        self.io: IO | None = None
        """Where it runs, once it was iterated."""
        self._stream: Stream | None = None
        self._source: Source | None = None
        # What the body of the loop is working on; acknowledged when the loop asks for the next alert.
        self._current: list[Alert] = []
        self._is_waiting = False
        # Whether it was ended here, and whether a `get` that this cut short has raised its error.
        self._is_stopping = False
        self._has_told = False
        self.is_abandoned = False
        """Whether the stream was garbage before it was begun, as with `anext(client.sub())`."""

    @property
    def has_begun(self) -> bool:
        """Whether it was iterated."""
        return self._source is not None

    @property
    def acknowledges_by_itself(self) -> bool:
        """Whether an alert is acknowledged when the loop asks for the next one."""
        return self._plan.acknowledge is True

    async def next(self, *, ahead: bool = False) -> Alert | None:
        """The next alert; None when the stream is done.

        `ahead`: alerts are read before they are asked for.
        """
        if self._is_waiting:
            raise RuntimeError("this stream is being waited for already: iterate it in one place")
        self._is_waiting = True
        try:
            if self._current:
                self._leave_current()
            source = self._source
            if source is None and not self._has_stopped():
                source = self._begin(ahead=ahead)
            while source is not None and not self._has_stopped():
                event = source.ready() or await source.take()
                if self._has_stopped():
                    break
                if isinstance(event, Alert):
                    if event._outbox is None or self._gave(event):
                        return event
                elif event is not None:
                    self._tell(event)
                elif source.is_over:
                    return None
            await self._stopped()
            return None
        except Exception:
            # Of the stream, or of `on_status`, whose own error it is.
            self.let_go()
            raise
        finally:
            self._is_waiting = False

    async def next_batch(self) -> list[Alert]:
        """All that have arrived, at least one; none when the stream is done."""
        first = await self.next(ahead=True)
        if first is None:
            return []
        alerts, size = [first], first._size
        try:
            while (
                size < READ_AHEAD_BYTES
                and self._source is not None
                and (event := self._source.ready()) is not None
                and not self._has_stopped()
            ):
                if not isinstance(event, Alert):
                    self._tell(event)
                elif event._outbox is None or self._gave(event):
                    alerts.append(event)
                    size += event._size
        except Exception:
            self.leave()
            raise
        return alerts

    def acknowledge(self, alert: Alert) -> bool:
        """Marks an alert as done. Returns whether that still counts."""
        if self._plan.acknowledge != "manual":
            raise refused('acknowledge: this stream was not begun with acknowledge="manual"')
        outbox = alert._outbox
        if outbox is None or self._stream is None or outbox.owner is not self._stream:
            raise refused(
                "acknowledge: this alert did not come from this stream: it is a copy, was made by hand, or is "
                "another stream's"
            )
        return outbox.done(alert._place, given=True)

    def stop(self) -> None:
        """Ends the stream; what the body of the loop has is acknowledged first, when the loop asks for the next alert.

        A signal handler may call this, and any thread; with asyncio only the thread of the event loop.
        """
        self._is_stopping = True
        if self._plan.acknowledge is True and not self._is_waiting:
            return
        self._end()

    def leave(self) -> None:
        """Ends the stream without waiting for its end; what the body of the loop has is not acknowledged.

        With `acknowledge="manual"` what was given can still be acknowledged until `drain_timeout_s` passes.
        """
        self._is_stopping = True
        self._current.clear()
        self._end()

    def let_go(self) -> None:
        """Ends a stream that is no longer iterated. Not for signal handlers."""
        self.leave()
        if self._source is not None:
            self._source.close()

    async def end(self) -> None:
        """Ends the stream and waits for its end."""
        self.leave()
        await self.wait_end()

    async def wait_end(self) -> None:
        """Waits for the end of a stream that was ended."""
        if self._source is not None:
            await self._source.wait_end()

    def _begin(self, *, ahead: bool) -> Source:
        io = self.io = self._io_of()
        self._stream = Stream(io, self._plan, self._server)
        self._source = io.source(self._stream, ahead=ahead or self._plan.acknowledge is not False)
        if self._has_stopped():
            # Another thread stopped it meanwhile, and found nothing to end.
            self._end()
        return self._source

    def _has_stopped(self) -> bool:
        """A method, because type checkers assume that an attribute does not change across an await."""
        return self._is_stopping

    def _end(self) -> None:
        if self._source is None or self._stream is None:
            return
        if self._plan.acknowledge is False:
            self._stream.cancel()
        else:
            drain_s = self._plan.drain_timeout_s if self._plan.acknowledge == "manual" else 0.0
            self._stream.finish(time.monotonic() + drain_s)
        self._source.wake()

    async def _stopped(self) -> None:
        """What the loop gets from a stream that was ended here."""
        if self._plan.acknowledge is True:
            self._end()
            await self.wait_end()
        if self._source is not None:
            self._source.close()
        if self._plan.follows or self._has_told:
            return
        stream, source = self._stream, self._source
        if stream is not None and stream.is_complete and source is not None and source.is_over:
            return
        self._has_told = True
        raise CancelledError(
            "the stream was ended before the server had sent all alerts",
            grpc.StatusCode.CANCELLED,
            tried=f"{self._plan.method} on {self._server.address}",
        )

    def _gave(self, alert: Alert) -> bool:
        """Counts an alert that the loop is about to get; False if its call is over, so that it comes again."""
        outbox = alert._outbox
        if outbox is None or outbox.is_over:
            return False
        if self._plan.acknowledge == "manual":
            outbox.gave()
        else:
            self._current.append(alert)
        return True

    def _leave_current(self) -> None:
        """The loop asks for the next alert, so it is done with the last one."""
        current, self._current = self._current, []
        for alert in current:
            if alert._outbox is not None:
                alert._outbox.done(alert._place)

    def _tell(self, status: StreamStatus) -> None:
        self._log(status)
        if self._plan.on_status is not None:
            self._plan.on_status(status)

    def _log(self, status: StreamStatus) -> None:
        tried = f"{self._plan.method} on {self._server.address}"
        match status:
            case Connecting(attempt):
                log.debug("%s: attempt %d", tried, attempt)
            case Connected():
                log.info("%s: connected", tried)
            case Resumed():
                log.info("%s: resumed", tried)
            case Disconnected(error, retry_in_s):
                log.warning("%s: %s; trying again in %.1f s", tried, error.message, retry_in_s)
            case Lost(loss):
                count = "an unknown number of" if loss.lost is None else loss.lost
                log.warning("%s: %s alerts lost (%s)", tried, count, loss.cause)
