"""How streams end: gracefully where alerts are acknowledged, with an error where something is missing."""

from __future__ import annotations

import asyncio
import copy
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pytest
from support.answers import Answers
from support.proxy import Proxy
from support.server import Server
from support.until import until, until_async

from falco_outputs import (
    Alert,
    AsyncClient,
    CancelledError,
    Client,
    FailedPreconditionError,
    InvalidArgumentError,
)


def waiting(server: Server, group: str = "pager") -> int:
    count: int = server.stats()["groups"][group]["waiting"]
    return count


async def test_what_was_given_can_be_acknowledged_after_stop(server: Server) -> None:
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
        until(lambda: not stream.acknowledge(second) or None)
        assert waiting(server) == 1


def test_an_alert_that_a_stream_did_not_give_is_refused(server: Server) -> None:
    server.raise_rules("a")
    with Client(server.address) as falco:
        stream = falco.sub(group="pager", after=0, acknowledge="manual")
        other = falco.sub(group="other", after=0, acknowledge="manual", drain_timeout_s=0.01)
        alert = next(stream)
        for wrong in (Alert(rule="r", priority=0), copy.copy(alert), next(other)):
            with pytest.raises(InvalidArgumentError, match="not one that this stream gave"):
                stream.acknowledge(wrong)
        assert stream.acknowledge(alert)


async def test_a_get_that_is_closed_from_elsewhere_is_not_complete(server: Server) -> None:
    server.publish_fixtures(1000)
    falco = AsyncClient(server.address)
    got = 0
    with pytest.raises(CancelledError, match="before the server had sent all") as caught:
        async for _ in falco.get(broadcast=True):
            got += 1
            if got == 12:
                closing = asyncio.ensure_future(falco.aclose())
                await asyncio.sleep(0)
    await closing
    assert got == 12
    assert not caught.value.from_server


def test_the_same_from_another_thread(server: Server) -> None:
    server.publish_fixtures(1000)
    falco = Client(server.address)
    got = 0
    with pytest.raises(CancelledError):
        for _ in falco.get(broadcast=True):
            got += 1
            if got == 12:
                thread = threading.Thread(target=falco.close)
                thread.start()
                thread.join(10)
    assert got == 12


def test_a_get_that_was_stopped_is_not_complete_and_says_so_once(server: Server) -> None:
    server.raise_rules("a", "b")
    with Client(server.address) as falco:
        stream = falco.get(broadcast=True)
        assert next(stream).rule == "a"
        stream.stop()
        with pytest.raises(CancelledError):
            next(stream)
        with pytest.raises(StopIteration):
            next(stream)


def test_a_get_that_has_ended_is_complete_whatever_comes_later(server: Server) -> None:
    server.raise_rules("a", "b")
    with Client(server.address) as falco:
        for stream in (falco.get(broadcast=True), falco.get(broadcast=True).batches()):
            assert len(list(stream)) > 0
        stream = falco.get(broadcast=True)
        assert len(list(stream)) == 2
        stream.stop()
        assert list(stream) == []


def test_leaving_a_get_on_purpose_is_no_error(server: Server) -> None:
    server.raise_rules("a", "b")
    with Client(server.address) as falco:
        with falco.get(broadcast=True) as stream:
            for _ in stream:
                break
        for _ in falco.get(broadcast=True):
            break
        server.wait_for_subscribers(0)


def test_break_ends_a_stream_that_has_a_name(server: Server) -> None:
    server.raise_rules("a", "b")
    with Client(server.address) as falco:
        stream = falco.sub(broadcast=True, after=0)
        for _ in stream:
            break
        server.wait_for_subscribers(0)
        assert list(stream) == []


async def test_the_same_in_an_event_loop(server: Server) -> None:
    server.raise_rules("a", "b")
    async with AsyncClient(server.address) as falco:
        stream = falco.sub(broadcast=True, after=0)
        async for _ in stream:
            break
        await asyncio.to_thread(server.wait_for_subscribers, 0)
        assert [alert async for alert in stream] == []


def test_one_alert_at_a_time_leaves_the_stream_open(server: Server) -> None:
    server.raise_rules("a", "b")
    with Client(server.address) as falco:
        stream = falco.sub(broadcast=True, after=0)
        assert [next(stream).rule, next(stream).rule] == ["a", "b"]
        server.wait_for_subscribers(1)


