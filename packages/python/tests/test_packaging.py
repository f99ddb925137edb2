"""The wheel and the sdist, as PyPI would have them."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
from support.server import Server

package = Path(__file__).parent.parent

# Packages come from the network.
pytestmark = pytest.mark.timeout(900)


def run(*command: str | Path, **environment: str) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        cwd="/",
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, package)
    return folder


def wheel_in(built: Path) -> Path:
    [wheel] = built.glob("*.whl")
    return wheel


def clean_environment(folder: Path, *install: str | Path) -> Path:
    venv.create(folder)
    python = folder / "bin" / "python"
    install_into(python, *install)
    return python


def install_into(python: Path, *install: str | Path) -> None:
    # With the pip of this environment: one of its own takes longer to come than all else.
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", *install)


def test_the_distributions_hold_the_right_files(built: Path) -> None:
    with zipfile.ZipFile(wheel_in(built)) as wheel:
        names = set(wheel.namelist())
    assert "falco_outputs/py.typed" in names
    assert "falco_outputs/_gen/falco/outputs/outputs_pb2.pyi" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert {name.split("/")[0] for name in names} == {"falco_outputs", "falco_outputs-0.1.0.dist-info"}
    [sdist] = built.glob("*.tar.gz")
    with tarfile.open(sdist) as tar:
        members = {name.split("/", 1)[-1] for name in tar.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "src/falco_outputs/__init__.py"} <= members


smoke = """
import asyncio, sys, falco_outputs
from importlib.metadata import version
assert falco_outputs.__version__ == version("falco-outputs")
with falco_outputs.Client(sys.argv[1]) as falco:
    print([alert.rule for alert in falco.get(broadcast=True)])
async def main():
    async with falco_outputs.AsyncClient(sys.argv[1]) as falco:
        print([alert.to_json() async for alert in falco.sub(broadcast=True, after=0, timeout_s=1, reconnect=False)])
try:
    asyncio.run(main())
except falco_outputs.DeadlineExceededError as error:
    print(error.code_name)
"""


@pytest.mark.parametrize(
    "dependencies",
    [["grpcio", "protobuf"], ["grpcio==1.67.1", "protobuf==6.31.1"]],
    ids=["newest", "oldest"],
)
def test_a_clean_environment(built: Path, tmp_path: Path, server: Server, dependencies: list[str]) -> None:
    if "grpcio==1.67.1" in dependencies and sys.version_info >= (3, 14):
        pytest.skip("there is no wheel of that gRPC for this Python")
    server.raise_rules("a", "b")
    python = clean_environment(tmp_path / "venv", wheel_in(built), *dependencies)
    program = tmp_path / "smoke.py"
    program.write_text(smoke)
    out = run(python, "-W", "error", program, server.address)
    assert out == "['a', 'b']\nDEADLINE_EXCEEDED\n"


beside = """
import falco, falco_outputs, sys
from falco.schema.outputs_pb2 import response
alert = falco_outputs.Alert(rule="r", priority="Notice")
old = falco.OutputsResponse.from_proto(response.FromString(bytes(alert)))
print(old.rule, old.priority.value, falco.OutputsResponse is not falco_outputs.Alert)
with falco_outputs.Client(sys.argv[1]) as client:
    print([alert.rule for alert in client.get(broadcast=True)])
print([alert.rule for alert in falco.Client(sys.argv[1]).get()])
"""


@pytest.fixture(scope="module")
def python_with_client_py(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    python = clean_environment(tmp_path_factory.mktemp("venv"), wheel_in(built), "python-dateutil")
    # Its own pins cannot be built any more.
    install_into(python, "--no-deps", "falco==0.4.0")
    return python


@pytest.mark.parametrize("first", ["falco", "falco_outputs"])
def test_beside_client_py_in_one_process(
    python_with_client_py: Path, tmp_path: Path, server: Server, first: str
) -> None:
    server.raise_rules("a")
    program = tmp_path / "beside.py"
    program.write_text(f"import {first}\n{beside}")
    # client-py's stubs need protobuf 3.20, or this.
    out = run(python_with_client_py, program, server.address, PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION="python")
    assert out == "r notice True\n['a']\n['a']\n"
