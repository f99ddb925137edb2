"""Reference servers, in a process of their own that the tests share: most of a test's time would be its start."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

from support.until import LIMIT_S

_program = Path(__file__).parent / "server.mjs"


class Host:
    """The process in which the servers run."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", str(_program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._lock = threading.Lock()
        self._answers: dict[int, dict[str, Any]] = {}
        self._changed = threading.Condition()
        self._last_id = 0
        self._last_server = 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def server(self) -> Server:
        """A server that has not been started yet."""
        self._last_server += 1
        return Server(self, self._last_server)

    def freeze(self) -> None:
        """Stops the process, with its connections open."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._thread.join()
        self._process.stdout.close()

    def call(self, command: str, **rest: Any) -> Any:
        with self._lock:
            self._last_id += 1
            number = self._last_id
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps({"id": number, "command": command, **rest}) + "\n")
            self._process.stdin.flush()
        with self._changed:
            if not self._changed.wait_for(lambda: number in self._answers, LIMIT_S):
                raise TimeoutError(f"the server did not {command} within {LIMIT_S:g} s: {rest}")
            answer = self._answers.pop(number)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer.get("result")

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            answer = json.loads(line)
            with self._changed:
                self._answers[answer["id"]] = answer
                self._changed.notify_all()


class Server:
    """One of the servers, for a single test."""

    def __init__(self, host: Host, number: int) -> None:
        self._host = host
        self._number = number
        self.address = ""

    def start(self, **options: Any) -> Server:
        self.address = self._call("start", options=options)["address"]
        return self

    def restart(self) -> None:
        self._call("restart")

    def stop(self) -> None:
        self._call("stop")

    def publish(self, *alerts: str | bytes) -> list[int]:
        """Falco's lines, or encoded alerts. Returns their sequence numbers."""
        forms = [{"hex": alert.hex()} if isinstance(alert, bytes) else alert for alert in alerts]
        return [int(sequence) for sequence in self._call("publish", alerts=forms)]

    def raise_rules(self, *rules: str) -> list[int]:
        """Alerts of these rules."""
        return self.publish(*(json.dumps({"rule": rule, "priority": "Notice"}) for rule in rules))

    def publish_fixtures(self, count: int) -> None:
        self._call("fixtures", count=count)

    def wait_for_subscribers(self, count: int) -> None:
        self._call("subscribers", count=count)

    def stats(self) -> Any:
        return self._call("stats")

    def certificates(self, folder: Path, name: str, **options: Any) -> dict[str, str]:
        paths: dict[str, str] = self._call("certificates", folder=str(folder), name=name, **options)
        return paths

    def _call(self, command: str, **rest: Any) -> Any:
        return self._host.call(command, server=self._number, **rest)
