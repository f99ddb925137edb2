"""How streams end: gracefully where alerts are acknowledged, with an error where something is missing."""

from __future__ import annotations

import asyncio
import copy
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pytest
from support.answers import Answers
from support.program import running
from support.proxy import Proxy
from support.server import Server
from support.until import LIMIT_S, ends, result_of, until, until_async

from falco_outputs import (
    Alert,
    AsyncClient,
    CancelledError,
    Client,
    FailedPreconditionError,
    InvalidArgumentError,
    UnavailableError,
)

SUB = "/falco.outputs.service/sub"


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
        with pytest.raises(UnavailableError):
            next(stream)
        assert not stream.acknowledge(second)
        assert waiting(server) == 1


def test_an_alert_that_a_stream_did_not_give_is_refused(server: Server) -> None:
    server.raise_rules("a")
    with Client(server.address) as falco:
        stream = falco.sub(group="pager", after=0, acknowledge="manual")
        other = falco.sub(group="other", after=0, acknowledge="manual", drain_timeout_s=0.01)
        alert = next(stream)
        for wrong in (Alert(rule="r", priority=0), copy.copy(alert), next(other)):
            with pytest.raises(InvalidArgumentError, match="did not come from this stream"):
                stream.acknowledge(wrong)
        assert stream.acknowledge(alert)


async def test_a_get_that_is_closed_from_elsewhere_is_not_complete(server: Server) -> None:
    server.publish_fixtures(1000)
    falco = AsyncClient(server.address)
    got = 0
    with pytest.raises(CancelledError, match="before the server had sent all alerts") as caught:
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
                ends(thread)
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
        await until_async(lambda: answers.calls.count(SUB) == 5)
        await falco.aclose()
        assert await result_of(asyncio.gather(*tasks)) == [None] * 5


@pytest.mark.parametrize("acknowledge", [True, "manual"])
def test_streams_that_the_server_does_not_end_are_closed_together(
    answers: Answers, acknowledge: Literal[True, "manual"]
) -> None:
    falco = Client(answers.address)
    streams = [falco.sub(acknowledge=acknowledge, headers={"x-answer": "open"}) for _ in range(20)]
    for stream in streams:
        alert = next(stream)
        if acknowledge == "manual":
            assert stream.acknowledge(alert)
    closing = threading.Thread(target=falco.close)
    closing.start()
    until(lambda: answers.half_closed == 20)
    answers.cut()
    ends(closing)
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
                future.result(LIMIT_S)


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
