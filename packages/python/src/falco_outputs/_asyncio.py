"""Streams in an event loop of asyncio."""

from __future__ import annotations

import asyncio
import math
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import grpc
import grpc.aio
from google.protobuf.message import Message

from ._connections import Connection, Connections
from ._contract import (
    SUB,
    VERSION,
    OutputsRequest,
    OutputsResponse,
    VersionRequest,
    VersionResponse,
)
from ._io import Signal, StreamCall, Timer, VersionCall
from ._outbox import Outbox
from ._plan import Metadata
from ._target import Target

T = TypeVar("T")

_ahead_at_most = 512
"""How many messages are read before they are asked for."""


class AsyncIO:
    """Calls on gRPC's API for asyncio."""

    loop = staticmethod(asyncio.current_task)
    """The task."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connections = self._none()
        self._closing: set[asyncio.Task[None]] = set()

    def clock(self) -> float:
        """Seconds from any point in time."""
        return time.monotonic()

    def later(self, delay_s: float, action: Callable[[], None]) -> Timer:
        """Does something later, unless it is cancelled."""
        return asyncio.get_running_loop().call_later(delay_s, action)

    def signal(self) -> Signal:
        """A signal that has not happened yet."""
        return _Signal()

    def version(self, metadata: Metadata, timeout_s: float | None) -> VersionCall:
        """Begins a `version` call."""
        return _VersionCall(_Lease(self._here()), metadata, timeout_s)

    def stream(
        self,
        method: str,
        outbox: Outbox,
        metadata: Metadata,
        timeout_s: float | None,
        *,
        ahead: bool,
        graceful: bool,
    ) -> StreamCall:
        """Begins a stream."""
        call = _StreamCall(_Lease(self._here()), method, outbox, metadata, timeout_s)
        # gRPC ends a call whose read is cancelled; one in a task of its own is not.
        return _AheadCall(call) if ahead or graceful else call

    def in_background(self, work: Awaitable[None]) -> None:
        """Goes on with something that `close` waits for."""
        task = asyncio.ensure_future(_done(work))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Closes the connection."""
        self._connections.close()
        while self._closing:
            await asyncio.wait(self._closing)

    def _here(self) -> Connections[grpc.aio.Channel]:
        # A channel belongs to one event loop; that of another one is gone with it.
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            self._connections = self._none()
        return self._connections

    def _none(self) -> Connections[grpc.aio.Channel]:
        return Connections(self._connect, lambda channel: self.in_background(channel.close()))

    def _connect(self) -> grpc.aio.Channel:
        target = self._target
        if target.credentials is None:
            return grpc.aio.insecure_channel(target.uri, options=target.options)
        return grpc.aio.secure_channel(target.uri, target.credentials, options=target.options)


async def _done(work: Awaitable[None]) -> None:
    await work


class _Lease:
    """A connection for one call."""

    def __init__(self, connections: Connections[grpc.aio.Channel]) -> None:
        self._connections = connections
        self._connection: Connection[grpc.aio.Channel] = connections.acquire()
        self._released = False

    @property
    def channel(self) -> grpc.aio.Channel:
        return self._connection.channel

    def release(self) -> None:
        if not self._released:
            self._released = True
            self._connections.release(self._connection)

    def lose(self) -> None:
        self._connections.lose(self._connection)


class _Signal:
    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        self._event.set()

    async def wait(self, timeout_s: float | None = None) -> None:
        try:
            await asyncio.wait_for(self._event.wait(), timeout_s)
        except asyncio.TimeoutError:
            return


class _VersionCall:
    def __init__(self, lease: _Lease, metadata: Metadata, timeout_s: float | None) -> None:
        self._lease = lease
        self._cancelled = False
        call = lease.channel.unary_unary(
            VERSION,
            request_serializer=VersionRequest.SerializeToString,
            response_deserializer=VersionResponse.FromString,
        )
        self._call = call(VersionRequest(), timeout=timeout_s, metadata=metadata)

    async def result(self) -> tuple[VersionResponse | None, dict[str, str]]:
        try:
            answer = await self._call
            return answer, _texts(await self._call.initial_metadata())
        except asyncio.CancelledError:
            if self._cancelled and not _is_task_cancelled():
                return None, {}
            raise
        finally:
            self._call.cancel()
            self._lease.release()

    def cancel(self) -> None:
        self._cancelled = True
        self._call.cancel()

    def lost(self) -> None:
        self._lease.lose()