async def test_many_streams_of_a_mute_server_close_together(answers: Answers) -> None:
    async with AsyncClient(answers.address, connect_timeout_s=100) as falco:
        headers = {"x-answer": "mute"}
        streams = [falco.sub(acknowledge=True, headers=headers) for _ in range(5)]
        tasks = [asyncio.ensure_future(anext(stream, None)) for stream in streams]
        await until_async(lambda: len(answers.calls) == 5)
        await falco.aclose()
        assert await asyncio.gather(*tasks) == [None] * 5


@pytest.mark.parametrize("acknowledge", [True, "manual"])
def test_streams_that_the_server_does_not_end_are_closed_together(
    answers: Answers, acknowledge: Literal[True, "manual"], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Only together do they keep within what pytest allows.
    monkeypatch.setattr("falco_outputs._blocking.FAREWELL_S", 4.0)
    monkeypatch.setattr("falco_outputs._io.FAREWELL_S", 4.0)
    falco = Client(answers.address)
    streams = [falco.sub(acknowledge=acknowledge, headers={"x-answer": "open"}) for _ in range(20)]
    for stream in streams:
        alert = next(stream)
        if acknowledge == "manual":
            assert stream.acknowledge(alert)
    falco.close()
    assert [list(stream) for stream in streams] == [[]] * 20


def test_closing_beside_sub_in_other_threads(server: Server) -> None:
    for _ in range(10):
        falco = Client(server.address)
        begun = threading.Barrier(5)

        def subscribe(falco: Client = falco, begun: threading.Barrier = begun) -> None:
            begun.wait()
            streams = []
            try:
                while True:
                    streams.append(falco.sub())
            except FailedPreconditionError:
                return

        with ThreadPoolExecutor(4) as pool:
            futures = [pool.submit(subscribe) for _ in range(4)]
            begun.wait()
            time.sleep(0.002)
            falco.close()
            for future in futures:
                future.result(10)


interrupted = """
import itertools, signal, sys, threading, time
from falco_outputs import Client

with Client(sys.argv[1]) as falco:
    stream = falco.sub(group="pager", after=0, acknowledge="manual")
    count = itertools.count()
    signal.signal(signal.SIGALRM, lambda *_: (next(count), stream.stop()))
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0002)
    # The handler comes in between wherever this thread is, also in what wakes the sender.
    for alert in stream:
        stream.acknowledge(alert)
    end = time.monotonic() + 1
    while time.monotonic() < end:
        stream.stop()
    signal.setitimer(signal.ITIMER_REAL, 0)
print("ended", next(count) > 100)
"""


def test_a_signal_handler_may_stop_a_stream_at_any_point(server: Server) -> None:
    server.raise_rules(*map(str, range(200)))
    out = subprocess.run(
        [sys.executable, "-c", interrupted, server.address], capture_output=True, text=True, timeout=40
    )
    assert (out.stdout, out.stderr) == ("ended True\n", "")


# Ten slow handlers; each alert that was handled is a line.
worker = """
import asyncio, signal, sys
from falco_outputs import AsyncClient

async def main():
    async with AsyncClient(sys.argv[1]) as falco:
        stream = falco.sub(group="pager", after=0, acknowledge="manual")
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stream.stop)
        free = asyncio.Semaphore(10)

        async def handle(alert):
            await asyncio.sleep(0.01)
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
import os, signal, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from falco_outputs import Client

with Client(sys.argv[1]) as falco, ThreadPoolExecutor(10) as pool:
    stream = falco.sub(group="pager", after=0, acknowledge="manual")
    signal.signal(signal.SIGTERM, lambda *_: stream.stop())
    free = threading.Semaphore(10)

    def handle(alert):
        time.sleep(0.01)
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
    arguments = [sys.executable, "-c", program, server.address]
    handled: Counter[int] = Counter()
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as old:
        assert old.stdout is not None
        assert old.stderr is not None
        for _ in range(300):
            handled[int(old.stdout.readline())] += 1
        # In the middle of its work it is told to go, and another one takes its place.
        old.send_signal(signal.SIGTERM)
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as new:
            assert new.stdout is not None
            assert new.stderr is not None
            handled.update(int(line) for line in old.stdout)
            assert (old.wait(30), old.stderr.read()) == (0, "")
            assert len(handled) < 1000
            while len(handled) < 1000:
                handled[int(new.stdout.readline())] += 1
            until(lambda: waiting(server) == 0)
            new.send_signal(signal.SIGTERM)
            handled.update(int(line) for line in new.stdout)
            assert (new.wait(30), new.stderr.read()) == (0, "")
    assert handled == Counter(sequences)
