"""How streams end: by leaving the loop, by `close`, and with an error where something is missing."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pytest
from support.answers import Answers
from support.server import Server
from support.until import LIMIT_S, ends, result_of, until, until_async

from falco_outputs import (
    AsyncClient,
    CancelledError,
    Client,
    FailedPreconditionError,
)

SUB = "/falco.outputs.service/sub"


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
