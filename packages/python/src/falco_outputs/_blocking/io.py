"""Where the streams of a client for threads run: the connections, and what waits there."""

from __future__ import annotations

import threading
from typing import TypeAlias

import grpc

from falco_outputs._connections import Connection, Connections
from falco_outputs._io import Driven, Signal, Source, StreamCall, VersionCall, run
from falco_outputs._outbox import Outbox
from falco_outputs._plan import Metadata
from falco_outputs._read_on_demand import ReadOnDemand
from falco_outputs._target import Pems, Target

from .calls import BlockingStreamCall, BlockingVersionCall
from .read_ahead import ReadAhead
from .signal import BlockingSignal

Interceptor: TypeAlias = (
    grpc.UnaryUnaryClientInterceptor | grpc.UnaryStreamClientInterceptor | grpc.StreamStreamClientInterceptor
)


class BlockingIO:
    """Calls on gRPC's blocking API."""

    def __init__(self, target: Target, interceptors: tuple[Interceptor, ...]) -> None:
        self._target = target
        self._interceptors = interceptors
        self._connections = Connections(target, self._connect, lambda channel: channel.close())
        self._pumps: set[ReadAhead] = set()

    def connections(self) -> Connections[grpc.Channel]:
        """The client's connections."""
        return self._connections

    def signal(self) -> Signal:
        """A signal that has not happened yet."""
        return BlockingSignal()

    def source(self, stream: Driven, *, ahead: bool) -> Source:
        """Drives a stream. `ahead`: in a thread of its own, and where Ctrl-C does not interrupt a read."""
        return (
            ReadAhead(stream, self._pumps)
            if ahead
            else ReadOnDemand(stream, BlockingSignal(), threading.get_ident)
        )

    def version(
        self, on: Connection[grpc.Channel], metadata: Metadata, timeout_s: float | None
    ) -> VersionCall:
        """Begins a `version` call."""
        return BlockingVersionCall(on.channel, metadata, timeout_s)

    def stream(
        self,
        on: Connection[grpc.Channel],
        method: str,
        outbox: Outbox,
        metadata: Metadata,
        timeout_s: float | None,
    ) -> StreamCall:
        """Begins a stream."""
        return BlockingStreamCall(on.channel, method, outbox, metadata, timeout_s)

    def close(self) -> None:
        """Waits for the streams that were ended, and closes the connections."""
        for pump in list(self._pumps):
            run(pump.wait_end())
        self._connections.close()

    def _connect(self, pems: Pems | None) -> grpc.Channel:
        target = self._target
        if pems is None:
            channel = grpc.insecure_channel(target.uri, options=target.options)
        else:
            channel = grpc.secure_channel(target.uri, pems.credentials(), options=target.options)
        return grpc.intercept_channel(channel, *self._interceptors) if self._interceptors else channel
