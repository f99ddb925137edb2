"""Streams in threads: what they wait for blocks."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

import grpc

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

_ahead_at_most = 512
"""How many messages are read before they are asked for."""


class BlockingIO:
    """Calls on gRPC's blocking API."""

    loop = staticmethod(threading.get_ident)
    """The thread."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._lock = threading.RLock()
        self._connections = Connections(self._connect, lambda channel: channel.close())

    def clock(self) -> float:
        """Seconds from any point in time."""
        return time.monotonic()

    def later(self, delay_s: float, action: Callable[[], None]) -> Timer:
        """Does something later, in a thread of its own, unless it is cancelled."""
        timer = threading.Timer(delay_s, action)
        timer.daemon = True
        timer.start()
        return timer

    def signal(self) -> Signal:
        """A signal that has not happened yet."""
        return _Signal()

    def version(self, metadata: Metadata, timeout_s: float | None) -> VersionCall:
        """Begins a `version` call."""
        return _VersionCall(self._lease(), metadata, timeout_s)

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
        call = _StreamCall(self._lease(), method, outbox, metadata, timeout_s)
        # A read that Ctrl-C interrupted cannot be taken up again; one in another thread is never interrupted.
        return _AheadCall(call) if ahead or graceful else call

    def close(self) -> None:
        """Closes the connection."""
        with self._lock:
            self._connections.close()

    def _connect(self) -> grpc.Channel:
        target = self._target
        if target.credentials is None:
            return grpc.insecure_channel(target.uri, options=target.options)
        return grpc.secure_channel(target.uri, target.credentials, options=target.options)

    def _lease(self) -> _Lease:
        with self._lock:
            return _Lease(self._lock, self._connections)


class _Lease:
    """A connection for one call."""

    def __init__(self, lock: threading.RLock, connections: Connections[grpc.Channel]) -> None:
        self._lock = lock
        self._connections = connections
        self._connection: Connection[grpc.Channel] = connections.acquire()
        self._released = False

    @property
    def channel(self) -> grpc.Channel:
        return self._connection.channel

    def release(self) -> None:
        with self._lock:
            if not self._released:
                self._released = True
                self._connections.release(self._connection)

    def lose(self) -> None:
        with self._lock:
            self._connections.lose(self._connection)


class _Signal:
    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        self._event.set()

    async def wait(self, timeout_s: float | None = None) -> None:
        self._event.wait(timeout_s)


class _VersionCall:
    def __init__(self, lease: _Lease, metadata: Metadata, timeout_s: float | None) -> None:
        self._lease = lease
        call = lease.channel.unary_unary(
            VERSION,
            request_serializer=VersionRequest.SerializeToString,
            response_deserializer=VersionResponse.FromString,
        )
        self._call = call.future(VersionRequest(), timeout=timeout_s, metadata=metadata)

    async def result(self) -> tuple[VersionResponse | None, dict[str, str]]:
        try:
            answer = self._call.result()
            return answer, _texts(self._call.initial_metadata())
        except grpc.FutureCancelledError:
            return None, {}
        except BaseException:
            self._call.cancel()
            raise
        finally:
            self._lease.release()

    def cancel(self) -> None:
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
        serialize, deserialize = OutputsRequest.SerializeToString, OutputsResponse.FromString
        if method == SUB:
            both = lease.channel.stream_stream(
                method, request_serializer=serialize, response_deserializer=deserialize
            )
            self._call = both(_Requests(outbox), timeout=timeout_s, metadata=metadata)
        else:
            one = lease.channel.unary_stream(
                method, request_serializer=serialize, response_deserializer=deserialize
            )
            self._call = one(outbox.first, timeout=timeout_s, metadata=metadata)

    async def headers(self) -> dict[str, str]:
        return _texts(self._call.initial_metadata())

    async def read(self) -> OutputsResponse | None:
        return self.read_now()

    def read_now(self) -> OutputsResponse | None:
        try:
            message: OutputsResponse = next(self._call)
            return message
        except StopIteration:
            self._lease.release()
            return None
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
    """A stream that a thread of its own reads, before its messages are asked for."""

    def __init__(self, call: _StreamCall) -> None:
        self._call = call
        self._changed = threading.Condition()
        self._arrived: deque[OutputsResponse] = deque()
        self._over = False
        self._error: grpc.RpcError | None = None
        self._cancelled = False
        threading.Thread(target=self._read_ahead, name="falco-outputs", daemon=True).start()

    async def headers(self) -> dict[str, str]:
        return await self._call.headers()

    async def read(self) -> OutputsResponse | None:
        with self._changed:
            while not self._arrived and not self._over and not self._cancelled:
                self._changed.wait()
            if self._arrived:
                return self._take()
        if self._error is not None and not self._cancelled:
            raise self._error
        return None

    def ready(self) -> OutputsResponse | None:
        with self._changed:
            return self._take() if self._arrived else None

    def cancel(self) -> None:
        with self._changed:
            self._cancelled = True
            self._changed.notify_all()
        self._call.cancel()

    def lost(self) -> None:
        self._call.lost()

    def _take(self) -> OutputsResponse:
        message = self._arrived.popleft()
        if len(self._arrived) == _ahead_at_most // 2:
            self._changed.notify_all()
        return message

    def _read_ahead(self) -> None:
        try:
            while (message := self._call.read_now()) is not None:
                with self._changed:
                    if not self._arrived:
                        self._changed.notify_all()
                    self._arrived.append(message)
                    while len(self._arrived) >= _ahead_at_most and not self._cancelled:
                        self._changed.wait()
        except grpc.RpcError as error:
            self._error = error
        with self._changed:
            self._over = True
            self._changed.notify_all()


class _Requests(Iterator[OutputsRequest]):
    """What gRPC's thread sends."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._woken = threading.Event()
        outbox.wake = self._woken.set

    def __next__(self) -> OutputsRequest:
        while True:
            self._woken.clear()
            item = self._outbox.take(time.monotonic())
            if isinstance(item, OutputsRequest):
                return item
            if item is None:
                raise StopIteration
            self._woken.wait(None if item == math.inf else item)


def _texts(metadata: object) -> dict[str, str]:
    return {key: value for key, value in metadata or () if isinstance(value, str)}  # type: ignore[attr-defined]
