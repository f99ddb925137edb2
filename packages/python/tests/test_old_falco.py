"""Falco up to 0.43 itself, which answers to requests only."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from support.old_falco import OldFalco
from support.until import ends, result_of, until, until_async

from falco_outputs import (
    AsyncClient,
    Client,
    Connected,
    Connecting,
    Disconnected,
    Reconnect,
    StreamStatus,
    UnimplementedError,
)

Start = Callable[..., OldFalco]


async def test_sub_polls_while_no_alert_comes(falco: Start) -> None:
    old = falco()
    old.raise_rules("a", "b")
    rules: list[str] = []
    statuses: list[StreamStatus] = []
    async with AsyncClient(old.address) as client:
        stream = client.sub(on_status=statuses.append)
        async for alert in stream:
            rules.append(alert.rule)
            if len(rules) == 2:
                await until_async(partial(has_polled, old, old.polls + 4))
                old.raise_rules("c")
            if len(rules) == 3:
                break
    assert rules == ["a", "b", "c"]
    assert statuses == [Connecting(1), Connected()]
    assert old.calls == ["sub"]


def has_polled(old: OldFalco, times: int) -> bool:
    return old.polls >= times


def test_the_same_in_a_thread(falco: Start) -> None:
    old = falco()
    got: list[str] = []
    with Client(old.address) as client:
        stream = client.sub(poll_interval_s=0.02)
        thread = threading.Thread(target=lambda: got.extend(alert.rule for alert in stream))
        thread.start()
        until(lambda: old.polls > 3)
        old.raise_rules("a")
        until(lambda: got == ["a"])
        stream.close()
        ends(thread)


def test_no_call_is_left_open(falco: Start) -> None:
    old = falco()
    with Client(old.address) as client:
        before = threading.active_count()
        for _ in range(5):
            old.raise_rules("a")
            assert next(client.sub()).rule == "a"
            # Falco would give the next alert to a stream that it does not know to be gone.
            until(lambda: old.streams == 0)
        # gRPC's own threads, and those of the server's handlers.
        until(lambda: threading.active_count() < before + 12)


def test_get_drains_and_ends(falco: Start) -> None:
    old = falco()
    old.raise_rules("a", "b")
    with Client(old.address) as client:
        assert [alert.rule for alert in client.get()] == ["a", "b"]
        assert list(client.get()) == []
        assert client.version().version == "0.43.0"


@pytest.mark.parametrize("has_version", [True, False])
@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("sub", {"group": "pager"}),
        ("sub", {"broadcast": True}),
        ("sub", {"acknowledge": True}),
        ("get", {"broadcast": True}),
        ("get", {"follow": True}),
    ],
)
def test_what_needs_our_server_takes_no_alert(
    falco: Start, has_version: bool, method: str, options: dict[str, Any]
) -> None:
    old = falco(has_version=has_version)
    old.raise_rules("a")
    with Client(old.address) as client:
        with pytest.raises(
            UnimplementedError, match="this server is Falco's own, which has the shared queue"
        ):
            next(getattr(client, method)(**options))
        assert old.calls == ["version"]
        assert len(old.queue) == 1


def test_filters_on_this_side(falco: Start) -> None:
    old = falco()
    old.raise_rules("a", "b", "a")
    with Client(old.address) as client:
        assert [alert.rule for alert in client.get(filter_locally=True, rules=["a"])] == ["a", "a"]


async def test_reconnects_after_falco_was_restarted(falco: Start) -> None:
    old = falco("first.sock")
    old.raise_rules("a")
    statuses: list[StreamStatus] = []
    async with AsyncClient(old.address) as client:
        policy = Reconnect(initial_delay_s=0.01, max_delay_s=0.05)
        stream = client.sub(reconnect=policy, on_status=statuses.append)
        assert (await anext(stream)).rule == "a"
        task = asyncio.ensure_future(anext(stream))
        await asyncio.to_thread(old.stop)
        await until_async(lambda: any(isinstance(status, Disconnected) for status in statuses))
        again = falco("first.sock")
        again.raise_rules("b")
        assert (await result_of(task)).rule == "b"
