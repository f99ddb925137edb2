"""Waiting for a condition."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

_limit_s = 10.0


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + _limit_s
    while not condition():
        assert time.monotonic() < end, "the condition did not come about"
        time.sleep(0.005)


async def until_async(condition: Callable[[], object]) -> None:
    end = time.monotonic() + _limit_s
    while not condition():
        assert time.monotonic() < end, "the condition did not come about"
        await asyncio.sleep(0.005)
