"""What both clients have in common."""

from __future__ import annotations

import threading
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, Unpack, overload

import grpc

from ._call import Server
from ._connections import Connection
from ._contract import FalcoVersion, PriorityLike, version_of
from ._delivery import Delivery
from ._errors import FailedPreconditionError, falco_error
from ._explain import CallError, explain
from ._filter import Filter
from ._io import IO, VersionCall
from ._options import Reconnect, StreamStatus
from ._plan import Metadata, plan_of
from ._target import Target

if TYPE_CHECKING:
    from ._options import (
        GetBroadcast,
        GetFiltered,
        GetGroup,
        GetShared,
        SubBroadcast,
        SubFiltered,
        SubGroup,
        SubShared,
    )

S = TypeVar("S")

_no_fields: Mapping[str, str] = {}


class ClientBase(ABC, Generic[S]):
    """What both clients can do. S is the kind of stream that they return."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._server = Server(target.address, target.place, target.connect_timeout_s)
        # A signal handler may come in between.
        self._lock = threading.RLock()
        self._deliveries: weakref.WeakSet[Delivery] = weakref.WeakSet()
        self._versions: set[VersionCall] = set()
        self._closed = False

    @property
    def address(self) -> str:
        """Where it connects."""
        return self._target.address

    @abstractmethod
    def _io_of(self) -> IO:
        """Where its streams run."""

    @abstractmethod
    def _stream_of(self, delivery: Delivery) -> S:
        """A stream as this client returns it."""

    @overload
    def sub(self, **options: Unpack[SubShared]) -> S: ...
    @overload
    def sub(self, *, filter_locally: Literal[True], **options: Unpack[SubFiltered]) -> S: ...
    @overload
    def sub(self, *, group: str, **options: Unpack[SubGroup]) -> S: ...
    @overload
    def sub(self, *, broadcast: Literal[True], **options: Unpack[SubBroadcast]) -> S: ...
    def sub(
        self,
        *,
        group: str | None = None,
        broadcast: bool = False,
        after: int | None = None,
        since: datetime | int | None = None,
        acknowledge: bool | Literal["manual"] = False,
        filter_locally: bool = False,
        allow: Iterable[Filter] = (),
        deny: Iterable[Filter] = (),
        min_priority: PriorityLike | None = None,
        fields: Mapping[str, str | Sequence[str]] = _no_fields,
        tags: Iterable[str] = (),
        rules: Iterable[str] = (),
        sources: Iterable[str] = (),
        hostnames: Iterable[str] = (),
        reconnect: Reconnect | bool = True,
        on_status: Callable[[StreamStatus], None] | None = None,
        poll_interval_s: float = 0.1,
        drain_timeout_s: float = 10.0,
        timeout_s: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> S:
        """Subscribes: yields the alerts that are queued, then those that arrive.

        Without `group` and `broadcast` it takes alerts from Falco's shared queue; each goes to one subscriber. The
        stream continues until the loop is left, and reconnects by itself when the connection is lost.

        Args:
            group: The group whose members share the alerts; every group gets all of them.
            broadcast: Yields every alert, and takes none away from others.
            after: The sequence number after which a broadcast or a new group begins; 0: with the oldest alert
                retained. By default with the alerts that arrive.
            since: Only alerts whose own time is not earlier, for a broadcast: a datetime with a time zone, or
                nanoseconds since 1970. Without `after`, the stream begins with the oldest alert retained.
            acknowledge: The server holds alerts until they are acknowledged, and delivers them to another subscriber
                if this one dies. True: an alert is acknowledged when the loop asks for the next one. "manual": it is
                acknowledged by the stream's `acknowledge`.
            filter_locally: Filters the shared queue of any server in this process: alerts that do not match are taken
                from the queue all the same.
            allow: Only alerts that match one of these filters.
            deny: No alerts that match one of these filters.
            min_priority: Only alerts at least this severe. This and the options below are, together, a single `allow`;
                Filter says how they match.
            fields: Only alerts with these output fields.
            tags: Only alerts with one of these tags.
            rules: Only alerts of these rules.
            sources: Only alerts of these sources.
            hostnames: Only alerts of these hosts.
            reconnect: How to reconnect after the connection was lost; False: not at all.
            on_status: Called when the connection is made or lost, and when alerts were lost. An exception that it
                raises ends the stream and reaches the caller unchanged.
            poll_interval_s: How often Falco's own server is polled, in seconds, since it sends alerts only on request.
            drain_timeout_s: How long a stream with `acknowledge="manual"` waits, after it was ended, until every alert
                that it yielded is acknowledged, in seconds.
            timeout_s: The deadline, in seconds from the start, reconnections included. None by default.
            headers: Request headers to send.

        Raises:
            InvalidArgumentError: for options that make no sense together. Iterating raises a FalcoError when the
                connection cannot be made, or made again.
        """
        return self._make(
            "sub",
            group=group,
            broadcast=broadcast,
            after=after,
            since=since,
            acknowledge=acknowledge,
            filter_locally=filter_locally,
            allow=allow,
            deny=deny,
            min_priority=min_priority,
            fields=fields,
            tags=tags,
            rules=rules,
            sources=sources,
            hostnames=hostnames,
            reconnect=reconnect,
            on_status=on_status,
            poll_interval_s=poll_interval_s,
            drain_timeout_s=drain_timeout_s,
            timeout_s=timeout_s,
            headers=headers,
        )

    @overload
    def get(self, **options: Unpack[GetShared]) -> S: ...
    @overload
    def get(self, *, filter_locally: Literal[True], **options: Unpack[GetFiltered]) -> S: ...
    @overload
    def get(self, *, group: str, **options: Unpack[GetGroup]) -> S: ...
    @overload
    def get(self, *, broadcast: Literal[True], **options: Unpack[GetBroadcast]) -> S: ...
    def get(
        self,
        *,
        group: str | None = None,
        broadcast: bool = False,
        after: int | None = None,
        since: datetime | int | None = None,
        until: datetime | int | None = None,
        follow: bool = False,
        filter_locally: bool = False,
        allow: Iterable[Filter] = (),
        deny: Iterable[Filter] = (),
        min_priority: PriorityLike | None = None,
        fields: Mapping[str, str | Sequence[str]] = _no_fields,
        tags: Iterable[str] = (),
        rules: Iterable[str] = (),
        sources: Iterable[str] = (),
        hostnames: Iterable[str] = (),
        reconnect: Reconnect | bool = True,
        on_status: Callable[[StreamStatus], None] | None = None,
        timeout_s: float | None = None,
        headers: Mapping[str, str] | None = None,
        acknowledge: Literal[False] = False,
    ) -> S:
        """Yields the alerts that are there. The stream ends after the last one, unless it follows.

        Args:
            group: The group to take alerts from.
            broadcast: Yields every alert that the server retains, and takes none away.
            after: The sequence number after which a broadcast or a new group begins; 0: with the oldest alert
                retained, which is the default for a broadcast.
            since: As for `sub`.
            until: Only alerts whose own time is earlier, for a broadcast that does not follow.
            follow: Stays open for the alerts that arrive.
            filter_locally: As for `sub`, like the filters below.
            allow: Only alerts that match one of these filters.
            deny: No alerts that match one of these filters.
            min_priority: Only alerts at least this severe.
            fields: Only alerts with these output fields.
            tags: Only alerts with one of these tags.
            rules: Only alerts of these rules.
            sources: Only alerts of these sources.
            hostnames: Only alerts of these hosts.
            reconnect: For a stream that follows: how to reconnect after the connection was lost.
            on_status: As for `sub`.
            timeout_s: The deadline, in seconds from the start.
            headers: Request headers to send.
            acknowledge: Only for `sub`: anything but False is refused.

        Raises:
            InvalidArgumentError: for options that make no sense together. Iterating raises a FalcoError when the call
                fails, CancelledError if the stream or the client was closed before the last alert.
        """
        return self._make(
            "get",
            group=group,
            broadcast=broadcast,
            after=after,
            since=since,
            until=until,
            follow=follow,
            acknowledge=acknowledge,
            filter_locally=filter_locally,
            allow=allow,
            deny=deny,
            min_priority=min_priority,
            fields=fields,
            tags=tags,
            rules=rules,
            sources=sources,
            hostnames=hostnames,
            reconnect=reconnect,
            on_status=on_status,
            timeout_s=timeout_s,
            headers=headers,
        )

    def _make(self, method: Literal["sub", "get"], **options: Any) -> S:
        delivery = Delivery(plan_of(method, **options), self._server, self._io_of)
        with self._lock:
            self._assert_open(method)
            self._deliveries.add(delivery)
        return self._stream_of(delivery)

    def _close_all(self) -> list[Delivery]:
        """Ends every stream and call; returns the streams, which may still wait for acknowledgements."""
        with self._lock:
            self._closed = True
            versions, deliveries = list(self._versions), list(self._deliveries)
        for call in versions:
            call.cancel()
        for delivery in deliveries:
            delivery.leave()
        return deliveries

    async def _version(self, timeout_s: float | None, metadata: Metadata) -> FalcoVersion:
        tried = f"version on {self.address}"
        self._assert_open("version")
        io = self._io_of()
        connections = io.connections()
        connection: Connection[Any] = connections.acquire()
        call = io.version(connection, metadata, timeout_s)
        with self._lock:
            self._versions.add(call)
        try:
            answer, _ = await call.result()
        except CallError as failed:
            error = explain(failed, self._target.place, tried, refused=True)
            if not error.from_server:
                connections.give_up(connection)
            raise error from failed.__cause__
        finally:
            with self._lock:
                self._versions.discard(call)
            connections.release(connection)
        if answer is None:
            raise falco_error("the client was closed", grpc.StatusCode.CANCELLED, tried)
        return version_of(answer)

    def _assert_open(self, method: str) -> None:
        if self._closed:
            raise FailedPreconditionError(
                "the client is closed",
                grpc.StatusCode.FAILED_PRECONDITION,
                tried=f"{method} on {self.address}",
            )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.address}{' (closed)' if self._closed else ''}>"
