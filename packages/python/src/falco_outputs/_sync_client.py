"""The client for threads: the same code as the one for asyncio, run to its end in the thread that calls."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Literal, TypeVar, overload

from ._alert import Alert
from ._alert import acknowledge as mark_as_done
from ._blocking import BlockingIO
from ._client_base import ClientBase
from ._errors import invalid
from ._io import run
from ._plan import metadata_of
from ._stream import Stream
from ._target import Target
from ._version import Version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self

    from ._tls import Pem

Out = TypeVar("Out", Alert, str)


class SyncAlertStream(Iterator[Out]):
    """Alerts as they arrive, for one `for`. It is open from the first alert that is asked for.

    `break`, an error in the loop, KeyboardInterrupt and `close`, which any thread may call, end it at once; a stream
    that acknowledges then leaves the alert that the loop has to others.
    """

    def __init__(self, stream: Stream, io: BlockingIO, output_format: Literal["json"] | None) -> None:
        self._stream = stream
        self._io = io
        self._output_format = output_format
        self._next = stream.next

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Out:
        alert = run(self._next())
        if alert is None:
            raise StopIteration
        return alert if self._output_format is None else alert.to_json()  # type: ignore[return-value]

    def batches(self) -> Iterator[list[Out]]:
        """The same, several alerts at a time: all that have arrived, at least one.

        For those who can treat many at once, e.g. write them to a database. With `acknowledge=True` a batch is
        acknowledged when the loop comes back for the next.
        """
        if self._stream.has_begun:
            raise invalid("batches: this stream is read alert by alert already")
        return _Batches(self, self._stream, self._output_format)

    def acknowledge(self, alert: Alert) -> None:
        """Marks an alert of this stream as done, with `acknowledge="manual"`. May be called from any thread.

        The server is told once all that came before it are done as well, so that handlers may finish in any order. An
        alert of a connection that was lost comes again, whether it is marked or not.
        """
        if self._stream.plan.acknowledge != "manual":
            raise invalid('acknowledge: this stream was not begun with acknowledge="manual"')
        mark_as_done(alert)

    def stop(self) -> None:
        """Ends the stream, once the body of the loop is done with its alert, which counts as acknowledged.

        For signal handlers, and for other threads: `signal.signal(signal.SIGTERM, lambda *_: stream.stop())`.
        """
        self._stream.stop()

    def close(self) -> None:
        """Ends the stream."""
        run(self._stream.end())

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
        # After `break` nobody else has it.
        stream = getattr(self, "_stream", None)
        if stream is None or not stream.has_begun or sys.is_finalizing():
            return
        if stream.is_iterated_here:
            run(stream.end())
        else:
            # The garbage collector came by, perhaps in one of gRPC's own threads, which has to go on.
            stream.leave()


class _Batches(Iterator[list[Out]]):
    """The alerts of a stream in batches. Whoever leaves the loop lets go of both."""

    def __init__(
        self, alerts: SyncAlertStream[Out], stream: Stream, output_format: Literal["json"] | None
    ) -> None:
        self._alerts: SyncAlertStream[Out] = alerts
        self._stream = stream
        self._output_format = output_format

    def __next__(self) -> list[Out]:
        batch = run(self._stream.next_batch())
        if not batch:
            raise StopIteration
        if self._output_format is None:
            return batch  # type: ignore[return-value]
        return [alert.to_json() for alert in batch]  # type: ignore[misc]


class SyncClient(ClientBase["SyncAlertStream[Out]"], Generic[Out]):
    """Subscribes to a server of Falco's alerts: Falco Outputs, or a Falco from 0.24 to 0.43. It blocks.

        with SyncClient("unix:///run/falco/falco.sock") as falco:
            for alert in falco.sub(group="pager", acknowledge=True):
                page(alert.rule, alert.output_fields["proc.cmdline"])

    Threads may share it, each with streams of its own.
    """

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: SyncClient[Alert],
            endpoint: str = ...,
            client_crt: Pem | None = ...,
            client_key: Pem | None = ...,
            ca_root: Pem | None = ...,
            output_format: None = ...,
            *,
            server_name: str | None = ...,
            insecure: bool = ...,
            connect_timeout_s: float = ...,
            keep_alive_s: float = ...,
        ) -> None: ...
        @overload
        def __init__(
            self: SyncClient[str],
            endpoint: str = ...,
            client_crt: Pem | None = ...,
            client_key: Pem | None = ...,
            ca_root: Pem | None = ...,
            *,
            output_format: Literal["json"],
            server_name: str | None = ...,
            insecure: bool = ...,
            connect_timeout_s: float = ...,
            keep_alive_s: float = ...,
        ) -> None: ...
        def __init__(self, *args: object, **kwargs: object) -> None: ...

    def _begin(self, target: Target) -> None:
        self._io = BlockingIO(target)

    def _io_of(self) -> BlockingIO:
        return self._io

    def _stream_of(self, stream: Stream) -> SyncAlertStream[Out]:
        return SyncAlertStream(stream, self._io, self._output_format)

    @overload
    def version(
        self: SyncClient[Alert],
        *,
        timeout_s: float | None = ...,
        headers: Mapping[str, str] | None = ...,
    ) -> Version: ...
    @overload
    def version(
        self: SyncClient[str],
        *,
        timeout_s: float | None = ...,
        headers: Mapping[str, str] | None = ...,
    ) -> str: ...
    def version(
        self, *, timeout_s: float | None = None, headers: Mapping[str, str] | None = None
    ) -> Version | str:
        """The version of Falco behind the server. Raises FalcoError."""
        self._assert_open("version")
        return run(self._version(self._io, timeout_s, metadata_of(headers)))

    def close(self) -> None:
        """Ends every stream and call of this client."""
        self._closed = True
        for call in list(self._versions):
            call.cancel()
        for stream in list(self._streams):
            run(stream.end())
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
