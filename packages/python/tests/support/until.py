"""Waiting for a condition. The limits only end what hangs: even a busy machine stays far below them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

R = TypeVar("R")

LIMIT_S = 120.0


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end, "the condition was not met"
        time.sleep(0.005)


async def until_async(condition: Callable[[], object]) -> None:
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end, "the condition was not met"
        await asyncio.sleep(0.005)


def ends(thread: threading.Thread) -> None:
    """Waits for the end of a thread."""
    thread.join(LIMIT_S)
    assert not thread.is_alive(), "the thread did not end"


async def result_of(work: Awaitable[R]) -> R:
    """Waits for a task's result."""
    async with asyncio.timeout(LIMIT_S):
        return await work
