"""Waits that a signal handler may end."""

from __future__ import annotations

import math
from queue import Empty, SimpleQueue


class BlockingSignal:
    def __init__(self) -> None:
        self._happened: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        self._happened.put(None)

    async def wait(self, timeout_s: float) -> None:
        if wait_for_item(self._happened, timeout_s):
            # For others who wait.
            self._happened.put(None)


def wait_for_item(queue: SimpleQueue[None], timeout_s: float) -> bool:
    """Waits for an item, no longer than this. Returns whether there was one."""
    try:
        queue.get(timeout=None if timeout_s == math.inf else timeout_s)
    except Empty:
        return False
    return True
