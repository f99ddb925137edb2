"""Where the streams of one event loop run: the connections, and what waits there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import grpc
import grpc.aio

from falco_outputs._connections import Connection, Connections
from falco_outputs._io import Driven, Signal, Source, StreamCall, VersionCall
from falco_outputs._outbox import Outbox
from falco_outputs._plan import Metadata
from falco_outputs._read_on_demand import ReadOnDemand
from falco_outputs._target import Pems, Target

from .calls import AsyncStreamCall, AsyncVersionCall
from .read_ahead import ReadAhead


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
        self._pumps: set[ReadAhead] = set()
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
            ReadAhead(stream, self._pumps) if ahead else ReadOnDemand(stream, _Signal(), asyncio.current_task)
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
