"""What a network can do to the connections between a client and a server."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path

from support.until import LIMIT_S


class Proxy:
    """A proxy in front of a unix socket."""

    def __init__(self, folder: Path, target: str) -> None:
        self._target = target.removeprefix("unix://")
        self._sockets: list[socket.socket] = []
        self._silent: set[socket.socket] = set()
        self._all: list[socket.socket] = []
        self._threads = 0
        self._passing = threading.Semaphore(0)
        self.refusing = False
        self.taken = 0
        self.left = 0
        """How many silent connections were closed by the client."""
        path = folder / "proxy.sock"
        self.address = f"unix://{path}"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Ends the current connections; new ones are let through."""
        sockets, self._sockets = self._sockets, []
        for one in sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def silence(self) -> None:
        """From now on passes nothing on over the current connections, and closes none of them."""
        self._silent.update(self._sockets)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._silent.clear()
        self._sockets = self._all
        self.cut()
        for _ in range(self._threads):
            assert self._passing.acquire(timeout=LIMIT_S)
        for one in self._all:
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                one, _ = self._listener.accept()
            except OSError:
                return
            self.taken += 1
            if self.refusing:
                one.close()
                continue
            other = socket.socket(socket.AF_UNIX)
            try:
                other.connect(self._target)
            except OSError:
                one.close()
                other.close()
                continue
            self._sockets += [one, other]
            self._all += [one, other]
            for pair in ((one, other), (other, one)):
                threading.Thread(target=self._pass_on, args=pair, daemon=True).start()
                self._threads += 1

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65_536):
                if one not in self._silent:
                    other.sendall(data)
        if one in self._silent:
            self.left += 1
        else:
            for end in (one, other):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        self._passing.release()
