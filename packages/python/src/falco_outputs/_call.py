"""One call of a stream: who the server is, where that matters, the request, and what comes until the call is over."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import grpc

from ._connections import Connection
from ._contract import (
    GET,
    HEARTBEAT_HEADER,
    POSITION_HEADER,
    SUB,
    VERSION_HEADER,
    WINDOW_HEADER,
    OutputsRequest,
)
from ._errors import FalcoError, UnavailableError, UnimplementedError
from ._explain import CallError, Place, explain
from ._io import IO, SILENT_INTERVALS, Silence, StreamCall, VersionCall
from ._message import Received
from ._outbox import Outbox
from ._plan import Plan

_methods = {"sub": SUB, "get": GET}
# An interval of heartbeats beyond these is not taken seriously.
_least_heartbeat_ms = 100
_most_heartbeat_ms = 3_600_000


@dataclass(frozen=True)
class Server:
    """What a stream knows of where it connects."""

    address: str
    place: Place
    connect_timeout_s: float


class Call:
    """One call of a stream. `begin` first; `close` in any case."""

    def __init__(self, io: IO, plan: Plan, server: Server, request: OutputsRequest, stream: object) -> None:
        self._io = io
        self._plan = plan
        self._server = server
        self._connections = io.connections()
        polls = plan.method == "sub" and not plan.needs_our_server
        self.outbox = Outbox(request, plan.poll_interval_s if polls else None, stream)
        self.connection: Connection[Any] | None = None
        self.is_ours = False
        """Whether a server of ours answers, and not Falco's own."""
        self.position: int | None = None
        """The sequence number after which it starts; None from Falco itself."""
        self._wire: VersionCall | StreamCall | None = None
        self._first: Received | None = None
        self._is_empty = False
        self._is_cancelled = False
        self.read: Callable[[], Awaitable[Received | None]] = self._read_first
        """Reads the next message, as directly as possible; None at the end. Raises CallError."""
        self._opened_at: float | None = None
        self.silent_for_ms = 0
        """For how long nothing was heard when that ended it; 0 if that was not what ended it."""

    async def begin(self, remaining_s: Callable[[], float | None]) -> bool:
        """Waits until the server accepts the call; False if it was cancelled here meanwhile.

        `remaining_s` returns the time until the deadline. Raises FalcoError, and CallError of the call itself.
        """
        connection = self.connection = self._connections.acquire()
        if self._plan.needs_our_server:
            await self._assert_our_server(connection, remaining_s)
            if self.is_cancelled():
                return False
        plan = self._plan
        wire = self._io.stream(connection, _methods[plan.method], self.outbox, plan.metadata, remaining_s())
        self._wire = wire
        self._cancel_if_ended()
        headers = await wire.headers()
        self.is_ours = VERSION_HEADER in headers
        if self.is_ours:
            self.outbox.stop_polling()
            self._watch(wire, headers.get(HEARTBEAT_HEADER, ""))
        position = headers.get(POSITION_HEADER, "")
        if position.isdigit():
            self.position = int(position)
            window = headers.get(WINDOW_HEADER, "")
            self.outbox.open_window(int(window) if window.isdigit() else 0)
            self.read = wire.read
        else:
            # Our server says where a stream starts when it takes one, and a refusal may have no headers at all.
            self._first = await wire.read()
            self._is_empty = self._first is None
            self._read_on = wire.read
        self._opened_at = time.monotonic()
        return not self.is_cancelled()

    def lasted_s(self) -> float:
        """How long ago the server accepted it, in seconds; 0 if it did not."""
        return 0.0 if self._opened_at is None else time.monotonic() - self._opened_at

    def is_cancelled(self) -> bool:
        """Whether it was ended here."""
        return self._is_cancelled

    def cancel(self) -> None:
        """Ends it at once. A signal handler may call this."""
        self._is_cancelled = True
        self.outbox.end()
        if self._wire is not None:
            self._wire.cancel()

    def close(self) -> None:
        """Frees it."""
        self.cancel()
        if self.connection is not None:
            self._connections.release(self.connection)

    def _watch(self, wire: StreamCall, interval: str) -> None:
        """Ends it when nothing is heard for too long, if the server says how often it will be heard from."""
        interval_ms = int(interval) if interval.isascii() and interval.isdigit() and len(interval) < 8 else 0
        if not _least_heartbeat_ms <= interval_ms <= _most_heartbeat_ms:
            return

        def end() -> None:
            self.silent_for_ms = SILENT_INTERVALS * interval_ms
            wire.cancel()

        wire.watch(Silence(interval_ms / 1000, end))

    def _cancel_if_ended(self) -> None:
        """Repeats a `cancel` that came while the call was being made."""
        if self._is_cancelled and self._wire is not None:
            self._wire.cancel()

    async def _read_first(self) -> Received | None:
        first, self._first = self._first, None
        return first if first is not None or self._is_empty else await self._read_on()

    async def _assert_our_server(
        self, connection: Connection[Any], remaining_s: Callable[[], float | None]
    ) -> None:
        """Falco's own server would ignore the options, and send alerts before we knew whose server it is.

        It is Falco's own if it answers without our header, or says by a gRPC status that it has no such method. Any
        other answer without our header comes from a proxy whose server is away.
        """
        limit_s = self._server.connect_timeout_s
        left_s = remaining_s()
        timeout_s = limit_s if left_s is None else min(left_s, limit_s)
        tried = f"version on {self._server.address}"
        call = self._wire = self._io.version(connection, self._plan.metadata, timeout_s)
        self._cancel_if_ended()
        try:
            answer, headers = await call.result()
            if answer is None or VERSION_HEADER in headers:
                return
        except CallError as failed:
            # An error is an answer too, e.g. that Falco's version is not known.
            if failed.is_ours:
                return
            if failed.code is not grpc.StatusCode.UNIMPLEMENTED or failed.is_of_a_proxy:
                by_limit = timeout_s == limit_s
                raise _unavailable(
                    failed, self._server.place, tried, limit_s if by_limit else None
                ) from failed
        if self.is_cancelled():
            return
        # The C core may lose the headers of an answer that comes with the deadline.
        remaining_s()
        raise UnimplementedError(
            "this server is Falco's own, which has the shared queue only: leave out group, broadcast, after, follow "
            "and acknowledge (filter_locally filters on this side)",
            grpc.StatusCode.UNIMPLEMENTED,
            tried=tried,
        )


def _unavailable(failed: CallError, place: Place, tried: str, limit_s: float | None) -> FalcoError:
    """The error of a server that did not say who it is."""
    if failed.code is grpc.StatusCode.DEADLINE_EXCEEDED and limit_s is not None:
        message = f"no answer came within {limit_s:g} s"
    elif failed.is_local and not failed.is_of_a_proxy:
        return explain(failed, place, tried)
    else:
        answer = f"{failed.code.name}: {failed.details or 'no text'}"
        message = f"the server is away: a proxy answered in its place ({answer})"
    return UnavailableError(message, grpc.StatusCode.UNAVAILABLE, tried=tried)
