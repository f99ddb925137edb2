"""Streams in an event loop of asyncio."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable

import grpc
import grpc.aio

from ._alert import Alert
from ._connections import Connection, Connections
from ._contract import SUB, VERSION, OutputsRequest, VersionRequest, VersionResponse
from ._errors import FalcoError
from ._explain import CallError, texts_of
from ._inline import Inline
from ._io import (
    FAREWELL_S,
    READ_AHEAD_BYTES,
    Driven,
    Event,
    Signal,
    Source,
    StreamCall,
    VersionCall,
    seconds_to_end,
)
from ._message import Received, received
from ._outbox import Outbox
from ._plan import Metadata
from ._status import Lost, StreamStatus
from ._target import Pems, Target


class AsyncIO:
    """Calls on gRPC's API for asyncio, in one event loop."""

    def __init__(self, target: Target, interceptors: tuple[grpc.aio.ClientInterceptor, ...]) -> None:
        self._target = target
        self._interceptors = interceptors
        self.loop = asyncio.get_running_loop()
        """A channel belongs to one event loop; that of another one is gone with it."""
        self._connections = Connections(
            target, self._connect, lambda channel: self._in_background(channel.close())
        )
        self._pumps: set[_Pump] = set()
        self._closing: set[asyncio.Task[None]] = set()

    def connections(self) -> Connections[grpc.aio.Channel]:
        """The client's connections."""
        return self._connections

    def signal(self) -> Signal:
        """A signal that has not happened yet."""
        return _Signal()

    def source(self, stream: Driven, *, ahead: bool) -> Source:
        """Drives a stream. `ahead`: in a task of its own, since gRPC ends a call when a read is cancelled."""
        return _Pump(stream, self._pumps) if ahead else Inline(stream, _Signal(), asyncio.current_task)

    def version(
        self, on: Connection[grpc.aio.Channel], metadata: Metadata, timeout_s: float | None
    ) -> VersionCall:
        """Begins a `version` call."""
        return _VersionCall(on.channel, metadata, timeout_s)

    def stream(
        self,
        on: Connection[grpc.aio.Channel],
        method: str,
        outbox: Outbox,
        metadata: Metadata,
        timeout_s: float | None,
    ) -> StreamCall:
        """Begins a stream."""
        return _StreamCall(on.channel, method, outbox, metadata, timeout_s)

    async def close(self) -> None:
        """Waits for the streams that were ended, and closes the connections."""
        await asyncio.gather(*(pump.wait_end() for pump in self._pumps))
        self._connections.close()
        while self._closing:
            await asyncio.wait(self._closing)

    def _in_background(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(_done(work))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _connect(self, pems: Pems | None) -> grpc.aio.Channel:
        target, interceptors = self._target, self._interceptors
        if pems is None:
            return grpc.aio.insecure_channel(target.uri, options=target.options, interceptors=interceptors)
        return grpc.aio.secure_channel(
            target.uri, pems.credentials(), options=target.options, interceptors=interceptors
        )


async def _done(work: Awaitable[None]) -> None:
    await work


class _Signal:
    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        self._event.set()

    async def wait(self, timeout_s: float) -> None:
        try:
            await asyncio.wait_for(self._event.wait(), timeout_s)
        except TimeoutError:
            return


class _Pump:
    """Drives a stream in a task of its own, some way ahead of the one that takes its events."""

    def __init__(self, stream: Driven, running: set[_Pump]) -> None:
        self._stream = stream
        self._running = running
        self._loop = asyncio.get_running_loop()
        self._arrived: deque[Event] = deque()
        self._bytes = 0
        self._taker: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._has_ended = False
        self._error: BaseException | None = None
        running.add(self)
        self._task = asyncio.ensure_future(self._run())

    @property
    def is_over(self) -> bool:
        return self._has_ended and not self._arrived

    def ready(self) -> Event | None:
        if not self._arrived:
            return None
        event = self._arrived.popleft()
        if type(event) is Alert:
            self._bytes -= event._size
            if self._room is not None and self._bytes <= READ_AHEAD_BYTES // 2:
                _settle(self._room)
        return event

    async def take(self) -> Event | None:
        if not self._arrived and not self._has_ended:
            self._taker = self._loop.create_future()
            try:
                # Whoever waits here may be cancelled: nothing is lost by that.
                await self._taker
            finally:
                self._taker = None
        if self._arrived:
            return self.ready()
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        return None

    def wake(self) -> None:
        _settle(self._taker)
        _settle(self._room)

    def close(self) -> None:
        """Nothing to do: it ends by itself."""

    async def wait_end(self) -> None:
        await asyncio.wait({self._task}, timeout=seconds_to_end(self._stream))
        if not self._task.done():
            self._stream.cancel()

    async def _run(self) -> None:
        try:
            await self._drive()
        except Exception as error:  # noqa: BLE001, whoever takes raises it
            self._error = error
        finally:
            self._has_ended = True
            self._running.discard(self)
            _settle(self._taker)

    async def _drive(self) -> None:
        steps, ended = self._stream.steps(), None
        while True:
            try:
                step = await steps.asend(ended)
            except StopAsyncIteration:
                return
            ended = None
            if isinstance(step, StreamStatus):
                self._arrived.append(step)
                _settle(self._taker)
                continue
            read, take = step.read, self._stream.take
            try:
                while (message := await read()) is not None:
                    alert = take(message)
                    if alert is not None:
                        self._put(alert)
                        if self._bytes > READ_AHEAD_BYTES:
                            await self._wait_for_room()
            except (CallError, FalcoError) as error:
                ended = error

    def _put(self, alert: Alert) -> None:
        if self._stream.loss is not None:
            self._arrived.append(Lost(self._stream.loss, alert))
        self._arrived.append(alert)
        self._bytes += alert._size
        taker = self._taker
        if taker is not None and not taker.done():
            taker.set_result(None)

    async def _wait_for_room(self) -> None:
        if not self._stream.has_ended():
            self._room = self._loop.create_future()
            await self._room
            self._room = None


def _settle(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)


class _VersionCall:
    def __init__(self, channel: grpc.aio.Channel, metadata: Metadata, timeout_s: float | None) -> None:
        self._is_cancelled = False
        call = channel.unary_unary(
            VERSION,
            request_serializer=VersionRequest.SerializeToString,
            response_deserializer=VersionResponse.FromString,
        )
        self._call = call(VersionRequest(), timeout=timeout_s, metadata=metadata)

    async def result(self) -> tuple[VersionResponse | None, dict[str, str]]:
        try:
            answer = await self._call
            return answer, texts_of(await self._call.initial_metadata())
        except asyncio.CancelledError:
            if _is_task_cancelled():
                raise
            if self._is_cancelled:
                return None, {}
            raise await _cancelled_by_peer(self._call) from None
        except grpc.aio.AioRpcError as error:
            raise _failed(error) from error
        finally:
            self._call.cancel()

    def cancel(self) -> None:
        self._is_cancelled = True
        self._call.cancel()


class _StreamCall:
    def __init__(
        self,
        channel: grpc.aio.Channel,
        method: str,
        outbox: Outbox,
        metadata: Metadata,
        timeout_s: float | None,
    ) -> None:
        self._is_cancelled = False
        self._farewell: asyncio.TimerHandle | None = None
        self._call: (
            grpc.aio.StreamStreamCall[OutputsRequest, Received]
            | grpc.aio.UnaryStreamCall[OutputsRequest, Received]
        )
        serialize = OutputsRequest.SerializeToString
        if method == SUB:
            both: grpc.aio.StreamStreamMultiCallable[OutputsRequest, Received] = channel.stream_stream(
                method, request_serializer=serialize, response_deserializer=received
            )
            self._call = both(self._requests(outbox), timeout=timeout_s, metadata=metadata)
        else:
            one: grpc.aio.UnaryStreamMultiCallable[OutputsRequest, Received] = channel.unary_stream(
                method, request_serializer=serialize, response_deserializer=received
            )
            self._call = one(outbox.first, timeout=timeout_s, metadata=metadata)
        self._next = aiter(self._call).__anext__

    async def headers(self) -> dict[str, str]:
        try:
            return texts_of(await self._call.initial_metadata())
        except asyncio.CancelledError:
            # A peer's CANCELLED comes again with the first read.
            if _is_task_cancelled():
                raise
            return {}

    async def read(self) -> Received | None:
        try:
            return await self._next()
        except StopAsyncIteration:
            self._over()
            return None
        except asyncio.CancelledError:
            self._over()
            if _is_task_cancelled():
                raise
            if self._is_cancelled:
                return None
            raise await _cancelled_by_peer(self._call) from None
        except grpc.aio.AioRpcError as error:
            self._over()
            if self._is_cancelled:
                return None
            raise _failed(error) from error

    def cancel(self) -> None:
        self._is_cancelled = True
        self._call.cancel()

    async def _requests(self, outbox: Outbox) -> AsyncIterator[OutputsRequest]:
        """What gRPC's task sends."""
        loop = asyncio.get_running_loop()
        woken = asyncio.Event()

        def wake() -> None:
            # A handler may acknowledge from another thread.
            if not loop.is_closed():
                loop.call_soon_threadsafe(woken.set)

        outbox.wake = wake
        while True:
            woken.clear()
            item = outbox.take(time.monotonic())
            if isinstance(item, OutputsRequest):
                yield item
            elif item is None:
                break
            else:
                try:
                    await asyncio.wait_for(woken.wait(), None if item == math.inf else item)
                except TimeoutError:
                    continue
        if not outbox.is_over:
            # It is half-closed now; a server that does not end it gets a cancel.
            self._farewell = loop.call_later(FAREWELL_S, self.cancel)

    def _over(self) -> None:
        if self._farewell is not None:
            self._farewell.cancel()


async def _cancelled_by_peer(call: grpc.aio.Call) -> CallError:
    """The status CANCELLED that the other side sent: gRPC raises asyncio's error for it."""
    headers = texts_of(await call.initial_metadata()) | texts_of(await call.trailing_metadata())
    return CallError(await call.code(), await call.details() or "", headers)


def _failed(error: grpc.aio.AioRpcError) -> CallError:
    headers = texts_of(error.initial_metadata()) | texts_of(error.trailing_metadata())
    return CallError(error.code(), error.details() or "", headers)


def _is_task_cancelled() -> bool:
    """Whether it is this task that was cancelled, and not the call: gRPC tells both in the same way."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
