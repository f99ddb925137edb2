"""The client for asyncio."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterable, AsyncIterator, Coroutine, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import grpc.aio

from ._alert import Alert
from ._asyncio import AsyncIO
from ._client_base import ClientBase
from ._contract import FalcoVersion
from ._delivery import Delivery
from ._errors import refused
from ._plan import checked_timeout, metadata_of
from ._target import DEFAULT_MAX_MESSAGE_BYTES, Pem, target_of


class AsyncAlertStream(AsyncIterable[Alert]):
    """Alerts as they arrive, for one `async for` loop. The call begins when the first alert is asked for.

    Leaving the loop ends the stream, whether by `break`, an error or a cancelled task; so do `stop` and `aclose`. If
    the stream acknowledges, the alert that the loop was at then goes to another subscriber. `anext(stream)` takes one
    alert and leaves the stream open, even if it is cancelled: `asyncio.wait_for(anext(stream), 1)` loses nothing.
    """

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    def __aiter__(self) -> AsyncIterator[Alert]:
        return _Loop(self, self._delivery)

    def __anext__(self) -> Coroutine[Any, Any, Alert]:
        return _next(self._delivery, ahead=True)

    def batches(self) -> AsyncIterator[list[Alert]]:
        """The same alerts in lists: all that have arrived, at least one.

        For programs that handle many at once, e.g. write them to a database. With `acknowledge=True` a batch is
        acknowledged when the loop asks for the next one.
        """
        if self._delivery.has_begun:
            raise refused("batches: this stream is read alert by alert already")
        return _Batches(self, self._delivery)

    def acknowledge(self, alert: Alert) -> bool:
        """Acknowledges an alert of this stream, with `acknowledge="manual"`. Any thread may call it.

        Returns whether that still counts: False if it was acknowledged already, or if its connection was lost, so
        that the alert comes again. The server is told when all alerts before it are acknowledged as well, so handlers
        may finish in any order. Raises InvalidArgumentError for an alert that did not come from this stream.
        """
        return self._delivery.acknowledge(alert)

    def stop(self) -> None:
        """Ends the stream when the body of the loop is done with its alert, which counts as acknowledged.

        With `acknowledge="manual"` the loop ends, and the alerts that it got can still be acknowledged until
        `drain_timeout_s` has passed; `aclose` waits for that. For signal handlers:
        `loop.add_signal_handler(signal.SIGTERM, stream.stop)`.
        """
        self._delivery.stop()

    async def aclose(self) -> None:
        """Ends the stream, and waits for its end: with `acknowledge="manual"` until everything is acknowledged."""
        await self._delivery.end()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        _leave(self._delivery)


class _Loop(AsyncIterator[Alert]):
    """One loop over a stream, which ends with it."""

    def __init__(self, alerts: AsyncAlertStream, delivery: Delivery) -> None:
        # Without this reference the stream would be garbage while the loop runs.
        self._alerts = alerts
        self._delivery = delivery

    # Not a coroutine of this object: the traceback of a task that was cancelled would keep it.
    def __anext__(self) -> Coroutine[Any, Any, Alert]:
        return _next(self._delivery)

    def __del__(self) -> None:
        _leave(self._delivery)


class _Batches(AsyncIterator[list[Alert]]):
    """One loop over the batches of a stream, which ends with it."""

    def __init__(self, alerts: AsyncAlertStream, delivery: Delivery) -> None:
        self._loop = _Loop(alerts, delivery)
        self._delivery = delivery

    def __anext__(self) -> Coroutine[Any, Any, list[Alert]]:
        return _next_batch(self._delivery)


async def _next(delivery: Delivery, *, ahead: bool = False) -> Alert:
    try:
        alert = await delivery.next(ahead=ahead)
    finally:
        if delivery.is_abandoned:
            delivery.let_go()
    if alert is None:
        raise StopAsyncIteration
    return alert


async def _next_batch(delivery: Delivery) -> list[Alert]:
    batch = await delivery.next_batch()
    if not batch:
        raise StopAsyncIteration
    return batch


def _leave(delivery: Delivery) -> None:
    """Ends a stream that is garbage. The garbage collector may run in any thread."""
    io = delivery.io
    if io is None:
        delivery.is_abandoned = True
        return
    if not isinstance(io, AsyncIO) or io.loop.is_closed() or sys.is_finalizing():
        # gRPC's calls are gone with their event loop.
        return
    try:
        here = asyncio.get_running_loop()
    except RuntimeError:
        here = None
    if here is io.loop:
        delivery.let_go()
    else:
        io.loop.call_soon_threadsafe(delivery.let_go)


class AsyncClient(ClientBase[AsyncAlertStream]):
    """Subscribes to a server of Falco's alerts: Falco Outputs, or a Falco from 0.24 to 0.43. For asyncio.

        async with AsyncClient() as falco:
            async for alert in falco.sub(group="pager", acknowledge=True):
                await page(alert.rule, alert.output)

    A connection belongs to one event loop; in another loop the client makes another one.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        ca: Pem | None = None,
        cert: Pem | None = None,
        key: Pem | None = None,
        server_name: str | None = None,
        insecure: bool = False,
        connect_timeout_s: float = 5.0,
        keep_alive_s: float = 30.0,
        max_message_bytes: int = DEFAULT_MAX_MESSAGE_BYTES,
        channel_options: Sequence[tuple[str, str | int]] = (),
        interceptors: Sequence[grpc.aio.ClientInterceptor] = (),
    ) -> None:
        """A client for a server's address; the arguments are those of Client, with grpc.aio's interceptors.

        Raises:
            InvalidArgumentError: for an address, certificates or times that cannot work.
        """
        target = target_of(
            address,
            ca=ca,
            cert=cert,
            key=key,
            server_name=server_name,
            insecure=insecure,
            connect_timeout_s=connect_timeout_s,
            keep_alive_s=keep_alive_s,
            max_message_bytes=max_message_bytes,
            channel_options=channel_options,
        )
        super().__init__(target)
        self._interceptors = tuple(interceptors)
        self._io: AsyncIO | None = None

    def _io_of(self) -> AsyncIO:
        if self._io is None or self._io.loop is not asyncio.get_running_loop():
            self._io = AsyncIO(self._target, self._interceptors)
        return self._io

    def _stream_of(self, delivery: Delivery) -> AsyncAlertStream:
        return AsyncAlertStream(delivery)

    async def version(
        self, *, timeout_s: float | None = None, headers: Mapping[str, str] | None = None
    ) -> FalcoVersion:
        """The version of Falco behind the server. Raises FalcoError."""
        return await self._version(checked_timeout(timeout_s), metadata_of(headers))

    async def aclose(self) -> None:
        """Ends every stream and call of this client.

        Waits for streams with `acknowledge="manual"` until every alert that they yielded is acknowledged, or their
        `drain_timeout_s` has passed.
        """
        deliveries = self._close_all()
        await asyncio.gather(*(delivery.wait_end() for delivery in deliveries))
        if self._io is not None and self._io.loop is asyncio.get_running_loop():
            await self._io.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
