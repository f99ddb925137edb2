"""Streams that acknowledge end gracefully: what they yielded can still be acknowledged."""

from __future__ import annotations

import asyncio
import copy
import signal
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.program import running
from support.proxy import Proxy
from support.server import Server
from support.until import until

from falco_outputs import (
    Alert,
    AsyncClient,
    Client,
    InvalidArgumentError,
    UnavailableError,
)


def waiting(server: Server, group: str = "pager") -> int:
    count: int = server.stats()["groups"][group]["waiting"]
    return count


async def test_what_was_yielded_can_be_acknowledged_after_stop(server: Server) -> None:
    server.raise_rules(*"abcdefg")
    async with AsyncClient(server.address) as falco:
        stream = falco.sub(group="pager", after=0, acknowledge="manual")
        held: list[Alert] = []
        async for alert in stream:
            held.append(alert)
            if len(held) == 5:
                stream.stop()
        # Nothing more came, and the call is open for the handlers.
        assert len(held) == 5
        assert await asyncio.to_thread(waiting, server) == 7
        assert [stream.acknowledge(alert) for alert in reversed(held)] == [True] * 5
    await asyncio.to_thread(server.wait_for_subscribers, 0)
    assert await asyncio.to_thread(waiting, server) == 2


def test_the_same_in_threads(server: Server) -> None:
    server.raise_rules(*"abcdefg")
    with Client(server.address) as falco:
        stream = falco.sub(group="pager", after=0, acknowledge="manual")
        held: list[Alert] = []
        for alert in stream:
            held.append(alert)
            if len(held) == 5:
                threading.Thread(target=stream.stop).start()
        held_at_first = len(held)
        assert waiting(server) == 7
        with ThreadPoolExecutor(5) as pool:
            assert all(pool.map(stream.acknowledge, held))
    server.wait_for_subscribers(0)
    assert waiting(server) == 7 - held_at_first


@pytest.mark.parametrize("how", ["stop", "break", "aclose", "client"])
async def test_the_end_waits_for_handlers_that_work(server: Server, how: str) -> None:
    server.raise_rules(*"abcde")
    falco = AsyncClient(server.address)
    stream = falco.sub(group="pager", after=0, acknowledge="manual")
    finish = asyncio.Event()

    async def handle(alert: Alert) -> bool:
        await finish.wait()
        return stream.acknowledge(alert)

    handlers: list[asyncio.Task[bool]] = []
    async for alert in stream:
        handlers.append(asyncio.ensure_future(handle(alert)))
        if len(handlers) == 5:
            if how == "stop":
                stream.stop()
            else:
                break
    end = asyncio.ensure_future(stream.aclose() if how == "aclose" else falco.aclose())
    await asyncio.sleep(0)
    assert not end.done()
    assert await asyncio.to_thread(waiting, server) == 5
    finish.set()
    assert await asyncio.gather(*handlers) == [True] * 5
    await end
    await asyncio.to_thread(server.wait_for_subscribers, 0)
    assert await asyncio.to_thread(waiting, server) == 0
    await falco.aclose()


async def test_the_end_does_not_wait_longer_than_the_drain_timeout(server: Server) -> None:
    server.raise_rules("a", "b")
    async with AsyncClient(server.address) as falco:
        stream = falco.sub(group="pager", after=0, acknowledge="manual", drain_timeout_s=0.05)
        first, second = await anext(stream), await anext(stream)
        assert stream.acknowledge(first)
        stream.stop()
        await stream.aclose()
        assert not stream.acknowledge(second)
        assert [alert.rule async for alert in falco.get(group="pager")] == ["b"]


def test_the_same_in_a_thread(server: Server) -> None:
    server.raise_rules("a", "b")
    with Client(server.address) as falco:
        stream = falco.sub(group="pager", after=0, acknowledge="manual", drain_timeout_s=0.05)
        first, second = next(stream), next(stream)
        assert stream.acknowledge(first)
        stream.close()
        assert not stream.acknowledge(second)
        assert [alert.rule for alert in falco.get(group="pager")] == ["b"]


def test_acknowledge_says_whether_it_counts(server: Server, proxy: Proxy) -> None:
    server.raise_rules("a", "b")
    with Client(proxy.address) as falco:
        stream = falco.sub(group="pager", after=0, acknowledge="manual", reconnect=False)
        first, second = next(stream), next(stream)
        assert stream.acknowledge(first)
        assert not stream.acknowledge(first)
        until(lambda: waiting(server) == 1)
        proxy.cut()
        server.wait_for_subscribers(0)
        with pytest.raises(UnavailableError):
            next(stream)
        assert not stream.acknowledge(second)
        assert waiting(server) == 1