class _StreamCall:
    def __init__(
        self,
        lease: _Lease,
        method: str,
        outbox: Outbox,
        metadata: Metadata,
        timeout_s: float | None,
    ) -> None:
        self._lease = lease
        self._cancelled = False
        self._call: (
            grpc.aio.StreamStreamCall[Message, OutputsResponse]
            | grpc.aio.UnaryStreamCall[Message, OutputsResponse]
        )
        serialize, deserialize = OutputsRequest.SerializeToString, OutputsResponse.FromString
        if method == SUB:
            both = lease.channel.stream_stream(
                method, request_serializer=serialize, response_deserializer=deserialize
            )
            self._call = both(_requests(outbox), timeout=timeout_s, metadata=metadata)
        else:
            one = lease.channel.unary_stream(
                method, request_serializer=serialize, response_deserializer=deserialize
            )
            self._call = one(outbox.first, timeout=timeout_s, metadata=metadata)
        self._next = aiter(self._call).__anext__

    async def headers(self) -> dict[str, str]:
        try:
            return _texts(await self._call.initial_metadata())
        except asyncio.CancelledError:
            if self._cancelled and not _is_task_cancelled():
                return {}
            raise

    async def read(self) -> OutputsResponse | None:
        try:
            return await self._next()
        except StopAsyncIteration:
            self._lease.release()
            return None
        except asyncio.CancelledError:
            if self._cancelled and not _is_task_cancelled():
                return None
            raise
        except grpc.RpcError:
            self._lease.release()
            if self._cancelled:
                return None
            raise

    def ready(self) -> OutputsResponse | None:
        return None

    def cancel(self) -> None:
        self._cancelled = True
        self._call.cancel()
        self._lease.release()

    def lost(self) -> None:
        self._lease.lose()


class _AheadCall:
    """A stream that a task of its own reads, before its messages are asked for."""

    def __init__(self, call: _StreamCall) -> None:
        self._call = call
        self._arrived: deque[OutputsResponse] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._over = False
        self._error: grpc.RpcError | None = None
        self._cancelled = False
        self._task = asyncio.ensure_future(self._read_ahead())

    async def headers(self) -> dict[str, str]:
        return await self._call.headers()

    async def read(self) -> OutputsResponse | None:
        while not self._arrived and not self._over and not self._cancelled:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        if self._arrived:
            return self._take()
        if self._error is not None and not self._cancelled:
            raise self._error
        return None

    def ready(self) -> OutputsResponse | None:
        return self._take() if self._arrived else None

    def cancel(self) -> None:
        self._cancelled = True
        self._call.cancel()
        _settle(self._room)
        _settle(self._reader)

    def lost(self) -> None:
        self._call.lost()

    def _take(self) -> OutputsResponse:
        message = self._arrived.popleft()
        if len(self._arrived) <= _ahead_at_most // 2:
            _settle(self._room)
        return message

    async def _read_ahead(self) -> None:
        try:
            while (message := await self._call.read()) is not None:
                self._arrived.append(message)
                _settle(self._reader)
                if len(self._arrived) >= _ahead_at_most and not self._cancelled:
                    self._room = asyncio.get_running_loop().create_future()
                    await self._room
        except grpc.RpcError as error:
            self._error = error
        finally:
            self._over = True
            _settle(self._reader)


def _settle(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)


async def _requests(outbox: Outbox) -> AsyncIterator[OutputsRequest]:
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
        if item is None:
            return
        if isinstance(item, OutputsRequest):
            yield item
            continue
        try:
            await asyncio.wait_for(woken.wait(), None if item == math.inf else item)
        except asyncio.TimeoutError:
            continue


def _texts(metadata: object) -> dict[str, str]:
    return {key: value for key, value in metadata or () if isinstance(value, str)}  # type: ignore[attr-defined]


def _is_task_cancelled() -> bool:
    """Whether it is this task that was cancelled, and not the call: gRPC tells both in the same way."""
    task = asyncio.current_task()
    return sys.version_info >= (3, 11) and task is not None and task.cancelling() > 0
