"""The client for threads: the same code as the one for asyncio, run to its end in the thread that calls."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from ._alert import Alert
from ._blocking import BlockingIO, Interceptor
from ._client_base import ClientBase
from ._contract import FalcoVersion
from ._delivery import Delivery
from ._errors import refused
from ._io import run
from ._plan import checked_timeout, metadata_of
from ._target import DEFAULT_MAX_MESSAGE_BYTES, Pem, target_of


class AlertStream(Iterable[Alert]):
    """Alerts as they arrive, for one `for` loop. The call begins when the first alert is asked for.

    Leaving the loop ends the stream, whether by `break`, an error or KeyboardInterrupt; so do `stop` and `close`, which
    any thread may call. If the stream acknowledges, the alert that the loop was at then goes to another subscriber.
    `next(stream)` takes a single alert and leaves the stream open.
    """

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    def __iter__(self) -> Iterator[Alert]:
        return _Loop(self, self._delivery)

    def __next__(self) -> Alert:
        alert = run(self._delivery.next())
        if alert is None:
            raise StopIteration
        return alert

    def batches(self) -> Iterator[list[Alert]]:
        """The same alerts in lists: all that have arrived, at least one.

        For programs that handle many at once, e.g. write them to a database. With `acknowledge=True` a batch is
        acknowledged when the loop asks for the next one.
        """
        if self._delivery.has_begun:
            raise refused("batches: this stream is read alert by alert already")
        return _Batches(self, self._delivery)

    def acknowledge(self, alert: Alert) -> bool:
        """Acknowledges an alert of this stream, with `acknowledge="manual"`. Any thread may call it.

        Returns whether that still counts: False if it was acknowledged already, or if its connection was lost, so
        that the alert comes again. The server is told when all alerts before it are acknowledged as well, so handlers
        may finish in any order. Raises InvalidArgumentError for an alert that did not come from this stream.
        """
        return self._delivery.acknowledge(alert)

    def stop(self) -> None:
        """Ends the stream when the body of the loop is done with its alert, which counts as acknowledged.

        With `acknowledge="manual"` the loop ends, and the alerts that it got can still be acknowledged until
        `drain_timeout_s` has passed; `close` waits for that. For signal handlers, and for other threads:
        `signal.signal(signal.SIGTERM, lambda *_: stream.stop())`.
        """
        self._delivery.stop()

    def close(self) -> None:
        """Ends the stream, and waits for its end: with `acknowledge="manual"` until everything is acknowledged."""
        run(self._delivery.end())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if not sys.is_finalizing():
            self._delivery.let_go()


class _Loop(Iterator[Alert]):
    """One loop over a stream, which ends with it."""

    def __init__(self, alerts: AlertStream, delivery: Delivery) -> None:
        # Without this reference the stream would be garbage while the loop runs.
        self._alerts = alerts
        self._delivery = delivery
        self._thread = threading.get_ident()

    def __next__(self) -> Alert:
        alert = run(self._delivery.next())
        if alert is None:
            raise StopIteration
        return alert

    def __del__(self) -> None:
        if sys.is_finalizing():
            return
        self._delivery.let_go()
        # Once a loop that acknowledges is left, the other subscribers have the rest at once. But the garbage collector
        # may run in one of gRPC's own threads, which must not block.
        if self._delivery.acknowledges_by_itself and self._thread == threading.get_ident():
            run(self._delivery.wait_end())


class _Batches(Iterator[list[Alert]]):
    """One loop over the batches of a stream, which ends with it."""

    def __init__(self, alerts: AlertStream, delivery: Delivery) -> None:
        self._loop = _Loop(alerts, delivery)
        self._delivery = delivery

    def __next__(self) -> list[Alert]:
        batch = run(self._delivery.next_batch())
        if not batch:
            raise StopIteration
        return batch


class Client(ClientBase[AlertStream]):
    """Subscribes to a server of Falco's alerts: Falco Outputs, or a Falco from 0.24 to 0.43. It blocks.

        with Client() as falco:
            for alert in falco.sub(group="pager", acknowledge=True):
                page(alert.rule, alert.output)

    Threads may share it, each with streams of its own.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        ca: Pem | None = None,
        cert: Pem | None = None,
        key: Pem | None = None,
        server_name: str | None = None,
        insecure: bool = False,
        connect_timeout_s: float = 5.0,
        keep_alive_s: float = 30.0,
        max_message_bytes: int = DEFAULT_MAX_MESSAGE_BYTES,
        channel_options: Sequence[tuple[str, str | int]] = (),
        interceptors: Sequence[Interceptor] = (),
    ) -> None:
        """A client for a server's address.

        The first call connects, and so does the next one after the connection was lost.

        Args:
            address: `unix:///path`, `unix:path`, a plain path, or `host:port`; by default where `falco-outputs serve`
                listens by default.
            ca: The authorities that sign the server's certificate, for mutual TLS: the path of a PEM file, or PEM as
                bytes. Files are read again for each connection.
            cert: The client's certificate.
            key: The client's private key.
            server_name: The name that the server's certificate must carry; by default the host of the address.
            insecure: Allows `host:port` without TLS, so that everyone on the way can read the alerts.
            connect_timeout_s: How long connecting may take, in seconds, and then the server's answer to who it is.
            keep_alive_s: After how long a quiet connection is checked with a ping, in seconds. The answer may take as
                long, but at most 15 seconds.
            max_message_bytes: The largest message that is accepted, in bytes; a larger one ends the stream.
            channel_options: Options for gRPC's channel; they override those set here.
            interceptors: gRPC interceptors, e.g. OpenTelemetry's.

        Raises:
            InvalidArgumentError: for an address, certificates or times that cannot work.
        """
        target = target_of(
            address,
            ca=ca,
            cert=cert,
            key=key,
            server_name=server_name,
            insecure=insecure,
            connect_timeout_s=connect_timeout_s,
            keep_alive_s=keep_alive_s,
            max_message_bytes=max_message_bytes,
            channel_options=channel_options,
        )
        super().__init__(target)
        self._io = BlockingIO(target, tuple(interceptors))

    def _io_of(self) -> BlockingIO:
        return self._io

    def _stream_of(self, delivery: Delivery) -> AlertStream:
        return AlertStream(delivery)

    def version(
        self, *, timeout_s: float | None = None, headers: Mapping[str, str] | None = None
    ) -> FalcoVersion:
        """The version of Falco behind the server. Raises FalcoError."""
        return run(self._version(checked_timeout(timeout_s), metadata_of(headers)))

    def close(self) -> None:
        """Ends every stream and call of this client.

        Waits for streams with `acknowledge="manual"` until every alert that they yielded is acknowledged, or their
        `drain_timeout_s` has passed.
        """
        for delivery in self._close_all():
            run(delivery.wait_end())
        self._io.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
