import os
from pathlib import Path

import pytest

from falco_outputs import AsyncClient, Client, InvalidArgumentError
from falco_outputs._target import TcpAddress, UnixAddress, parse_address


@pytest.mark.parametrize(
    ("text", "address", "formatted"),
    [
        (
            "unix:///run/falco/falco.sock",
            UnixAddress("/run/falco/falco.sock"),
            "unix:///run/falco/falco.sock",
        ),
        ("unix:falco.sock", UnixAddress("falco.sock"), "unix:falco.sock"),
        ("./falco.sock", UnixAddress("./falco.sock"), "unix:./falco.sock"),
        ("/run/falco.sock", UnixAddress("/run/falco.sock"), "unix:///run/falco.sock"),
        ("localhost:5060", TcpAddress("localhost", 5060), "localhost:5060"),
        ("[::1]:5060", TcpAddress("::1", 5060), "[::1]:5060"),
        ("[fe80::1%eth0]:1", TcpAddress("fe80::1%eth0", 1), "[fe80::1%eth0]:1"),
        ("10.0.0.1:65535", TcpAddress("10.0.0.1", 65535), "10.0.0.1:65535"),
    ],
)
def test_reads_addresses_as_grpc_writes_them(
    text: str, address: UnixAddress | TcpAddress, formatted: str
) -> None:
    assert parse_address(text) == address
    assert str(address) == formatted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "unix://",
        "unix:",
        "localhost",
        ":5060",
        "localhost:65536",
        "::1:5060",
        "http://localhost:5060/",
        "a b:1",
    ],
)
def test_says_what_is_not_an_address(text: str) -> None:
    with pytest.raises(InvalidArgumentError, match="address: .*expected unix:///path"):
        parse_address(text)


def user_socket(folder: Path, monkeypatch: pytest.MonkeyPatch, *, mode: int = 0o700) -> Path:
    """A socket where a server that this user starts would have it, and none of Falco's."""
    monkeypatch.setattr("falco_outputs._target._falcos_socket", folder / "run/falco.sock")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    (folder / "falco.sock").touch()
    folder.chmod(mode)
    return folder / "falco.sock"


def test_without_an_address_it_is_falcos_socket_if_that_exists(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    falcos = folder / "run/falco.sock"
    user_socket(folder, monkeypatch)
    falcos.parent.mkdir()
    falcos.touch()
    assert Client().address == AsyncClient().address == f"unix://{falcos}"


def test_otherwise_it_is_the_users_own_socket_if_that_exists(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = user_socket(folder, monkeypatch)
    assert Client().address == AsyncClient().address == f"unix://{socket}"
    socket.unlink()
    assert Client().address == f"unix://{folder}/run/falco.sock"


def test_without_a_runtime_folder_the_users_own_is_among_temporary_files(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_socket(folder, monkeypatch)
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    own = folder / f"falco-outputs-{os.getuid()}"
    own.mkdir(mode=0o700)
    (own / "falco.sock").touch()
    assert Client().address == f"unix://{own}/falco.sock"


def test_a_folder_that_others_can_write_to_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user_socket(folder, monkeypatch, mode=0o777)
    with pytest.raises(InvalidArgumentError, match="others own this folder or can write to it"):
        Client()
