"""Calls on gRPC's blocking API."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import cast

import grpc

from falco_outputs import _io
from falco_outputs._contract import SUB, VERSION, OutputsRequest, VersionRequest, VersionResponse
from falco_outputs._explain import CallError, texts_of
from falco_outputs._message import Received, received
from falco_outputs._outbox import Outbox
from falco_outputs._plan import Metadata

from .signal import wait_for_item


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
