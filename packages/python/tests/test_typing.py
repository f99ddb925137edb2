"""What makes no sense together does not pass a type checker."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

fine = """
from datetime import UTC, datetime
from falco_outputs import Alert, AsyncClient, Client, Filter, Priority

async def fine(falco: AsyncClient) -> None:
    async for alert in falco.sub(group="pager", acknowledge=True, min_priority="warning", tags=["a"]):
        rule: str = alert.rule
        priority: Priority = alert.priority
    stream = falco.sub(filter_locally=True, min_priority=Priority.ERROR, acknowledge="manual", drain_timeout_s=1)
    counts: bool = stream.acknowledge(alert)
    falco.get(broadcast=True, follow=True, reconnect=False)
    names: dict[str, list[str]] = {"k8s.ns.name": ["shop"]}
    falco.sub(broadcast=True, since=datetime.now(UTC), fields=names, deny=[Filter(tags={"a"}, fields={"b": "c"})])
    falco.get(broadcast=True, since=0, until=1, allow=(Filter(rules=["a*"]),))
    falco.get(filter_locally=True, allow=[Filter(min_priority=4)])
    version: str = (await falco.version()).version

alerts: list[Alert] = list(Client("/a").sub())
"""

# Each is wrong by itself.
wrong = """
falco.sub(tags=["a"])
falco.sub(after=1)
falco.sub(group="a", broadcast=True)
falco.sub(broadcast=True, acknowledge=True)
falco.sub(broadcast=True, filter_locally=True)
falco.sub(acknowledge="auto")
falco.sub(follow=True)
falco.sub(group="a", since=1)
falco.sub(broadcast=True, until=1)
falco.sub(broadcast=True, since="2026-01-01T00:00:00Z")
falco.get(allow=[])
falco.get(broadcast=True, allow=["a"])
falco.get(broadcast=True, fields={"a": 1})
falco.get(acknowledge=True)
falco.get(rules=["a"])
falco.sub(grp="a")
number: int = next(falco.sub()).rule
""".strip().splitlines()


def mypy(file: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", str(file)],
        capture_output=True,
        text=True,
        cwd=file.parent,
    )
    return done.stdout + done.stderr


def test_what_makes_sense_passes(tmp_path: Path) -> None:
    file = tmp_path / "fine.py"
    file.write_text(fine)
    assert mypy(file) == ""


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "wrong.py"
    file.write_text("\n".join(["from falco_outputs import Client", 'falco = Client("/a")', *wrong]))
    lines = {int(line.split(":")[1]) for line in mypy(file).splitlines() if ": error:" in line}
    assert lines == set(range(3, 3 + len(wrong)))
