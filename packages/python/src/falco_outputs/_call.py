"""One call of a stream: from its request to its end, or to the loss of the connection."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ._acknowledgements import Acknowledgements
from ._contract import POSITION_HEADER, VERSION_HEADER, WINDOW_HEADER, OutputsResponse
from ._io import StreamCall
from ._outbox import Outbox


class Call:
    """One call of a stream."""

    def __init__(self, wire: StreamCall, outbox: Outbox, *, acknowledges: bool) -> None:
        self._wire = wire
        self._outbox = outbox
        self._first: OutputsResponse | None = None
        self._is_empty = False
        self.acknowledgements = Acknowledgements(outbox.acknowledge) if acknowledges else None
        self.is_ours = False
        """Whether our server answers, and not Falco's own."""
        self.position: int | None = None
        """The sequence number behind which it starts; None from Falco itself."""

    async def begin(self) -> None:
        """Waits for the server to take the call, or to refuse it."""
        headers = await self._wire.headers()
        self.is_ours = VERSION_HEADER in headers
        position = headers.get(POSITION_HEADER, "")
        if self.is_ours:
            self._outbox.stop_polling()
        if position.isdigit():
            self.position = int(position)
            window = headers.get(WINDOW_HEADER, "")
            self._outbox.open_window(int(window) if window.isdigit() else 0)
        else:
            # Our server says where a stream starts when it takes one, and a refusal may have no headers at all.
            self._first = await self._wire.read()
            self._is_empty = self._first is None

    @property
    def reader(self) -> Callable[[], Awaitable[OutputsResponse | None]]:
        """What reads the next message, as directly as can be."""
        return self.read if self.position is None else self._wire.read

    async def read(self) -> OutputsResponse | None:
        """The next message; None at the end."""
        if self._first is not None:
            first, self._first = self._first, None
            return first
        message = None if self._is_empty else await self._wire.read()
        self._outbox.idle = False
        return message

    def ready(self) -> OutputsResponse | None:
        """The next message if it arrived ahead."""
        return self._wire.ready()

    def cancel(self) -> None:
        """Ends the call at once."""
        # Nothing that is still to be sent may hold the sender.
        self._wire.cancel()
        self._outbox.end()

    def half_close(self) -> None:
        """Says that the last acknowledgement is sent: the server returns the rest, and ends the call.

        A cancel could overtake it.
        """
        self._outbox.end()

    def lost(self) -> None:
        """Its connection is of no use any more."""
        self._wire.lost()
