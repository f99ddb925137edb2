"""What both clients are made with, and what they can do."""

from __future__ import annotations

import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

import grpc

from ._address import UnixAddress, parse_address
from ._errors import FailedPreconditionError, FalcoError, falco_error, invalid
from ._explain import explain, is_local
from ._io import IO, VersionCall
from ._plan import Metadata, plan_of
from ._priority import PriorityLike
from ._quote import quoted
from ._reconnect import Reconnect
from ._status import StreamStatus
from ._stream import Owner, Stream
from ._target import Target, target_of
from ._tls import Pem
from ._version import Version, version_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

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

DEFAULT_ENDPOINT = "unix:///run/falco/falco.sock"
"""Falco's own default."""

_output_formats = (None, "json")


class ClientBase(ABC, Generic[S]):
    """What both clients are made with, and what they can do. S is the kind of stream they give."""

    def __init__(
        self,
        endpoint: str = DEFAULT_ENDPOINT,
        client_crt: Pem | None = None,
        client_key: Pem | None = None,
        ca_root: Pem | None = None,
        output_format: Literal["json"] | None = None,
        *,
        server_name: str | None = None,
        insecure: bool = False,
        connect_timeout_s: float = 5.0,
        keep_alive_s: float = 30.0,
    ) -> None:
        """A client for a server's address.

        The connection is made by the first call, and again by the next one after it was lost.

        Args:
            endpoint: `unix:///path`, `unix:path`, a plain path, or `host:port`.
            client_crt: The client's certificate, for mutual TLS: the path of a PEM file, or PEM as bytes.
            client_key: The client's private key.
            ca_root: The authorities that sign the server's certificate.
            output_format: "json" gives Falco's JSON as text in place of each Alert and Version.
            server_name: The name that the server's certificate has to carry; by default the host of the endpoint.
            insecure: Allows `host:port` without TLS: whoever is on the way reads along.
            connect_timeout_s: How long connecting may take, in seconds, and the server to say who it is.
            keep_alive_s: After how long a quiet connection is checked with a ping, which has the same time, but at
                most 15 seconds, to be answered.

        Raises:
            InvalidArgumentError: for an address or certificates that cannot work.
        """
        if output_format not in _output_formats:
            raise invalid(f'output_format: {quoted(output_format)}, expected "json" or None')
        target = target_of(
            endpoint,
            client_crt=client_crt,
            client_key=client_key,
            ca_root=ca_root,
            server_name=server_name,
            insecure=insecure,
            connect_timeout_s=connect_timeout_s,
            keep_alive_s=keep_alive_s,
        )
        self._address = target.address
        self._is_unix = isinstance(parse_address(endpoint), UnixAddress)
        self._is_secure = target.credentials is not None
        self._output_format = output_format
        self._owner = Owner(target.address, target.connect_timeout_s, self._error)
        self._streams: weakref.WeakSet[Stream] = weakref.WeakSet()
        self._versions: set[VersionCall] = set()
        self._closed = False
        self._begin(target)

    @abstractmethod
    def _begin(self, target: Target) -> None:
        """Gets ready to call."""

    @abstractmethod
    def _io_of(self) -> IO:
        """Where its streams run."""

    @abstractmethod
    def _stream_of(self, stream: Stream) -> S:
        """A stream as this client gives it."""

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
        acknowledge: bool | Literal["manual"] = False,
        filter_locally: bool = False,
        min_priority: PriorityLike | None = None,
        tags: Iterable[str] = (),
        rules: Iterable[str] = (),
        sources: Iterable[str] = (),
        hostnames: Iterable[str] = (),
        reconnect: Reconnect | bool = True,
        on_status: Callable[[StreamStatus], None] | None = None,
        poll_interval_s: float = 0.1,
        timeout_s: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> S:
        """Subscribes: first to what is queued, then to what comes.

        Without `group` and `broadcast` to Falco's shared queue, of which each alert goes to one subscriber. The stream
        goes on until it is left, and comes back by itself when the connection is lost.

        Args:
            group: Shares the alerts with the other members of this group; every group gets all of them.
            broadcast: Gets every alert, shared with nobody.
            after: Where a broadcast, or a group that is new, begins: behind this sequence number; 0: with the oldest
                alert retained. By default with what comes.
            acknowledge: The server holds alerts until they are acknowledged, and gives them to another subscriber if
                this one dies. True: an alert is acknowledged when the loop comes back for the next one. "manual": the
                stream's `acknowledge` does it.
            filter_locally: Filters the shared queue of any server on this side: what does not match is taken from the
                queue all the same.
            min_priority: Only alerts at least this severe.
            tags: Only alerts that carry any of these; exact and case-sensitive, as all that follow.
            rules: Only alerts of any of these rules.
            sources: Only alerts of any of these sources.
            hostnames: Only alerts of any of these hosts.
            reconnect: How to come back after the connection was lost; False: not at all.
            on_status: Told what becomes of the connection, and of losses.
            poll_interval_s: How often Falco's own server, which answers only to requests, is asked while no alert
                comes, in seconds. Our server is never asked twice.
            timeout_s: The call's deadline, in seconds from its start, reconnections included. By default none.
            headers: Headers to send along.

        Raises:
            InvalidArgumentError: for options that make no sense together. Iterating raises a FalcoError when there is
                no connection, or none any more.
        """
        return self._make(
            "sub",
            group=group,
            broadcast=broadcast,
            after=after,
            follow=False,
            acknowledge=acknowledge,
            filter_locally=filter_locally,
            min_priority=min_priority,
            tags=tags,
            rules=rules,
            sources=sources,
            hostnames=hostnames,
            reconnect=reconnect,
            on_status=on_status,
            poll_interval_s=poll_interval_s,
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
        follow: bool = False,
        filter_locally: bool = False,
        min_priority: PriorityLike | None = None,
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
        """Gets what is there; the stream ends behind the last alert, unless it follows.

        Args:
            group: Takes from this group.
            broadcast: Gets every alert that the server retains, and takes none away.
            after: Where a broadcast, or a group that is new, begins: behind this sequence number; 0: with the oldest
                alert retained. By default a broadcast begins with that.
            follow: Stays open for what comes.
            filter_locally: As for `sub`.
            min_priority: As for `sub`, as all that follow.
            tags: Only alerts that carry any of these.
            rules: Only alerts of any of these rules.
            sources: Only alerts of any of these sources.
            hostnames: Only alerts of any of these hosts.
            reconnect: Of a stream that follows: how to come back after the connection was lost.
            on_status: Told what becomes of the connection, and of losses.
            timeout_s: The call's deadline, in seconds from its start.
            headers: Headers to send along.
            acknowledge: Is for `sub`: anything but False is refused.

        Raises:
            InvalidArgumentError: for options that make no sense together. Iterating raises a FalcoError when the call
                fails.
        """
        return self._make(
            "get",
            group=group,
            broadcast=broadcast,
            after=after,
            follow=follow,
            acknowledge=acknowledge,
            filter_locally=filter_locally,
            min_priority=min_priority,
            tags=tags,
            rules=rules,
            sources=sources,
            hostnames=hostnames,
            reconnect=reconnect,
            on_status=on_status,
            poll_interval_s=0.1,
            timeout_s=timeout_s,
            headers=headers,
        )

    def _make(self, method: Literal["sub", "get"], **options: Any) -> S:
        self._assert_open(method)
        if self._output_format is not None and options["acknowledge"] == "manual":
            raise invalid('acknowledge: "manual" needs alerts, leave out output_format')
        stream = Stream(self._io_of(), plan_of(method, **options), self._owner)
        self._streams.add(stream)
        return self._stream_of(stream)

    async def _version(self, io: IO, timeout_s: float | None, metadata: Metadata) -> Version | str:
        tried = f"version on {self._address}"
        call = io.version(metadata, timeout_s)
        self._versions.add(call)
        try:
            answer, _ = await call.result()
        except grpc.RpcError as reason:
            error = self._error(tried, reason)
            if not error.from_server:
                call.lost()
            raise error from reason
        finally:
            self._versions.discard(call)
        if answer is None:
            raise falco_error("the client was closed", grpc.StatusCode.CANCELLED, tried=tried)
        version = version_of(answer)
        return version if self._output_format is None else version.to_json()

    def _error(self, tried: str, reason: grpc.RpcError) -> FalcoError:
        code, details = reason.code(), reason.details() or ""
        if not is_local(code, details):
            return falco_error(details, code, tried=tried, from_server=True)
        message, code = explain(code, details, unix=self._is_unix, secure=self._is_secure)
        return falco_error(message, code, tried=tried)

    def _assert_open(self, method: str) -> None:
        if self._closed:
            raise FailedPreconditionError(
                "the client is closed",
                grpc.StatusCode.FAILED_PRECONDITION,
                tried=f"{method} on {self._address}",
            )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._address}{' (closed)' if self._closed else ''}>"
