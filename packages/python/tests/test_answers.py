"""What a client makes of answers that our server never sends."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest
from support.answers import Answers
from support.until import until_async

from falco_outputs import (
    AsyncClient,
    CancelledError,
    Client,
    Connecting,
    Disconnected,
    FailedPreconditionError,
    FalcoError,
    Reconnect,
    ResourceExhaustedError,
    StreamStatus,
    UnavailableError,
    UnimplementedError,
)

SUB, VERSION = "/falco.outputs.service/sub", "/falco.version.service/version"
quick = Reconnect(initial_delay_s=0.01, max_delay_s=0.02, wait_on_first_connect=True)


async def first_of(client: AsyncClient | Client, method: str = "sub", **options: Any) -> None:
    """Asks for the first alert; raises what comes of it."""
    stream = getattr(client, method)(**options)
    if isinstance(client, AsyncClient):
        await anext(stream)
    else:
        await asyncio.to_thread(next, stream)


async def close(client: AsyncClient | Client) -> None:
    if isinstance(client, AsyncClient):
        await client.aclose()
    else:
        client.close()


@pytest.mark.parametrize("kind", [AsyncClient, Client])
@pytest.mark.parametrize(
    "answer",
    [
        "status 14 away",
        "status 7 denied",
        "status 2 odd",
        "http 502",
        "http 503",
        "http 404",
        "http 401",
        "http 403",
        "reset 8",
    ],
)
@pytest.mark.parametrize("options", [{"group": "pager"}, {"broadcast": True}, {"acknowledge": True}])
async def test_a_proxy_whose_server_is_away_is_not_falcos_own_server(
    answers: Answers, kind: Any, answer: str, options: dict[str, Any]
) -> None:
    client = kind(answers.address)
    with pytest.raises(UnavailableError) as caught:
        await first_of(client, **options, headers={"x-answer": answer})
    assert not caught.value.from_server
    # No stream was opened, so no alert was taken away.
    assert answers.calls == [VERSION]
    await close(client)


@pytest.mark.parametrize("kind", [AsyncClient, Client])
async def test_only_a_real_unimplemented_is_falcos_own(answers: Answers, kind: Any) -> None:
    client = kind(answers.address)
    with pytest.raises(UnimplementedError, match="this server is Falco's own"):
        await first_of(client, group="pager", headers={"x-answer": "status 12"}, reconnect=quick)
    assert answers.calls == [VERSION]
    await close(client)


@pytest.mark.parametrize("options", [{"group": "pager"}, {}])
@pytest.mark.parametrize("answer", ["status 14 away", "http 503", "reset 2"])
async def test_keeps_trying_while_the_server_behind_a_proxy_is_away(
    answers: Answers, options: dict[str, Any], answer: str
) -> None:
    statuses: list[StreamStatus] = []
    async with AsyncClient(answers.address) as falco:
        stream = falco.sub(
            **options, headers={"x-answer": answer}, reconnect=quick, on_status=statuses.append
        )
        task = asyncio.ensure_future(anext(stream, None))
        await until_async(lambda: Connecting(5) in statuses)
        await stream.aclose()
        assert await task is None
    errors = [status.error for status in statuses if isinstance(status, Disconnected)]
    assert {error.code for error in errors} == {grpc.StatusCode.UNAVAILABLE}


@pytest.mark.parametrize("kind", [AsyncClient, Client])
async def test_a_stream_that_is_cut_without_a_status_is_unavailable(answers: Answers, kind: Any) -> None:
    client = kind(answers.address)
    stream = client.sub(headers={"x-answer": "open"}, reconnect=False)
    rule = (await anext(stream) if kind is AsyncClient else next(stream)).rule
    assert rule == "before"
    answers.cut()
    with pytest.raises(UnavailableError, match="cut without a status"):
        await anext(stream) if kind is AsyncClient else next(stream)
    await close(client)


@pytest.mark.parametrize("kind", [AsyncClient, Client])
async def test_a_cut_stream_reconnects(answers: Answers, kind: Any) -> None:
    client = kind(answers.address)
    stream = client.sub(headers={"x-answer": "open"}, reconnect=quick)
    for _ in range(3):
        assert (await anext(stream) if kind is AsyncClient else next(stream)).rule == "before"
        answers.cut()
    # One more if it reads ahead.
    assert answers.calls[:3] == [SUB] * 3
    await close(client)


@pytest.mark.parametrize("kind", [AsyncClient, Client])
async def test_a_cancelled_of_the_peer_is_final(answers: Answers, kind: Any) -> None:
    client = kind(answers.address)
    with pytest.raises(CancelledError, match="enough") as caught:
        await first_of(client, headers={"x-answer": "status 1 enough"}, reconnect=quick)
    assert caught.value.from_server
    assert answers.calls == [SUB]
    await close(client)


@pytest.mark.parametrize("kind", [AsyncClient, Client])
@pytest.mark.parametrize(
    "answer", ["ours 9 filter%20locally", "ours 9 outside,%20Socket%20closed", "status 9 GOAWAY"]
)
async def test_a_final_refusal_is_not_retried_whatever_words_it_has(
    answers: Answers, kind: Any, answer: str
) -> None:
    client = kind(answers.address)
    with pytest.raises(FailedPreconditionError) as caught:
        await first_of(client, headers={"x-answer": answer}, reconnect=quick)
    assert caught.value.from_server
    assert answers.calls == [SUB]
    await close(client)


@pytest.mark.parametrize("kind", [AsyncClient, Client])
async def test_a_refusal_in_the_words_of_grpc_is_the_servers_if_it_has_our_header(
    answers: Answers, kind: Any
) -> None:
    client = kind(answers.address)
    with pytest.raises(FalcoError, match="Socket closed") as caught:
        await first_of(client, headers={"x-answer": "ours 13 Socket%20closed"}, reconnect=quick)
    assert (caught.value.code, caught.value.from_server) == (grpc.StatusCode.INTERNAL, True)
    assert answers.calls == [SUB]
    await close(client)


@pytest.mark.parametrize("kind", [AsyncClient, Client])
async def test_a_message_that_is_too_large_is_final(answers: Answers, kind: Any) -> None:
    client = kind(answers.address)
    with pytest.raises(
        ResourceExhaustedError, match="of 4194305 bytes, and max_message_bytes allows 4194304"
    ) as caught:
        await first_of(client, headers={"x-answer": "large 4194305"}, reconnect=quick)
    assert not caught.value.from_server
    assert answers.calls == [SUB]
    await close(client)
    client = kind(answers.address, max_message_bytes=100)
    with pytest.raises(ResourceExhaustedError, match="of 101 bytes, and max_message_bytes allows 100"):
        await first_of(client, headers={"x-answer": "large 101"}, reconnect=quick)
    await close(client)


@pytest.mark.parametrize("kind", [AsyncClient, Client])
async def test_a_message_that_is_not_an_alert_is_final(answers: Answers, kind: Any) -> None:
    client = kind(answers.address)
    with pytest.raises(FalcoError, match="a message of 2 bytes is not an alert") as caught:
        await first_of(client, headers={"x-answer": "undecodable"}, reconnect=quick)
    assert (caught.value.code, caught.value.from_server) == (grpc.StatusCode.INTERNAL, False)
    assert answers.calls == [SUB]
    await close(client)


async def test_one_alert_that_is_not_utf8_costs_nothing(answers: Answers) -> None:
    rules = ["1", "2", "3", "4 \ufffd", "5", "6", "7"]
    headers = {"x-answer": "seven"}
    async with AsyncClient(answers.address) as falco:
        assert [alert.rule async for alert in falco.get(headers=headers)] == rules
        batches = [batch async for batch in falco.get(headers=headers).batches()]
        assert [alert.rule for batch in batches for alert in batch] == rules
    with Client(answers.address) as client:
        assert [alert.rule for alert in client.get(headers=headers)] == rules
