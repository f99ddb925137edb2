"""A server that behaves as Falco 0.43 does, quirks included."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc

from falco_outputs._contract import (
    OutputsRequest,
    OutputsResponse,
    VersionRequest,
    VersionResponse,
)
from support.until import LIMIT_S, until


class OldFalco:
    """It knows none of our headers and options, and answers `sub` only to requests, with headers only then."""

    def __init__(self, address: str, *, has_version: bool = True) -> None:
        self.address = address
        self.calls: list[str] = []
        self.queue: deque[OutputsResponse] = deque()
        self.polls = 0
        self.streams = 0
        self._has_version = has_version
        self._stopping = threading.Event()
        # A server of gRPC's cannot listen on the same unix socket again.
        self._server = grpc.server(ThreadPoolExecutor(max_workers=8))
        outputs = {
            "sub": grpc.stream_stream_rpc_method_handler(
                self._sub,
                request_deserializer=OutputsRequest.FromString,
                response_serializer=OutputsResponse.SerializeToString,
            ),
            "get": grpc.unary_stream_rpc_method_handler(
                self._get,
                request_deserializer=OutputsRequest.FromString,
                response_serializer=OutputsResponse.SerializeToString,
            ),
        }
        version = {
            "version": grpc.unary_unary_rpc_method_handler(
                self._version,
                request_deserializer=VersionRequest.FromString,
                response_serializer=VersionResponse.SerializeToString,
            )
        }
        self._server.add_generic_rpc_handlers(
            (
                grpc.method_handlers_generic_handler("falco.outputs.service", outputs),
                grpc.method_handlers_generic_handler("falco.version.service", version),
            )
        )
        self._server.add_insecure_port(address)
        self._server.start()

    def raise_rules(self, *rules: str) -> None:
        """Queues alerts of these rules; they wait for a request."""
        self.queue.extend(OutputsResponse(rule=rule.encode()) for rule in rules)

    def publish(self, *encoded: bytes) -> None:
        """Queues alerts in the contract's form."""
        self.queue.extend(map(OutputsResponse.FromString, encoded))

    def stop(self) -> None:
        """Ends every stream with OK, as Falco does when it stops, and lets go of the address."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._server.stop(LIMIT_S).wait()
        # gRPC removes the socket a little later, even if it is another server's by then.
        until(lambda: not Path(self.address.removeprefix("unix://")).exists())

    def _sub(
        self, requests: Iterator[OutputsRequest], context: grpc.ServicerContext
    ) -> Iterator[OutputsResponse]:
        self.calls.append("sub")
        polled = threading.Semaphore(0)

        def read() -> None:
            try:
                for _ in requests:
                    self.polls += 1
                    polled.release()
            except grpc.RpcError:
                return

        threading.Thread(target=read, daemon=True).start()
        self.streams += 1
        try:
            while context.is_active() and not self._stopping.is_set():
                if polled.acquire(timeout=0.02):
                    yield from self._drain()
        finally:
            self.streams -= 1

    def _get(self, _: OutputsRequest, __: Any) -> Iterator[OutputsResponse]:
        self.calls.append("get")
        yield from self._drain()

    def _version(self, _: VersionRequest, context: grpc.ServicerContext) -> VersionResponse:
        self.calls.append("version")
        if not self._has_version:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "")
        return VersionResponse(version="0.43.0")

    def _drain(self) -> Iterator[OutputsResponse]:
        while self.queue:
            yield self.queue.popleft()
