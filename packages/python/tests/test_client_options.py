"""What a client is made with, and what it says of itself."""

from __future__ import annotations

import logging
from typing import Any

import grpc.aio
import pytest
from support.answers import Answers
from support.proxy import Proxy
from support.server import Server

from falco_outputs import (
    Alert,
    AsyncClient,
    Client,
    Connecting,
    Loss,
    Lost,
    Reconnect,
    StreamStatus,
    UnavailableError,
    __version__,
)


async def agents_of(answers: Answers, **options: Any) -> list[str]:
    alert = Alert(rule="r", priority=0)
    headers = {"x-answer": f"encoded {bytes(alert).hex()}"}
    with Client(answers.address, **options) as falco:
        assert list(falco.get(headers=headers)) == [alert]
    async with AsyncClient(answers.address, **options) as falco:
        assert [alert async for alert in falco.get(headers=headers)] == [alert]
    return [agent.split(" ")[0] for agent in answers.agents]


async def test_the_user_agent_names_the_client(answers: Answers) -> None:
    assert await agents_of(answers) == [f"falco-outputs-python/{__version__}"] * 2


async def test_options_of_grpcs_channel_override_those_of_the_client(answers: Answers) -> None:
    options = [("grpc.primary_user_agent", "mine/1")]
    assert await agents_of(answers, channel_options=options) == ["mine/1"] * 2


class Counting(grpc.aio.UnaryStreamClientInterceptor):
    def __init__(self) -> None:
        self.calls = 0

    async def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:
        self.calls += 1
        return await continuation(details, request)


async def test_calls_go_through_interceptors(server: Server) -> None:
    server.raise_rules("a")
    counting = Counting()
    async with AsyncClient(server.address, interceptors=[counting]) as falco:
        assert [alert.rule async for alert in falco.get()] == ["a"]
    assert counting.calls == 1


def test_the_logger_reports_the_life_of_a_stream(
    server: Server, proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    server.raise_rules("a rule of its own")
    with caplog.at_level(logging.DEBUG, "falco_outputs"), Client(proxy.address) as falco:
        stream = falco.sub(broadcast=True, after=0, reconnect=Reconnect(max_attempts=1))
        next(stream)
        proxy.refusing = True
        proxy.cut()
        with pytest.raises(UnavailableError):
            next(stream)
    records = [(record.levelname, record.message.split(": ")[1]) for record in caplog.records]
    assert records[:2] == [("DEBUG", "attempt 1"), ("INFO", "connected")]
    assert [level for level, _ in records[2:]] == ["WARNING", "DEBUG"]
    # Alerts stay out of it.
    assert "of its own" not in caplog.text


def test_zero_attempts_means_no_reconnection(server: Server, proxy: Proxy) -> None:
    server.raise_rules("a")
    statuses: list[StreamStatus] = []
    with Client(proxy.address) as falco:
        stream = falco.sub(reconnect=Reconnect(max_attempts=0), on_status=statuses.append)
        next(stream)
        proxy.cut()
        with pytest.raises(UnavailableError):
            next(stream)
    assert [status for status in statuses if isinstance(status, Connecting)] == [Connecting(1)]


def test_a_loss_of_a_cause_that_is_not_known_keeps_its_text(answers: Answers) -> None:
    fields = {"cause": "flood", "lost": "3"}
    told = Alert(rule="Falco Outputs internal: alerts lost", priority="Warning", output_fields=fields)
    statuses: list[StreamStatus] = []
    headers = {"x-answer": f"encoded {bytes(told).hex()}"}
    with Client(answers.address) as falco:
        assert list(falco.get(headers=headers, on_status=statuses.append)) == [told]
    loss = Loss("unknown", "flood", lost=3, first_sequence=None, last_sequence=None)
    assert [status for status in statuses if isinstance(status, Lost)] == [Lost(loss, told)]
