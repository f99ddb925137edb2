"""How long to wait before another attempt."""

from __future__ import annotations


def backoff_s(failed: int, initial_s: float, max_s: float, random: float) -> float:
    """Exponential backoff with full jitter, in seconds.

    So the clients of a server that restarts do not come back all at once. `failed` is how many attempts in a row have
    failed, from 1; `random` is from 0 to 1.
    """
    # Beyond 2 to the 60th the bound counts anyway, and a float has an end.
    return random * min(max_s, initial_s * 2.0 ** min(failed - 1, 60))
