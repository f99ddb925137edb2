"""Reconnection is one decision of the client, which all its streams share."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from support.proxy import Proxy
from support.until import result_of, until_async

from falco_outputs import (
    AsyncClient,
    Connected,
    Connecting,
    Disconnected,
    Reconnect,
    Resumed,
    StreamStatus,
)


class Subscriber:
    """A stream that is iterated in a task of its own."""

    def __init__(self, client: AsyncClient, reconnect: Reconnect, **options: Any) -> None:
        self.statuses: list[StreamStatus] = []
        self.stream = client.sub(
            broadcast=True, reconnect=reconnect, on_status=self.statuses.append, **options
        )
        self.task = asyncio.ensure_future(self._listen())

    async def _listen(self) -> None:
        async for _ in self.stream:
            pass

    def attempts(self) -> int:
        return sum(isinstance(status, Connecting) for status in self.statuses)

    def is_lost(self) -> bool:
        return any(isinstance(status, Disconnected) for status in self.statuses)

    async def close(self) -> None:
        await self.stream.aclose()
        await result_of(self.task)


async def test_streams_share_each_attempt(proxy: Proxy) -> None:
    policy = Reconnect(initial_delay_s=0.02, max_delay_s=0.02)
    async with AsyncClient(proxy.address) as falco:
        subscribers = [Subscriber(falco, policy) for _ in range(5)]
        await until_async(lambda: all(Connected() in one.statuses for one in subscribers))
        assert proxy.taken == 1
        proxy.refusing = True
        proxy.cut()
        await until_async(lambda: all(one.attempts() > 4 for one in subscribers))
        for one in subscribers:
            await one.close()
        assert proxy.taken <= max(one.attempts() for one in subscribers)


async def test_an_answer_to_one_ends_the_wait_of_all(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("falco_outputs._connections.UNIX_MAX_DELAY_S", 1000.0)
    monkeypatch.setattr("falco_outputs._connections.backoff_fraction", lambda: 1.0)
    policy = Reconnect(initial_delay_s=1000, max_delay_s=1000)
    async with AsyncClient(proxy.address) as falco:
        subscribers = [Subscriber(falco, policy) for _ in range(3)]
        await until_async(lambda: all(Connected() in one.statuses for one in subscribers))
        proxy.cut()
        await until_async(lambda: all(one.is_lost() for one in subscribers))
        another = Subscriber(falco, policy)
        await until_async(lambda: all(Resumed() in one.statuses for one in subscribers))
        assert Connected() in another.statuses
        for one in [*subscribers, another]:
            await one.close()


async def test_a_wait_on_a_unix_socket_is_at_most_one_second(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The longest wait of those that are random.
    monkeypatch.setattr("falco_outputs._connections.backoff_fraction", lambda: 1.0)
    async with AsyncClient(proxy.address) as falco:
        subscriber = Subscriber(falco, Reconnect(initial_delay_s=1000, max_delay_s=1000))
        await until_async(lambda: Connected() in subscriber.statuses)
        proxy.cut()
        await until_async(subscriber.is_lost)
        [lost] = [status for status in subscriber.statuses if isinstance(status, Disconnected)]
        assert 0 < lost.retry_in_s <= 1
        await subscriber.close()
