"""Where the streams of one event loop run: connections and calls, on gRPC's API for asyncio."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable

import grpc
import grpc.aio

from . import _io
from ._connections import Connection, Connections
from ._contract import SUB, VERSION, OutputsRequest, VersionRequest, VersionResponse
from ._explain import CallError, texts_of
from ._io import Driven, Signal, Source, StreamCall, VersionCall
from ._message import Received, received
from ._outbox import Outbox
from ._plan import Metadata
from ._sources import ReadOnDemand, TaskReadAhead
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
        self._pumps: set[TaskReadAhead] = set()
        self._closing: set[asyncio.Task[None]] = set()

    def connections(self) -> Connections[grpc.aio.Channel]:
        """The client's connections."""
        return self._connections

    def signal(self) -> Signal:
        """A signal that has not happened yet."""
        return _Signal()

    def source(self, stream: Driven, *, ahead: bool) -> Source:
        """Drives a stream. `ahead`: in a task of its own, since gRPC ends a call when a read is cancelled."""
        return (
            TaskReadAhead(stream, self._pumps)
            if ahead
            else ReadOnDemand(stream, _Signal(), asyncio.current_task)
        )

    def version(
        self, on: Connection[grpc.aio.Channel], metadata: Metadata, timeout_s: float | None
    ) -> VersionCall:
        """Begins a `version` call."""
        return AsyncVersionCall(on.channel, metadata, timeout_s)

    def stream(
        self,
        on: Connection[grpc.aio.Channel],
        method: str,
        outbox: Outbox,
        metadata: Metadata,
        timeout_s: float | None,
    ) -> StreamCall:
        """Begins a stream."""
        return AsyncStreamCall(on.channel, method, outbox, metadata, timeout_s)

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


class AsyncVersionCall:
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


class AsyncStreamCall:
    def __init__(
        self,
        channel: grpc.aio.Channel,
        method: str,
        outbox: Outbox,
        metadata: Metadata,
        timeout_s: float | None,
    ) -> None:
        self._is_cancelled = False
        self._loop = asyncio.get_running_loop()
        self._farewell: asyncio.TimerHandle | None = None
        self._silence: _io.Silence | None = None
        self._next_look: asyncio.TimerHandle | None = None
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

    def watch(self, silence: _io.Silence) -> None:
        self._silence = silence
        self._look()

    async def read(self) -> Received | None:
        silence = self._silence
        if silence is not None:
            silence.began()
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
        finally:
            if silence is not None:
                silence.ended()

    def cancel(self) -> None:
        self._is_cancelled = True
        self._call.cancel()
        self._stop_looking()

    def _look(self) -> None:
        if self._silence is not None and self._silence.look():
            self._next_look = self._loop.call_later(self._silence.look_every_s, self._look)

    def _stop_looking(self) -> None:
        # It refers to this call: gRPC closes a connection only when the last call on it is gone.
        self._silence = None
        if self._next_look is not None:
            self._next_look.cancel()

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
            self._farewell = loop.call_later(_io.FAREWELL_S, self.cancel)

    def _over(self) -> None:
        self._stop_looking()
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
