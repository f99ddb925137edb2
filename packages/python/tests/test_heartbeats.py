"""A server that falls silent is found out by its heartbeats, and what it has looked at is where a stream goes on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.proxy import Proxy
from support.server import Host, Server
from support.until import ends, result_of, until, until_async

from falco_outputs import (
    AsyncClient,
    Client,
    Connected,
    Disconnected,
    Filter,
    Lost,
    Reconnect,
    Resumed,
    StreamStatus,
    UnavailableError,
)
from falco_outputs._io import SILENT_INTERVALS
from falco_outputs._message import Received, received

quick = Reconnect(initial_delay_s=0.01, max_delay_s=0.05, wait_on_first_connect=True)
dead = "nothing was heard for 600 ms: the connection is dead"


@dataclass
class Frozen:
    """A server whose process can be stopped, so that its connections stay open and say nothing."""

    host: Host
    server: Server
    path: Path

    def freeze(self) -> None:
        self.host.freeze()

    def replace(self, other: Server) -> None:
        """Another server takes its address."""
        self.path.unlink()
        other.start(listen=[f"unix://{self.path}"], heartbeatIntervalMs=200)


@pytest.fixture
def frozen(folder: Path) -> Iterator[Frozen]:
    host = Host()
    server = host.server()
    path = folder / "falco.sock"
    server.start(listen=[f"unix://{path}"], heartbeatIntervalMs=200)
    yield Frozen(host, server, path)
    host.thaw()
    host.close()


def first_loss_of_connection(statuses: list[StreamStatus]) -> Disconnected:
    return next(status for status in statuses if isinstance(status, Disconnected))


@pytest.mark.parametrize("options", [{"broadcast": True}, {"group": "pager", "acknowledge": True}])
async def test_a_frozen_server_is_left_for_its_successor(
    frozen: Frozen, idle_server: Server, options: dict[str, object]
) -> None:
    statuses: list[StreamStatus] = []
    begin = datetime.now(UTC)
    async with AsyncClient(frozen.server.address, connect_timeout_s=1) as falco:
        stream = falco.sub(**options, reconnect=quick, on_status=statuses.append)  # type: ignore[call-overload]
        task = asyncio.ensure_future(anext(stream))
        await until_async(lambda: Connected() in statuses)
        frozen.freeze()
        await until_async(lambda: any(isinstance(status, Disconnected) for status in statuses))
        await asyncio.to_thread(frozen.replace, idle_server)
        await asyncio.to_thread(idle_server.wait_for_subscribers, 1)
        await asyncio.to_thread(idle_server.raise_rules, "after")
        alert = await result_of(task)
        while alert.sequence == 0:
            alert = await result_of(anext(stream))
        assert alert.rule == "after"
    error = first_loss_of_connection(statuses)
    assert isinstance(error.error, UnavailableError)
    assert error.error.message == dead
    assert not error.error.from_server
    assert error.last_heard_at is not None
    assert begin <= error.last_heard_at <= datetime.now(UTC)
    assert Resumed() in statuses


@pytest.mark.parametrize("options", [{"broadcast": True}, {}])
def test_the_same_in_threads(frozen: Frozen, idle_server: Server, options: dict[str, object]) -> None:
    statuses: list[StreamStatus] = []
    rules: list[str] = []
    with Client(frozen.server.address, connect_timeout_s=1) as falco:
        stream = falco.sub(**options, reconnect=quick, on_status=statuses.append)  # type: ignore[call-overload]
        thread = threading.Thread(target=lambda: rules.extend(alert.rule for alert in stream))
        thread.start()
        until(lambda: Connected() in statuses)
        frozen.freeze()
        until(lambda: any(isinstance(status, Disconnected) for status in statuses))
        frozen.replace(idle_server)
        idle_server.wait_for_subscribers(1)
        idle_server.raise_rules("after")
        until(lambda: rules[-1:] == ["after"])
        stream.stop()
        ends(thread)
    assert first_loss_of_connection(statuses).error.message == dead
    assert Resumed() in statuses


async def test_a_connection_that_passes_nothing_on_is_closed(idle_server: Server, folder: Path) -> None:
    idle_server.start(heartbeatIntervalMs=200)
    proxy = Proxy(folder, idle_server.address)
    async with AsyncClient(proxy.address) as falco:
        statuses: list[StreamStatus] = []
        stream = falco.sub(broadcast=True, reconnect=quick, on_status=statuses.append)
        task = asyncio.ensure_future(anext(stream))
        await until_async(lambda: Connected() in statuses)
        proxy.silence()
        await until_async(lambda: proxy.left == 1)
        await asyncio.to_thread(idle_server.raise_rules, "a")
        assert (await result_of(task)).rule == "a"
    proxy.close()


def test_a_dead_connection_is_closed_in_threads_too(idle_server: Server, folder: Path) -> None:
    idle_server.start(heartbeatIntervalMs=200)
    proxy = Proxy(folder, idle_server.address)
    with Client(proxy.address) as falco:
        statuses: list[StreamStatus] = []
        rules: list[str] = []
        stream = falco.sub(broadcast=True, reconnect=quick, on_status=statuses.append)
        thread = threading.Thread(target=lambda: rules.append(next(stream).rule))
        thread.start()
        until(lambda: Connected() in statuses)
        proxy.silence()
        until(lambda: proxy.left == 1)
        idle_server.raise_rules("a")
        ends(thread)
    proxy.close()
    assert rules == ["a"]


async def test_heartbeats_keep_a_quiet_stream(idle_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = heartbeats(monkeypatch, "falco_outputs._asyncio.received")
    idle_server.start(heartbeatIntervalMs=300)
    statuses: list[StreamStatus] = []
    async with AsyncClient(idle_server.address) as falco:
        stream = falco.sub(broadcast=True, on_status=statuses.append)
        task = asyncio.ensure_future(anext(stream))
        await until_async(lambda: len(heard) > SILENT_INTERVALS)
        await asyncio.to_thread(idle_server.raise_rules, "a")
        assert (await result_of(task)).rule == "a"
    assert [type(status).__name__ for status in statuses] == ["Connecting", "Connected"]


def test_a_busy_loop_does_not_mistake_the_server_for_dead(
    idle_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    idle_server.start(heartbeatIntervalMs=300)
    idle_server.raise_rules("a", "b")
    statuses: list[StreamStatus] = []
    with Client(idle_server.address) as falco:
        # Another stream of the same connection counts how long the loop below is at work.
        heard = heartbeats(monkeypatch, "falco_outputs._blocking.received")
        other = falco.sub(broadcast=True)
        thread = threading.Thread(target=lambda: next(other))
        thread.start()
        stream = falco.sub(broadcast=True, after=0, on_status=statuses.append)
        assert next(stream).rule == "a"
        heard.clear()
        until(lambda: len(heard) > SILENT_INTERVALS)
        assert next(stream).rule == "b"
        idle_server.raise_rules("c")
        assert next(stream).rule == "c"
        ends(thread)
    assert [type(status).__name__ for status in statuses] == ["Connecting", "Connected"]


@pytest.mark.parametrize("options", [{"rules": ["wanted"]}, {"deny": [Filter(rules=["noise*"])]}])
async def test_a_filtered_broadcast_goes_on_after_what_was_scanned(
    idle_server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, object]
) -> None:
    heard = heartbeats(monkeypatch, "falco_outputs._asyncio.received")
    idle_server.start(heartbeatIntervalMs=200, maxAlerts=10)
    proxy = Proxy(folder, idle_server.address)
    statuses: list[StreamStatus] = []
    rules: list[str] = []

    async def listen() -> None:
        async for alert in falco.sub(  # type: ignore[call-overload]
            broadcast=True, reconnect=quick, on_status=statuses.append, **options
        ):
            rules.append(alert.rule)

    async with AsyncClient(proxy.address) as falco:
        task = asyncio.ensure_future(listen())
        await until_async(lambda: Connected() in statuses)
        for cut in range(3):
            # Many more than the log holds.
            noise = idle_server.raise_rules(*["noise"] * 1000)
            await until_async(lambda last=noise[-1]: last in heard)  # type: ignore[misc]
            proxy.cut()
            await until_async(lambda cut=cut: statuses.count(Resumed()) > cut)  # type: ignore[misc]
        idle_server.raise_rules("wanted")
        await until_async(lambda: len(rules) > 0)
    await result_of(task)
    proxy.close()
    assert rules == ["wanted"]
    assert not any(isinstance(status, Lost) for status in statuses)


def heartbeats(monkeypatch: pytest.MonkeyPatch, decoder: str) -> list[int]:
    """Collects what the messages on the wire say was scanned."""
    heard: list[int] = []

    def spy(data: bytes) -> Received:
        message, size = received(data)
        if message is not None and message.scanned != 0:
            heard.append(message.scanned)
        return message, size

    monkeypatch.setattr(decoder, spy)
    return heard
