"""Values in error messages."""

from __future__ import annotations

import json


def quoted(value: object) -> str:
    """A value as JSON writes it, e.g. "a" or true; anything else as Python does."""
    if isinstance(value, str | int | bool) or value is None:
        return json.dumps(value, ensure_ascii=False)
    return repr(value)
