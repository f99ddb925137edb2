"""Generates the stubs of proto/: generate.py [FOLDER], by default falco_outputs/_gen.

The stubs differ from protoc's in three ways. So that the package can be imported beside client-py's or anybody else's
stubs of Falco's contract, they import one another from falco_outputs._gen, and their symbols are registered in a pool
of their own. And an alert's text is bytes, which are the same on the wire: protobuf would refuse a whole message for
one byte that is not UTF-8, and Falco sends such text.
"""

import re
import shutil
import sys
import tempfile
from pathlib import Path

import grpc_tools
from grpc_tools import protoc

package = Path(__file__).parent.parent
proto = package.parent.parent / "proto"
well_known = Path(grpc_tools.__path__[0]) / "_proto"
files = ["falco/outputs/outputs.proto", "falco/schema/schema.proto", "falco/version/version.proto"]
replaced = {
    "from google.protobuf import descriptor_pool as _descriptor_pool": (
        "from falco_outputs._gen import _pool as _descriptor_pool"
    ),
    "from google.protobuf.internal import builder as _builder": ("from falco_outputs._gen import _builder"),
}


# A map's key cannot be bytes; a map is a list of entries on the wire.
as_bytes = {
    "map<string, string> output_fields": "repeated field output_fields",
    "repeated string ": "repeated bytes ",
    "string ": "bytes ",
}
entry = "\nmessage field {\n  bytes key = 1;\n  bytes value = 2;\n}\n"


def generate(target: Path) -> None:
    """Writes the stubs into a folder, in place of those that are there."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as ours:
        changed = Path(ours, files[0])
        changed.parent.mkdir(parents=True)
        changed.write_text(with_bytes((proto / files[0]).read_text()))
        status = protoc.main(
            [
                "protoc",
                f"-I{ours}",
                f"-I{proto}",
                f"-I{well_known}",
                f"--python_out={folder}",
                f"--pyi_out={folder}",
                *files,
            ]
        )
        if status != 0:
            raise SystemExit(f"protoc ended with status {status}")
        shutil.rmtree(target / "falco", ignore_errors=True)
        for made in sorted(Path(folder).glob("falco/**/*.py*")):
            stub = target / made.relative_to(folder)
            stub.parent.mkdir(parents=True, exist_ok=True)
            stub.write_text(rewritten(made.read_text()))
    for parent in {stub.parent for stub in target.glob("falco/**/*.py")} | {target / "falco"}:
        (parent / "__init__.py").write_text("")


def with_bytes(text: str) -> str:
    """The contract with an alert's text as bytes."""
    before, alert = text.split("message response {")
    for theirs, mine in as_bytes.items():
        alert = re.sub(f"^  {re.escape(theirs)}", f"  {mine}", alert, flags=re.MULTILINE)
    return request_last(f"{before}message response {{{alert}{entry}")


def request_last(text: str) -> str:
    """The same with the request after its filters: mypy would take `filter` for Python's own if it came before."""
    request = re.search(r"^message request {.*?^}\n", text, flags=re.DOTALL | re.MULTILINE)
    if request is None:
        raise ValueError("the contract has no request")
    return text.replace(request[0], "") + request[0]


def rewritten(text: str) -> str:
    """The stub with our imports and our pool."""
    text = re.sub(r"^from falco\.", "from falco_outputs._gen.falco.", text, flags=re.MULTILINE)
    for theirs, ours in replaced.items():
        text = text.replace(theirs, ours)
    return text


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else package / "src/falco_outputs/_gen")
