"""Where the streams of a client for threads run: connections and calls, on gRPC's blocking API.

A signal handler may come in between at any point, in the thread that it interrupts. So whatever it may touch waits on
`queue.SimpleQueue`, which allows that, and not on `threading.Event` or `queue.Queue`, which do not.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import TypeAlias, cast

import grpc

from . import _io
from ._connections import Connection, Connections
from ._contract import SUB, VERSION, OutputsRequest, VersionRequest, VersionResponse
from ._explain import CallError, texts_of
from ._io import Driven, Signal, Source, StreamCall, VersionCall, run
from ._message import Received, received
from ._outbox import Outbox
from ._plan import Metadata
from ._sources import ReadOnDemand, ThreadReadAhead
from ._target import Pems, Target

Interceptor: TypeAlias = (
    grpc.UnaryUnaryClientInterceptor | grpc.UnaryStreamClientInterceptor | grpc.StreamStreamClientInterceptor
)


class BlockingIO:
    """Calls on gRPC's blocking API."""

    def __init__(self, target: Target, interceptors: tuple[Interceptor, ...]) -> None:
        self._target = target
        self._interceptors = interceptors
        self._connections = Connections(target, self._connect, lambda channel: channel.close())
        self._pumps: set[ThreadReadAhead] = set()

    def connections(self) -> Connections[grpc.Channel]:
        """The client's connections."""
        return self._connections

    def signal(self) -> Signal:
        """A signal that has not happened yet."""
        return BlockingSignal()

    def source(self, stream: Driven, *, ahead: bool) -> Source:
        """Drives a stream. `ahead`: in a thread of its own, and where Ctrl-C does not interrupt a read."""
        return (
            ThreadReadAhead(stream, self._pumps)
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


class BlockingVersionCall:
    def __init__(self, channel: grpc.Channel, metadata: Metadata, timeout_s: float | None) -> None:
        call = channel.unary_unary(
            VERSION,
            request_serializer=VersionRequest.SerializeToString,
            response_deserializer=VersionResponse.FromString,
        )
        self._call = call.future(VersionRequest(), timeout=timeout_s, metadata=metadata)

    async def result(self) -> tuple[VersionResponse | None, dict[str, str]]:
        try:
            answer = self._call.result()
            return answer, texts_of(self._call.initial_metadata())
        except grpc.FutureCancelledError:
            return None, {}
        except grpc.RpcError as error:
            raise _failed(error) from error
        except BaseException:
            self._call.cancel()
            raise

    def cancel(self) -> None:
        self._call.cancel()


class BlockingStreamCall:
    def __init__(
        self, channel: grpc.Channel, method: str, outbox: Outbox, metadata: Metadata, timeout_s: float | None
    ) -> None:
        self._is_cancelled = False
        self._farewell: threading.Timer | None = None
        self._silence: _io.Silence | None = None
        # Ends the thread that looks.
        self._watched: SimpleQueue[None] = SimpleQueue()
        serialize = OutputsRequest.SerializeToString
        if method == SUB:
            both: grpc.StreamStreamMultiCallable[OutputsRequest, Received] = channel.stream_stream(
                method, request_serializer=serialize, response_deserializer=received
            )
            requests = _Requests(outbox, self._say_farewell)
            self._call = both(requests, timeout=timeout_s, metadata=metadata)
        else:
            one: grpc.UnaryStreamMultiCallable[OutputsRequest, Received] = channel.unary_stream(
                method, request_serializer=serialize, response_deserializer=received
            )
            self._call = one(outbox.first, timeout=timeout_s, metadata=metadata)

    async def headers(self) -> dict[str, str]:
        return texts_of(self._call.initial_metadata())

    def watch(self, silence: _io.Silence) -> None:
        self._silence = silence
        threading.Thread(target=self._look, args=[silence], name="falco-outputs", daemon=True).start()

    async def read(self) -> Received | None:
        silence = self._silence
        if silence is not None:
            silence.began()
        try:
            message: Received = next(self._call)
            return message
        except StopIteration:
            self._over()
            return None
        except grpc.RpcError as error:
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
        self._watched.put(None)

    def _look(self, silence: _io.Silence) -> None:
        while not wait_for_item(self._watched, silence.look_every_s) and silence.look():
            pass

    def _say_farewell(self) -> None:
        """It is half-closed now, in gRPC's thread; a server that does not end it gets a cancel."""
        self._farewell = threading.Timer(_io.FAREWELL_S, self.cancel)
        self._farewell.daemon = True
        self._farewell.start()

    def _over(self) -> None:
        self._watched.put(None)
        if self._farewell is not None:
            self._farewell.cancel()


class _Requests(Iterator[OutputsRequest]):
    """What gRPC's thread sends."""

    def __init__(self, outbox: Outbox, half_closes: Callable[[], None]) -> None:
        self._outbox = outbox
        self._half_closes = half_closes
        self._woken: SimpleQueue[None] = SimpleQueue()
        outbox.wake = self._wake

    def __next__(self) -> OutputsRequest:
        while True:
            item = self._outbox.take(time.monotonic())
            if isinstance(item, OutputsRequest):
                return item
            if item is None:
                if not self._outbox.is_over:
                    self._half_closes()
                raise StopIteration
            wait_for_item(self._woken, item)

    def _wake(self) -> None:
        # One is enough, however many acknowledge.
        if self._woken.empty():
            self._woken.put(None)


def _failed(error: grpc.RpcError) -> CallError:
    """The status of a call. An error of this API is the call itself, so that call and frames would keep each other."""
    error.__traceback__ = None
    call = cast(grpc.Call, error)
    headers = texts_of(call.initial_metadata()) | texts_of(call.trailing_metadata())
    return CallError(call.code(), call.details() or "", headers)


class BlockingSignal:
    def __init__(self) -> None:
        self._happened: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        self._happened.put(None)

    async def wait(self, timeout_s: float) -> None:
        if wait_for_item(self._happened, timeout_s):
            # For others who wait.
            self._happened.put(None)


def wait_for_item(queue: SimpleQueue[None], timeout_s: float) -> bool:
    """Waits for an item, no longer than this. Returns whether there was one."""
    try:
        queue.get(timeout=None if timeout_s == math.inf else timeout_s)
    except Empty:
        return False
    return True
