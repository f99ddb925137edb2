from __future__ import annotations

import asyncio
import inspect
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.answers import Answers
from support.old_falco import OldFalco
from support.proxy import Proxy
from support.server import Host, Server
from support.until import LIMIT_S


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs tests that are coroutines, each in an event loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server on a busy machine may take long to end a call that was half-closed."""
    monkeypatch.setattr("falco_outputs._io.FAREWELL_S", LIMIT_S)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="falco-outputs-") as path:
        yield Path(path)


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    host = Host()
    yield host
    host.close()


@pytest.fixture
def idle_server(host: Host) -> Iterator[Server]:
    """A server that the test starts, with its own options."""
    server = host.server()
    yield server
    server.stop()


@pytest.fixture
def server(idle_server: Server) -> Server:
    return idle_server.start()


@pytest.fixture
def proxy(folder: Path, server: Server) -> Iterator[Proxy]:
    proxy = Proxy(folder, server.address)
    yield proxy
    proxy.close()


@pytest.fixture
def answers(folder: Path) -> Iterator[Answers]:
    answers = Answers(folder)
    yield answers
    answers.close()


@pytest.fixture
def falco(folder: Path) -> Iterator[Callable[..., OldFalco]]:
    """Starts servers that behave as Falco 0.43 does."""
    started: list[OldFalco] = []

    def start(name: str = "falco.sock", **options: Any) -> OldFalco:
        started.append(OldFalco(f"unix://{folder / name}", **options))
        return started[-1]

    yield start
    for one in started:
        one.stop()
