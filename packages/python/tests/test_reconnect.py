"""Streams reconnect when the connection is lost."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from functools import partial
from pathlib import Path

import pytest
from support.proxy import Proxy
from support.server import Server
from support.until import ends, result_of, until, until_async

from falco_outputs import (
    AsyncClient,
    Client,
    Connected,
    Connecting,
    DeadlineExceededError,
    Disconnected,
    Lost,
    Reconnect,
    Resumed,
    StreamStatus,
    UnavailableError,
)

quick = Reconnect(initial_delay_s=0.01, max_delay_s=0.05)


def has(got: list[int], sequences: list[int]) -> bool:
    return got == sequences


def names(statuses: list[StreamStatus]) -> list[str]:
    """What was told, attempts that fail after one another as one."""
    all_names = [type(status).__name__ for status in statuses]
    out: list[str] = []
    for name in all_names:
        if name == "Connecting" and out[-2:] == ["Connecting", "Disconnected"]:
            out.pop()
        else:
            out.append(name)
    return out


async def test_a_broadcast_misses_nothing_and_gets_nothing_twice(server: Server, proxy: Proxy) -> None:
    statuses: list[StreamStatus] = []
    got: list[int] = []
    async with AsyncClient(proxy.address) as falco:
        stream = falco.sub(broadcast=True, reconnect=quick, on_status=statuses.append)

        async def listen() -> None:
            async for alert in stream:
                got.append(alert.sequence)

        task = asyncio.ensure_future(listen())
        await until_async(lambda: Connected() in statuses)
        sequences: list[int] = []
        for _ in range(5):
            sequences += server.raise_rules(*"abc")
            await until_async(partial(has, got, sequences))
            proxy.cut()
            sequences += server.raise_rules("while it is away")
        await until_async(lambda: len(got) == len(sequences))
        await stream.aclose()
        await task
    assert got == sequences
    assert names(statuses)[:5] == ["Connecting", "Connected", "Disconnected", "Connecting", "Resumed"]
    lost = next(status for status in statuses if isinstance(status, Disconnected))
    assert isinstance(lost.error, UnavailableError)
    assert not lost.error.from_server
    assert 0 <= lost.retry_in_s <= 0.05


def test_the_same_in_a_thread(server: Server, proxy: Proxy) -> None:
    statuses: list[StreamStatus] = []
    got: list[int] = []
    with Client(proxy.address) as falco:
        stream = falco.get(broadcast=True, follow=True, reconnect=quick, on_status=statuses.append)
        thread = threading.Thread(target=lambda: got.extend(alert.sequence for alert in stream))
        thread.start()
        until(lambda: Connected() in statuses)
        sequences = server.raise_rules(*"abc")
        until(lambda: len(got) == 3)
        proxy.cut()
        sequences += server.raise_rules(*"de")
        until(lambda: len(got) == 5)
        stream.close()
        ends(thread)
    assert got == sequences
    assert names(statuses) == ["Connecting", "Connected", "Disconnected", "Connecting", "Resumed"]


async def test_a_restarted_server_is_told_as_a_loss(server: Server) -> None:
    statuses: list[StreamStatus] = []
    rules: list[str] = []
    server.raise_rules("before")
    async with AsyncClient(server.address) as falco:
        stream = falco.sub(broadcast=True, after=0, reconnect=quick, on_status=statuses.append)
        rules.append((await anext(stream)).rule)
        await asyncio.to_thread(server.restart)
        server.raise_rules("after")
        rules += [(await anext(stream)).rule for _ in range(2)]
        await stream.aclose()
    assert rules == ["before", "Falco Outputs internal: alerts lost", "after"]
    lost = next(status for status in statuses if isinstance(status, Lost))
    assert (lost.loss.cause, lost.loss.lost) == ("restart", None)


def test_a_stream_without_reconnection_ends_with_the_error(server: Server, proxy: Proxy) -> None:
    server.raise_rules("a")
    with Client(proxy.address) as falco:
        stream = falco.sub(reconnect=False)
        next(stream)
        proxy.cut()
        with pytest.raises(UnavailableError, match="connection"):
            next(stream)
        with pytest.raises(StopIteration):
            next(stream)


def test_attempts_are_limited(server: Server, proxy: Proxy) -> None:
    server.raise_rules("a")
    statuses: list[StreamStatus] = []
    with Client(proxy.address) as falco:
        policy = Reconnect(max_attempts=3, initial_delay_s=0.001)
        stream = falco.sub(reconnect=policy, on_status=statuses.append)
        next(stream)
        proxy.refusing = True
        proxy.cut()
        with pytest.raises(UnavailableError):
            next(stream)
    attempts = [status.attempt for status in statuses if isinstance(status, Connecting)]
    assert attempts == [1, 1, 2, 3]
    # Each attempt makes a connection of its own, and nothing else does.
    assert proxy.taken == 4


async def test_waits_for_the_first_connection_if_told_to(folder: Path, idle_server: Server) -> None:
    address = f"unix://{folder / 'falco.sock'}"
    statuses: list[StreamStatus] = []
    async with AsyncClient(address) as falco:
        policy = Reconnect(wait_on_first_connect=True, initial_delay_s=0.01, max_delay_s=0.05)
        stream = falco.sub(broadcast=True, reconnect=policy, on_status=statuses.append)
        task = asyncio.ensure_future(anext(stream))
        await until_async(lambda: len(statuses) > 6)
        await asyncio.to_thread(idle_server.start, listen=[address])
        await asyncio.to_thread(idle_server.wait_for_subscribers, 1)
        idle_server.raise_rules("a")
        assert (await task).rule == "a"
    assert names(statuses) == ["Connecting", "Connected"]
    assert isinstance(statuses[1], Disconnected)


@pytest.mark.parametrize("how", ["aclose", "stop"])
async def test_a_wait_before_an_attempt_can_be_ended(
    proxy: Proxy, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("falco_outputs._connections.UNIX_MAX_DELAY_S", 1000.0)
    monkeypatch.setattr("falco_outputs._connections.backoff_fraction", lambda: 1.0)
    statuses: list[StreamStatus] = []
    async with AsyncClient(proxy.address) as falco:
        policy = Reconnect(initial_delay_s=1000, max_delay_s=1000)
        stream = falco.sub(reconnect=policy, on_status=statuses.append)
        task = asyncio.ensure_future(anext(stream, None))
        await until_async(lambda: Connected() in statuses)
        proxy.cut()
        await until_async(lambda: any(isinstance(status, Disconnected) for status in statuses))
        ended = getattr(stream, how)()
        if ended is not None:
            await ended
        assert await result_of(task) is None


def test_a_deadline_holds_across_connections(server: Server, proxy: Proxy) -> None:
    server.raise_rules("a")
    with Client(proxy.address) as falco:
        # As long as this machine takes for the first alert.
        for timeout_s in (0.5, 5.0, 50.0):
            stream = falco.sub(broadcast=True, after=0, timeout_s=timeout_s)
            with contextlib.suppress(DeadlineExceededError):
                next(stream)
                break
        proxy.refusing = True
        proxy.cut()
        with pytest.raises(DeadlineExceededError, match="timed out"):
            next(stream)


def test_the_first_connection_has_a_time_limit(folder: Path) -> None:
    path = folder / "mute.sock"
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(path))
        mute.listen()
        with Client(str(path), connect_timeout_s=0.3) as falco:
            for options in ({}, {"group": "pager"}):
                with pytest.raises(
                    UnavailableError, match="answer at this address|no answer came within 0.3 s"
                ):
                    next(falco.sub(**options))  # type: ignore[call-overload]


async def test_a_silent_connection_is_found_out(server: Server, proxy: Proxy) -> None:
    statuses: list[StreamStatus] = []
    async with AsyncClient(proxy.address, keep_alive_s=0.5) as falco:
        # On a busy machine the first ping may be late, too.
        policy = Reconnect(initial_delay_s=0.01, max_delay_s=0.05, wait_on_first_connect=True)
        stream = falco.sub(broadcast=True, reconnect=policy, on_status=statuses.append)
        task = asyncio.ensure_future(anext(stream))
        await until_async(lambda: Connected() in statuses)
        proxy.silence()
        [sequence] = server.raise_rules("a")
        assert (await result_of(task)).sequence == sequence
    lost = next(status for status in statuses if isinstance(status, Disconnected))
    assert "answers no ping" in lost.error.message
    assert names(statuses)[-1] == Resumed.__name__
