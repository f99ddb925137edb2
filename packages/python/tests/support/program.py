"""Programs in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.until import LIMIT_S


class Program:
    """A program that runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def line(self) -> str:
        """Waits for the next line that it prints."""
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def rest(self) -> list[str]:
        """Waits until it prints nothing more; returns the lines until then."""
        assert self._process.stdout is not None
        return self._process.stdout.readlines()

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def end(self) -> tuple[int, str]:
        """Waits for its end; returns its status, and what it wrote to standard error."""
        assert self._process.stderr is not None
        errors = self._process.stderr.read()
        return self._process.wait(LIMIT_S), errors

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for file in (self._process.stdout, self._process.stderr):
            assert file is not None
            file.close()


@contextmanager
def running(program: str | Path, *arguments: str, python: str = sys.executable) -> Iterator[Program]:
    """Runs a program of Python's, its source or its file, which does not outlive the block."""
    source = [str(program)] if isinstance(program, Path) else ["-c", program]
    process = subprocess.Popen(
        [python, "-u", *source, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield Program(process)
    finally:
        Program(process).kill()
