"""At-least-once delivery."""

from __future__ import annotations

import asyncio
import random
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pytest
from support.program import running
from support.proxy import Proxy
from support.server import Server
from support.until import LIMIT_S, ends, until

from falco_outputs import Alert, AsyncClient, Client, InvalidArgumentError, Reconnect


def waiting(server: Server, group: str = "pager") -> int:
    count: int = server.stats()["groups"][group]["waiting"]
    return count


def test_an_alert_is_acknowledged_when_the_loop_asks_for_the_next(server: Server) -> None:
    server.raise_rules("a", "b", "c")
    with Client(server.address) as falco:
        for alert in falco.sub(group="pager", after=0, acknowledge=True):
            if alert.rule == "b":
                break
        assert [alert.rule for alert in falco.get(group="pager")] == ["b", "c"]


async def test_acknowledging_by_hand_from_concurrent_tasks(server: Server) -> None:
    sequences = server.raise_rules(*map(str, range(200)))
    async with AsyncClient(server.address) as falco:
        stream = falco.sub(group="pager", after=0, acknowledge="manual")
        held = [await anext(stream) for _ in range(200)]
        assert [alert.sequence for alert in held] == sequences
        random.Random(1).shuffle(held)

        async def handle(alert: Alert) -> bool:
            await asyncio.sleep(0)
            return stream.acknowledge(alert)

        assert await asyncio.gather(*map(handle, held)) == [True] * 200
        await stream.aclose()
        assert [alert async for alert in falco.get(group="pager")] == []


def test_acknowledging_by_hand_from_a_pool_of_threads(server: Server) -> None:
    server.raise_rules(*map(str, range(500)))
    with Client(server.address) as falco, ThreadPoolExecutor(8) as pool:
        stream = falco.sub(group="pager", after=0, acknowledge="manual")
        done = threading.Semaphore(0)

        def handle(alert: Alert) -> None:
            stream.acknowledge(alert)
            done.release()

        for count, alert in enumerate(stream, 1):
            pool.submit(handle, alert)
            if count == 500:
                break
        for _ in range(500):
            assert done.acquire(timeout=LIMIT_S)
        stream.close()
        assert waiting(server) == 0


async def test_acknowledging_by_hand_from_threads_of_an_event_loop(server: Server) -> None:
    server.raise_rules(*map(str, range(100)))
    async with AsyncClient(server.address) as falco:
        stream = falco.sub(group="pager", after=0, acknowledge="manual")
        count = 0
        async for alert in stream:
            await asyncio.to_thread(stream.acknowledge, alert)
            count += 1
            if count == 100:
                break
        await stream.aclose()
    assert await asyncio.to_thread(waiting, server) == 0


def test_acknowledgements_arrive_while_the_loop_waits(server: Server) -> None:
    with Client(server.address) as falco:
        stream = falco.sub(group="pager", acknowledge="manual")
        held: list[Alert] = []
        thread = threading.Thread(target=lambda: held.extend(stream))
        thread.start()
        server.wait_for_subscribers(1)
        server.raise_rules("a", "b")
        # Nothing is asked of the stream any more, and the server hears of both all the same.
        until(lambda: len(held) == 2)
        stream.acknowledge(held[1])
        stream.acknowledge(held[0])
        stream.acknowledge(held[0])
        until(lambda: waiting(server) == 0)
        stream.close()
        ends(thread)
        assert list(falco.get(group="pager")) == []


def test_only_a_stream_with_manual_acknowledgement_takes_any(server: Server) -> None:
    alert = Alert(rule="r", priority=0)
    with Client(server.address) as falco, pytest.raises(InvalidArgumentError, match='acknowledge="manual"'):
        falco.sub().acknowledge(alert)


@pytest.mark.parametrize(("acknowledge", "acknowledged"), [(True, 1), ("manual", 0)])
def test_what_was_not_acknowledged_is_delivered_again_after_a_cut(
    server: Server, proxy: Proxy, acknowledge: Literal[True, "manual"], acknowledged: int
) -> None:
    server.raise_rules("a", "b", "c")
    rules: list[str] = []
    with Client(proxy.address) as falco:
        policy = Reconnect(initial_delay_s=0.01, max_delay_s=0.05)
        stream = falco.sub(
            group="pager", after=0, acknowledge=acknowledge, reconnect=policy, drain_timeout_s=0.01
        )
        for alert in stream:
            rules.append(alert.rule)
            if len(rules) == 2:
                until(lambda: waiting(server) == 3 - acknowledged)
                proxy.refusing = True
                proxy.cut()
                server.wait_for_subscribers(0)
                # It tries again, so it is done with the call that was cut, and with what it had read ahead.
                until(lambda: proxy.taken > 1)
                proxy.refusing = False
            if len(rules) > 2 and alert.rule == "c":
                break
    assert rules == ["a", "b", *["a", "b", "c"][acknowledged:]]


subscriber = """
import sys
from falco_outputs import Client
with Client(sys.argv[1]) as falco:
    for alert in falco.sub(group="pager", acknowledge=True):
        print(alert.sequence, flush=True)
"""


def test_a_killed_subscriber_loses_nothing(server: Server) -> None:
    seen: set[int] = set()
    sequences: list[int] = []
    for life in range(3):
        with running(subscriber, server.address) as child:
            server.wait_for_subscribers(1)
            sequences += server.raise_rules(*map(str, range(1000)))
            if life < 2:
                for _ in range(300):
                    seen.add(int(child.line()))
                child.signal(signal.SIGKILL)
                seen.update(map(int, child.rest()))
                server.wait_for_subscribers(0)
            else:
                while not seen.issuperset(sequences):
                    seen.add(int(child.line()))
    assert seen == set(sequences)
