"""A peer that answers as a test says, with what our server never sends."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from support.until import LIMIT_S

_program = Path(__file__).parent / "answers.mjs"


class Answers:
    """Answers each call as its header `x-answer` says."""

    def __init__(self, folder: Path) -> None:
        path = folder / "answers.sock"
        self.address = f"unix://{path}"
        self._process = subprocess.Popen(
            ["node", str(_program), str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._line() == "ready\n"

    @property
    def calls(self) -> list[str]:
        """The paths that were called so far."""
        calls: list[str] = self._ask("calls")
        return calls

    @property
    def agents(self) -> list[str]:
        """The user agents of the calls so far."""
        agents: list[str] = self._ask("agents")
        return agents

    @property
    def half_closed(self) -> int:
        """How many of the calls that are open were half-closed by the client."""
        return int(self._ask("half-closed"))

    def cut(self) -> None:
        """Ends the calls that are open without trailers."""
        self._ask("cut")

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(LIMIT_S)
        self._process.stdout.close()

    def _ask(self, what: str) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        return json.loads(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()
