"""A program written for client-py moves over by its imports alone: its own README and tests do, and programs like its
examples.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from support.program import running
from support.server import Server
from support.until import until

from falco_outputs import Alert, compat

alert_line = json.dumps(
    {
        "rule": "Terminal shell in container",
        "priority": "Warning",
        "output": "a shell",
        "source": "k8s_audit",
        "time": "2020-01-01T22:55:59.3Z",
        "output_fields": {"a": "b"},
        "hostname": "h",
        "tags": ["t"],
    }
)
as_json = {
    "time": "2020-01-01T22:55:59.300000+00:00",
    "priority": "warning",
    "source": "k8s_audit",
    "rule": "Terminal shell in container",
    "output": "a shell",
    "output_fields": {"a": "b"},
    "hostname": "h",
    "tags": ["t"],
}


@pytest.fixture(scope="session")
def client_py(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources of client-py 0.4.0, as PyPI has them."""
    folder = tmp_path_factory.mktemp("client-py")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--no-binary", ":all:", "--dest", str(folder), "falco==0.4.0"], check=True)
    with tarfile.open(folder / "falco-0.4.0.tar.gz") as tar:
        tar.extractall(folder, filter="data")
    return folder / "falco-0.4.0"


def moved(program: str) -> str:
    """The program with our imports in place of client-py's."""
    program = re.sub(r"^import falco$", "from falco_outputs import compat as falco", program, flags=re.M)
    return re.sub(r"^from falco import", "from falco_outputs.compat import", program, flags=re.M)


def test_its_readmes_program_runs(client_py: Path, idle_server: Server, folder: Path) -> None:
    [program] = re.findall(r"```python\n(.*?)```", (client_py / "README.md").read_text(), re.DOTALL)
    # As it stands there, it is not Python.
    program = program.replace("client.sub()):", "client.sub():")
    server = idle_server.certificates(folder, "server")
    idle_server.start(listen=[{"address": "localhost:0", "tls": server}])
    idle_server.certificates(folder, "client")
    program = program.replace("localhost:5060", idle_server.address).replace("/tmp", str(folder))
    idle_server.publish(alert_line)
    with running(moved(program)) as child:
        assert child.line().startswith(
            "OutputsResponse(time=2020-01-01 22:55:59.300000+00:00, priority=Priority.WARNING, "
        )


# As its examples are: unixsocket_sub_events, unixsocket_get_events, unixsocket_get_version.
program = """
import argparse

import falco

parser = argparse.ArgumentParser()
parser.add_argument("endpoint")
parser.add_argument("what")
parser.add_argument("--output-format", "-o", dest="output_format", default=None)
args = parser.parse_args()
c = falco.Client(endpoint=args.endpoint, output_format=args.output_format)
if args.what == "version":
    print(c.version())
else:
    for event in getattr(c, args.what)():
        print(event)
        if args.output_format is None:
            print(event.priority.value, event.source.value, event.rule, event.priority.name)
"""


def test_programs_like_its_examples_run(idle_server: Server) -> None:
    server = idle_server.start(falco={"version": "0.44.1"})
    server.publish(alert_line)
    with running(moved(program), server.address, "get") as child:
        assert child.rest()[1] == "warning k8s_audit Terminal shell in container WARNING\n"
        assert child.end() == (0, "")
    with running(moved(program), server.address, "sub", "-o", "json") as child:
        server.wait_for_subscribers(1)
        server.publish(alert_line)
        assert json.loads(child.line()) == as_json
    for arguments in (("version",), ("version", "-o", "json")):
        with running(moved(program), server.address, *arguments) as child:
            out = "".join(child.rest())
            assert child.end() == (0, "")
        assert "0.44.1" in out
    assert json.loads(out)["minor"] == 44


def test_its_own_tests_of_the_client_pass(client_py: Path, folder: Path) -> None:
    """Beside its own mock server, in Falco's place, whose streams end with OK."""
    tests = folder / "tests"
    tests.mkdir()
    (tests / "__init__.py").write_text("")
    address = f"unix://{folder / 'mock.sock'}"
    mock = (client_py / "tests/mock.py").read_text().replace("unix:///tmp/falcomock.sock", address)
    (tests / "mock.py").write_text(f"MOCK_ADDRESS = {address!r}\n")
    (tests / "test_client.py").write_text(moved((client_py / "tests/test_client.py").read_text()))
    (folder / "mock_server.py").write_text(mock)
    # Its stubs need libraries of its time.
    script = Path(__file__).parent.parent / "scripts/environment.mjs"
    made = subprocess.run(["node", str(script), "client-py"], capture_output=True, text=True, check=True)
    with running(folder / "mock_server.py", python=made.stdout.strip()):
        until(lambda: (folder / "mock.sock").exists())
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
            cwd=folder,
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


def test_errors_are_still_grpcs(folder: Path) -> None:
    client = compat.Client(f"unix://{folder}/nobody.sock")
    calls: list[Callable[[], object]] = [
        lambda: next(client.sub()),
        lambda: next(client.get()),
        client.version,
    ]
    for call in calls:
        with pytest.raises(grpc.RpcError) as caught:
            call()
        error: Any = caught.value
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert "is the server running" in error.details()


def test_what_cannot_work_is_still_refused() -> None:
    with pytest.raises(compat.TLSConfigError, match="all of client_crt, client_key and ca_root"):
        compat.Client("falco:5060", client_crt="a")
    with pytest.raises(compat.InvalidFormat, match='output_format: "yaml", expected "json"'):
        compat.Client("unix:///nowhere", output_format="yaml")
    client = compat.Client("unix:///nowhere")
    client.output_format = "json"
    with pytest.raises(compat.InvalidFormat):
        client.output_format = "xml"
    assert client.output_format == "json"


def test_a_plugins_alert_and_one_without_a_time_have_a_form() -> None:
    plugin = Alert(rule="r", priority="Notice", source="okta", time=0)
    response = compat.OutputsResponse.from_alert(plugin)
    assert response.source is compat.OutputsResponse.Source.PLUGIN
    assert response.time == datetime.fromtimestamp(0, UTC)
    assert compat.OutputsResponse.from_alert(Alert.from_bytes(b"")).time == datetime.fromtimestamp(0, UTC)


def test_what_is_public() -> None:
    public = sorted(name for name in vars(compat) if not name.startswith("_"))
    assert set(compat.__all__) <= set(public)
    assert compat.__all__ == [
        "CallError",
        "Client",
        "InvalidFormat",
        "OutputsResponse",
        "TLSConfigError",
        "VersionResponse",
    ]