def test_an_alert_of_another_stream_is_refused(server: Server) -> None:
    server.raise_rules("a")
    with Client(server.address) as falco:
        stream = falco.sub(group="pager", after=0, acknowledge="manual")
        other = falco.sub(group="other", after=0, acknowledge="manual", drain_timeout_s=0.01)
        alert = next(stream)
        for wrong in (Alert(rule="r", priority=0), copy.copy(alert), next(other)):
            with pytest.raises(InvalidArgumentError, match="did not come from this stream"):
                stream.acknowledge(wrong)
        assert stream.acknowledge(alert)


interrupted = """
import signal, sys
from falco_outputs import Client

with Client(sys.argv[1]) as falco:
    stream = falco.sub(group="pager", after=0, acknowledge="manual")
    stops = []
    signal.signal(signal.SIGALRM, lambda *_: (stops.append(None), stream.stop()))
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0002)
    # The handler comes in between wherever this thread is, also in what wakes the sender.
    for alert in stream:
        stream.acknowledge(alert)
    while len(stops) < 2000:
        stream.stop()
    signal.setitimer(signal.ITIMER_REAL, 0)
print("ended")
"""


def test_a_signal_handler_may_stop_a_stream_at_any_point(server: Server) -> None:
    server.raise_rules(*map(str, range(200)))
    with running(interrupted, server.address) as program:
        assert program.rest() == ["ended\n"]
        assert program.end() == (0, "")


# Ten slow handlers; each alert that was handled is a line. After so many, they wait for SIGTERM.
worker = """
import asyncio, itertools, signal, sys
from falco_outputs import AsyncClient

async def main():
    told, left = asyncio.Event(), itertools.count(int(sys.argv[2]), -1)
    async with AsyncClient(sys.argv[1]) as falco:
        stream = falco.sub(group="pager", after=0, acknowledge="manual")

        def stop():
            stream.stop()
            told.set()

        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
        free = asyncio.Semaphore(10)

        async def handle(alert):
            await asyncio.sleep(0.01)
            if next(left) <= 0:
                await told.wait()
            print(alert.sequence, flush=True)
            assert stream.acknowledge(alert)
            free.release()

        async with asyncio.TaskGroup() as handlers:
            async for alert in stream:
                handlers.create_task(handle(alert))
                await free.acquire()

asyncio.run(main())
"""

threaded_worker = """
import itertools, os, signal, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from falco_outputs import Client

told, left = threading.Event(), itertools.count(int(sys.argv[2]), -1)
with Client(sys.argv[1]) as falco, ThreadPoolExecutor(10) as pool:
    stream = falco.sub(group="pager", after=0, acknowledge="manual")
    signal.signal(signal.SIGTERM, lambda *_: (stream.stop(), told.set()))
    free = threading.Semaphore(10)

    def handle(alert):
        time.sleep(0.01)
        if next(left) <= 0:
            told.wait()
        # In one piece, beside other threads.
        os.write(1, b"%d\\n" % alert.sequence)
        assert stream.acknowledge(alert)
        free.release()

    results = []
    for alert in stream:
        results.append(pool.submit(handle, alert))
        free.acquire()
    for result in results:
        result.result()
"""


@pytest.mark.parametrize("program", [worker, threaded_worker], ids=["asyncio", "threads"])
def test_a_graceful_deploy_handles_every_alert_once(server: Server, program: str) -> None:
    sequences = server.raise_rules(*map(str, range(1000)))
    handled: Counter[int] = Counter()
    with running(program, server.address, "400") as old:
        for _ in range(400):
            handled[int(old.line())] += 1
        # In the middle of its work it is told to go, and another one takes its place.
        old.signal(signal.SIGTERM)
        with running(program, server.address, "1000") as new:
            handled.update(map(int, old.rest()))
            assert old.end() == (0, "")
            assert len(handled) < 1000
            while len(handled) < 1000:
                handled[int(new.line())] += 1
            until(lambda: waiting(server) == 0)
            new.signal(signal.SIGTERM)
            handled.update(map(int, new.rest()))
            assert new.end() == (0, "")
    assert handled == Counter(sequences)
