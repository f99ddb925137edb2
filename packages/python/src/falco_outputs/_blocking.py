"""Streams in threads: what they wait for blocks.

A signal handler may come in between at any point, in the thread that it interrupts; so what it may touch waits on
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

from ._alert import Alert
from ._connections import Connection, Connections
from ._contract import (
    SUB,
    VERSION,
    OutputsRequest,
    VersionRequest,
    VersionResponse,
)
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
    run,
    seconds_to_end,
)
from ._message import Received, received
from ._outbox import Outbox
from ._plan import Metadata
from ._status import Lost, StreamStatus
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
        self._pumps: set[_Pump] = set()

    def connections(self) -> Connections[grpc.Channel]:
        """The client's connections."""
        return self._connections

    def signal(self) -> Signal:
        """A signal that has not happened yet."""
        return _Signal()

    def source(self, stream: Driven, *, ahead: bool) -> Source:
        """Drives a stream. `ahead`: in a thread of its own, and where Ctrl-C does not interrupt a read."""
        return _Pump(stream, self._pumps) if ahead else Inline(stream, _Signal(), threading.get_ident)

    def version(
        self, on: Connection[grpc.Channel], metadata: Metadata, timeout_s: float | None
    ) -> VersionCall:
        """Begins a `version` call."""
        return _VersionCall(on.channel, metadata, timeout_s)

    def stream(
        self,
        on: Connection[grpc.Channel],
        method: str,
        outbox: Outbox,
        metadata: Metadata,
        timeout_s: float | None,
    ) -> StreamCall:
        """Begins a stream."""
        return _StreamCall(on.channel, method, outbox, metadata, timeout_s)

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


class _Signal:
    def __init__(self) -> None:
        self._happened: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        self._happened.put(None)

    async def wait(self, timeout_s: float) -> None:
        if _get(self._happened, timeout_s):
            # For others who wait.
            self._happened.put(None)


class _Pump:
    """Drives a stream in a thread of its own, some way ahead of the one that takes its events."""

    def __init__(self, stream: Driven, running: set[_Pump]) -> None:
        self._stream = stream
        self._running = running
        self._arrived: SimpleQueue[Event | None] = SimpleQueue()
        # So many bytes arrived, and were taken, each counted by one thread only.
        self._arrived_bytes = 0
        self._taken_bytes = 0
        self._is_full = False
        self._room: SimpleQueue[None] = SimpleQueue()
        self._has_ended = False
        self._error: BaseException | None = None
        self._end = threading.Lock()
        self._end.acquire()
        running.add(self)
        threading.Thread(target=self._run, name="falco-outputs", daemon=True).start()

    @property
    def is_over(self) -> bool:
        return self._has_ended and self._arrived.empty()

    def ready(self) -> Event | None:
        # Only this thread takes.
        return None if self._arrived.empty() else self._took(self._arrived.get())

    async def take(self) -> Event | None:
        event = None if self.is_over else self._took(self._arrived.get())
        if event is None and self.is_over and self._error is not None:
            error, self._error = self._error, None
            raise error
        return event

    def wake(self) -> None:
        self._arrived.put(None)
        self._room.put(None)

    def close(self) -> None:
        """Nothing to do: it ends by itself."""

    async def wait_end(self) -> None:
        if not self._end.acquire(timeout=seconds_to_end(self._stream)):
            self._stream.cancel()
            return
        self._end.release()

    def _took(self, event: Event | None) -> Event | None:
        if type(event) is Alert:
            self._taken_bytes += event._size
            if self._is_full and self._arrived_bytes - self._taken_bytes <= READ_AHEAD_BYTES // 2:
                self._is_full = False
                self._room.put(None)
        return event

    def _run(self) -> None:
        try:
            run(self._drive())
        except BaseException as error:  # noqa: BLE001, whoever takes raises it
            self._error = error
        finally:
            self._has_ended = True
            self._arrived.put(None)
            self._running.discard(self)
            self._end.release()

    async def _drive(self) -> None:
        steps, ended = self._stream.steps(), None
        while True:
            try:
                step = await steps.asend(ended)
            except StopAsyncIteration:
                return
            ended = None
            if isinstance(step, StreamStatus):
                self._arrived.put(step)
                continue
            try:
                while (message := await step.read()) is not None:
                    alert = self._stream.take(message)
                    if alert is not None:
                        self._put(alert)
            except (CallError, FalcoError) as error:
                ended = error

    def _put(self, alert: Alert) -> None:
        if self._stream.loss is not None:
            self._arrived.put(Lost(self._stream.loss, alert))
        self._arrived_bytes += alert._size
        self._arrived.put(alert)
        if self._arrived_bytes - self._taken_bytes > READ_AHEAD_BYTES:
            self._wait_for_room()

    def _wait_for_room(self) -> None:
        while True:
            # In this order: whoever takes counts first, and then looks whether someone waits.
            self._is_full = True
            if self._arrived_bytes - self._taken_bytes <= READ_AHEAD_BYTES or self._stream.has_ended():
                self._is_full = False
                return
            self._room.get()


class _VersionCall:
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


class _StreamCall:
    def __init__(
        self, channel: grpc.Channel, method: str, outbox: Outbox, metadata: Metadata, timeout_s: float | None
    ) -> None:
        self._is_cancelled = False
        self._farewell: threading.Timer | None = None
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

    async def read(self) -> Received | None:
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

    def cancel(self) -> None:
        self._is_cancelled = True
        self._call.cancel()

    def _say_farewell(self) -> None:
        """It is half-closed now, in gRPC's thread; a server that does not end it gets a cancel."""
        self._farewell = threading.Timer(FAREWELL_S, self.cancel)
        self._farewell.daemon = True
        self._farewell.start()

    def _over(self) -> None:
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
            _get(self._woken, item)

    def _wake(self) -> None:
        # One is enough, however many acknowledge.
        if self._woken.empty():
            self._woken.put(None)


def _get(queue: SimpleQueue[None], timeout_s: float) -> bool:
    """Waits for an item, no longer than this. Returns whether there was one."""
    try:
        queue.get(timeout=None if timeout_s == math.inf else timeout_s)
    except Empty:
        return False
    return True


def _failed(error: grpc.RpcError) -> CallError:
    """The status of a call. An error of this API is the call itself, so that call and frames would keep each other."""
    error.__traceback__ = None
    call = cast(grpc.Call, error)
    headers = texts_of(call.initial_metadata()) | texts_of(call.trailing_metadata())
    return CallError(call.code(), call.details() or "", headers)
