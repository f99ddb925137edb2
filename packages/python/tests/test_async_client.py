"""The client for asyncio against the server."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import grpc
import pytest
from support.server import Server
from support.until import result_of, until_async

from falco_outputs import (
    Alert,
    AsyncClient,
    Connected,
    Connecting,
    DeadlineExceededError,
    FailedPreconditionError,
    FalcoError,
    InvalidArgumentError,
    Lost,
    Priority,
    StreamStatus,
    UnavailableError,
)


async def test_sub_yields_what_is_queued_and_what_arrives(server: Server) -> None:
    server.raise_rules("a", "b")
    rules: list[str] = []
    async with AsyncClient(server.address) as falco:
        async for alert in falco.sub():
            rules.append(alert.rule)
            if len(rules) == 2:
                server.raise_rules("c")
            if len(rules) == 3:
                break
    assert rules == ["a", "b", "c"]


async def test_get_ends_after_the_last_alert(server: Server) -> None:
    sequences = server.raise_rules("a", "b")
    async with AsyncClient(server.address) as falco:
        assert [alert.sequence async for alert in falco.get()] == sequences
        assert [alert async for alert in falco.get()] == []
        assert [alert.rule async for alert in falco.get(broadcast=True, after=sequences[0])] == ["b"]


async def test_get_that_follows_stays_open(server: Server) -> None:
    server.raise_rules("a")
    async with AsyncClient(server.address) as falco:
        stream = falco.get(broadcast=True, follow=True)
        assert (await anext(stream)).rule == "a"
        server.raise_rules("b")
        assert (await anext(stream)).rule == "b"


async def test_a_group_shares_and_a_broadcast_gets_all(server: Server) -> None:
    async with AsyncClient(server.address) as falco:
        seen: dict[str, list[str]] = {"one": [], "two": [], "all": []}

        async def listen(name: str, stream: object) -> None:
            async for alert in stream:  # type: ignore[attr-defined]
                seen[name].append(alert.rule)

        tasks = [
            asyncio.ensure_future(listen("one", falco.sub(group="pager"))),
            asyncio.ensure_future(listen("two", falco.sub(group="pager"))),
            asyncio.ensure_future(listen("all", falco.sub(broadcast=True, rules=["1", "3"]))),
        ]
        await asyncio.to_thread(server.wait_for_subscribers, 3)
        server.raise_rules("1", "2", "3", "4")
        await until_async(lambda: len(seen["one"] + seen["two"]) == 4 and len(seen["all"]) == 2)
        assert sorted(seen["one"] + seen["two"]) == ["1", "2", "3", "4"]
        assert seen["one"]
        assert seen["two"]
        assert seen["all"] == ["1", "3"]
    await asyncio.gather(*tasks)


async def test_filters_the_shared_queue_on_this_side(server: Server) -> None:
    for rule, priority in (("a", "Error"), ("b", "Debug"), ("c", "Critical")):
        server.publish(json.dumps({"rule": rule, "priority": priority}))
    async with AsyncClient(server.address) as falco:
        stream = falco.get(filter_locally=True, min_priority=Priority.ERROR)
        assert [alert.rule async for alert in stream] == ["a", "c"]
        assert [alert.rule async for alert in falco.get()] == []


async def test_batches_hold_what_has_arrived(server: Server) -> None:
    server.publish_fixtures(3000)
    async with AsyncClient(server.address) as falco:
        sizes: list[int] = []
        async for alerts in falco.get(broadcast=True).batches():
            sizes.append(len(alerts))
            await asyncio.sleep(0.02)
        assert sum(sizes) == 3000
        assert max(sizes) > 1
        stream = falco.get(broadcast=True)
        await anext(stream)
        with pytest.raises(InvalidArgumentError, match="alert by alert already"):
            stream.batches()


async def test_batches_are_acknowledged_when_the_loop_asks_for_the_next(server: Server) -> None:
    server.raise_rules(*"abcdef")
    async with AsyncClient(server.address) as falco:
        seen = 0
        async with falco.sub(acknowledge=True) as stream:
            async for alerts in stream.batches():
                seen += len(alerts)
                if seen == 6:
                    break
        last = len(alerts)
        assert [alert.rule async for alert in falco.get()] == list("abcdef"[6 - last :])


async def test_version(idle_server: Server) -> None:
    server = idle_server.start(falco={"version": "0.44.1-rc1+b7"})
    async with AsyncClient(server.address) as falco:
        version = await falco.version()
        assert (version.version, version.major, version.minor, version.patch) == ("0.44.1-rc1+b7", 0, 44, 1)
        assert (version.prerelease, version.build) == ("rc1", "b7")


async def test_break_ends_the_call_at_once(server: Server) -> None:
    server.raise_rules("a")
    async with AsyncClient(server.address) as falco:
        async for _ in falco.sub():
            break
        await asyncio.to_thread(server.wait_for_subscribers, 0)


async def test_an_error_in_the_loop_ends_the_call(server: Server) -> None:
    server.raise_rules("a")
    async with AsyncClient(server.address) as falco:
        with pytest.raises(RuntimeError, match="mine"):
            async for _ in falco.sub():
                raise RuntimeError("mine")
        await asyncio.to_thread(server.wait_for_subscribers, 0)


@pytest.mark.parametrize("acknowledge", [False, True])
async def test_a_loop_whose_task_is_cancelled_ends_the_call_at_once(
    server: Server, acknowledge: bool
) -> None:
    async with AsyncClient(server.address) as falco:
        stream = falco.sub(acknowledge=acknowledge)

        async def listen() -> None:
            async for _ in stream:
                pass

        task = asyncio.ensure_future(listen())
        await asyncio.to_thread(server.wait_for_subscribers, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.to_thread(server.wait_for_subscribers, 0)
        with pytest.raises(StopAsyncIteration):
            await anext(stream)


@pytest.mark.parametrize("options", [{}, {"group": "pager", "acknowledge": True}, {"broadcast": True}])
async def test_a_wait_for_the_next_alert_can_time_out(server: Server, options: dict[str, Any]) -> None:
    async with AsyncClient(server.address) as falco:
        stream = falco.sub(**options)
        waits = 0

        async def limited() -> Alert:
            nonlocal waits
            while True:
                waits += 1
                try:
                    return await asyncio.wait_for(anext(stream), 0.001)
                except TimeoutError:
                    continue

        task = asyncio.ensure_future(limited())
        await asyncio.to_thread(server.wait_for_subscribers, 1)
        await until_async(lambda: waits > 1)
        sequences = await asyncio.to_thread(server.raise_rules, *map(str, range(50)))
        got = [(await task).sequence]
        while len(got) < 50:
            got.append((await limited()).sequence)
        assert got == sequences


async def test_a_task_cancelled_while_it_connects_ends_the_call(server: Server) -> None:
    async with AsyncClient(server.address) as falco:
        for _ in range(20):
            task = asyncio.ensure_future(anext(falco.sub(group="pager")))
            await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        await asyncio.to_thread(server.wait_for_subscribers, 0)


@pytest.mark.parametrize("acknowledge", [False, True])
async def test_aclose_ends_a_loop_that_waits(server: Server, acknowledge: bool) -> None:
    async with AsyncClient(server.address) as falco:
        stream = falco.sub(acknowledge=acknowledge)

        async def listen() -> list[Alert]:
            return [alert async for alert in stream]

        task = asyncio.ensure_future(listen())
        await asyncio.to_thread(server.wait_for_subscribers, 1)
        await stream.aclose()
        assert await result_of(task) == []
        await stream.aclose()
        await asyncio.to_thread(server.wait_for_subscribers, 0)


async def test_stop_lets_the_body_finish(server: Server) -> None:
    server.raise_rules("a", "b")
    async with AsyncClient(server.address) as falco:
        stream = falco.sub(acknowledge=True)
        rules: list[str] = []
        async for alert in stream:
            stream.stop()
            rules.append(alert.rule)
        assert rules == ["a"]
        assert [alert.rule async for alert in falco.get()] == ["b"]


async def test_closing_the_client_ends_its_streams(server: Server) -> None:
    falco = AsyncClient(server.address)

    async def listen() -> list[Alert]:
        return [alert async for alert in falco.sub()]

    tasks = [asyncio.ensure_future(listen()) for _ in range(3)]
    await asyncio.to_thread(server.wait_for_subscribers, 3)
    await falco.aclose()
    assert await result_of(asyncio.gather(*tasks)) == [[], [], []]
    await asyncio.to_thread(server.wait_for_subscribers, 0)
    with pytest.raises(FailedPreconditionError, match="sub on unix:.*: the client is closed"):
        falco.sub()
    with pytest.raises(FailedPreconditionError):
        await falco.version()
    await falco.aclose()


async def test_a_stream_is_iterated_in_one_place(server: Server) -> None:
    async with AsyncClient(server.address) as falco:
        stream = falco.sub()
        first = asyncio.ensure_future(anext(stream))
        await asyncio.to_thread(server.wait_for_subscribers, 1)
        with pytest.raises(RuntimeError, match="iterate it in one place"):
            await anext(stream)
        server.raise_rules("a")
        assert (await first).rule == "a"


async def test_a_deadline_ends_the_stream(server: Server) -> None:
    async with AsyncClient(server.address) as falco:
        with pytest.raises(DeadlineExceededError, match="sub on unix:.*: the operation timed out"):
            async for _ in falco.sub(timeout_s=0.1):
                pass
        with pytest.raises(DeadlineExceededError):
            await anext(falco.sub(broadcast=True, timeout_s=0.000001))


async def test_an_error_has_its_code_what_was_tried_and_a_cause() -> None:
    async with AsyncClient("/nowhere/falco.sock") as falco:
        with pytest.raises(UnavailableError) as caught:
            await anext(falco.sub())
        error: FalcoError = caught.value
        assert error.code is grpc.StatusCode.UNAVAILABLE
        assert error.code_name == "UNAVAILABLE"
        assert error.tried == "sub on unix:///nowhere/falco.sock"
        assert str(error) == f"{error.tried}: {error.message}"
        assert "is the server running" in error.message
        assert not error.from_server
        assert isinstance(error.__cause__, grpc.RpcError)
        with pytest.raises(UnavailableError, match="version on unix:///nowhere/falco.sock"):
            await falco.version()


async def test_what_the_server_refuses_is_its_error(server: Server) -> None:
    async with AsyncClient(server.address) as falco:
        task = asyncio.ensure_future(anext(falco.sub(group="pager")))
        await asyncio.to_thread(server.wait_for_subscribers, 1)
        with pytest.raises(FailedPreconditionError, match="have another filter") as caught:
            await anext(falco.sub(group="pager", rules=["a"]))
        assert caught.value.from_server
        task.cancel()


async def test_what_on_status_raises_reaches_the_caller_and_ends_the_stream(server: Server) -> None:
    def raises(_: StreamStatus) -> None:
        raise KeyError("mine")

    async with AsyncClient(server.address) as falco:
        with pytest.raises(KeyError, match="mine"):
            await anext(falco.sub(on_status=raises))
        await asyncio.to_thread(server.wait_for_subscribers, 0)


async def test_losses_are_told(idle_server: Server) -> None:
    server = idle_server.start(maxAlerts=3)
    first, *_ = server.raise_rules("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
    statuses: list[StreamStatus] = []
    async with AsyncClient(server.address) as falco:
        stream = falco.get(broadcast=True, after=first, on_status=statuses.append)
        rules = [alert.rule async for alert in stream]
    assert rules[0] == "Falco Outputs internal: alerts lost"
    assert rules[-1] == "9"
    lost = statuses[2]
    assert statuses[:2] == [Connecting(1), Connected()]
    assert isinstance(lost, Lost)
    assert lost.loss.cause == "slow"
    assert lost.loss.first_sequence == first + 1
    assert lost.alert.sequence == 0


async def test_one_after_another_event_loop(server: Server) -> None:
    server.raise_rules("a")
    falco = AsyncClient(server.address)

    def in_another() -> list[str]:
        async def get() -> list[str]:
            return [alert.rule async for alert in falco.get(broadcast=True)]

        return asyncio.run(get())

    assert await asyncio.to_thread(in_another) == ["a"]
    assert [alert.rule async for alert in falco.get(broadcast=True)] == ["a"]
    await falco.aclose()
