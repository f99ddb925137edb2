"""Mutual TLS."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.server import Server
from support.until import result_of, until_async

from falco_outputs import (
    AsyncClient,
    Client,
    Connected,
    FalcoVersion,
    InvalidArgumentError,
    Reconnect,
    UnavailableError,
)


def listening(server: Server, paths: dict[str, str]) -> str:
    server.start(listen=[{"address": "localhost:0", "tls": paths}], falco={"version": "0.44.1"})
    return server.address


def keywords(paths: dict[str, str]) -> dict[str, Any]:
    return {"ca": paths["ca"], "cert": paths["cert"], "key": paths["key"]}


def test_works_with_paths_and_with_pem(idle_server: Server, folder: Path) -> None:
    address = listening(idle_server, idle_server.certificates(folder, "server"))
    paths = keywords(idle_server.certificates(folder, "client"))
    idle_server.raise_rules("a")
    with Client(address, **paths) as falco:
        assert [alert.rule for alert in falco.get(broadcast=True)] == ["a"]
    pems: dict[str, Any] = {name: Path(path).read_bytes() for name, path in paths.items()}
    with Client(address, **pems) as falco:
        assert [alert.rule for alert in falco.get(broadcast=True)] == ["a"]


def test_a_bundle_of_authorities_may_have_comments_in_any_encoding(idle_server: Server, folder: Path) -> None:
    address = listening(idle_server, idle_server.certificates(folder, "server"))
    paths = keywords(idle_server.certificates(folder, "client"))
    idle_server.raise_rules("a")
    for encoding in ("utf-8", "latin-1"):
        ca = folder / f"{encoding}.crt"
        ca.write_bytes("# Größe\n".encode(encoding) + Path(paths["ca"]).read_bytes())
        with Client(address, **(paths | {"ca": ca})) as falco:
            assert [alert.rule for alert in falco.get(broadcast=True)] == ["a"]


@pytest.mark.parametrize(
    ("server", "client", "message"),
    [
        ({"names": ["falco.example"]}, {}, "the server's certificate is for another name: use that name"),
        ({"days": -1}, {}, "the server's certificate has expired"),
        ({"another": True}, {}, "the server's certificate is signed by none of the authorities in ca"),
        ({}, {"another": True, "keeps_ca": True}, "refuses this client's certificate"),
        ({}, {"days": -1}, "refuses this client's certificate|client's certificate has expired"),
    ],
)
def test_says_what_is_wrong_with_a_certificate(
    idle_server: Server,
    folder: Path,
    server: dict[str, Any],
    client: dict[str, Any],
    message: str,
) -> None:
    ca = Path(idle_server.certificates(folder / "ca", "client")["ca"])
    keeps_ca = client.pop("keeps_ca", False)
    theirs = idle_server.certificates(folder / "server", "server", **server)
    theirs["ca"] = str(ca)
    ours = idle_server.certificates(folder / "client", "client", **client)
    if keeps_ca or "another" in server:
        ours["ca"] = str(ca)
    address = listening(idle_server, theirs)
    with Client(address, **keywords(ours)) as falco, pytest.raises(UnavailableError, match=message):
        next(falco.sub())


def test_a_name_that_is_not_the_address(idle_server: Server, folder: Path) -> None:
    address = listening(idle_server, idle_server.certificates(folder, "server", names=["falco.example"]))
    paths = keywords(idle_server.certificates(folder, "client"))
    idle_server.raise_rules("a")
    with Client(address, **paths, server_name="falco.example") as falco:
        assert [alert.rule for alert in falco.get()] == ["a"]


def test_without_tls(idle_server: Server, folder: Path) -> None:
    idle_server.start(listen=[{"address": "localhost:0", "insecure": True}])
    idle_server.raise_rules("a")
    with Client(idle_server.address, insecure=True) as falco:
        assert [alert.rule for alert in falco.get(broadcast=True)] == ["a"]
    paths = keywords(idle_server.certificates(folder, "client"))
    with (
        Client(idle_server.address, **paths) as falco,
        pytest.raises(UnavailableError, match="does not speak TLS here|does something answer"),
    ):
        next(falco.sub())


def test_a_server_that_expects_tls(idle_server: Server, folder: Path) -> None:
    address = listening(idle_server, idle_server.certificates(folder, "server"))
    with (
        Client(address, insecure=True, connect_timeout_s=1) as falco,
        pytest.raises(UnavailableError, match="does it expect TLS|does something answer"),
    ):
        next(falco.sub())


def test_files_are_checked_first(idle_server: Server, folder: Path) -> None:
    paths = keywords(idle_server.certificates(folder, "client"))
    other = keywords(idle_server.certificates(folder / "other", "client"))
    nothing = folder / "nothing.pem"
    nothing.write_text("no PEM")

    def refused(message: str, **changed: Any) -> None:
        for kind in (AsyncClient, Client):
            with pytest.raises(InvalidArgumentError, match=message):
                kind("falco.example:5060", **(paths | changed))

    refused("key: .*absent.key.* cannot be read: No such file", key="absent.key")
    refused("ca: .*nothing.pem.* holds no certificate in PEM", ca=nothing)
    refused("cert: .*nothing.pem.* holds no certificate in PEM", cert=nothing)
    refused("key: the PEM given holds no private key", key=b"no PEM")
    refused("cert, key: .* do not belong together", key=other["key"])


def exchange(paths: dict[str, Any], others: dict[str, Any]) -> None:
    """Puts other certificates in place, as a renewal does."""
    for name, path in paths.items():
        shutil.copy(others[name], path)


@pytest.mark.parametrize("kind", [AsyncClient, Client])
async def test_certificates_are_read_for_each_connection(
    idle_server: Server, folder: Path, kind: type[AsyncClient | Client]
) -> None:
    address = listening(idle_server, idle_server.certificates(folder, "server"))
    good = keywords(idle_server.certificates(folder / "good", "client"))
    expired = keywords(idle_server.certificates(folder / "expired", "client", days=-1))
    paths = keywords(idle_server.certificates(folder / "used", "client", days=-1))
    client = kind(address, **paths)

    async def version() -> str:
        answer = client.version()
        return (answer if isinstance(answer, FalcoVersion) else await answer).version

    with pytest.raises(UnavailableError, match="client's certificate"):
        await version()
    exchange(paths, good)
    assert await version() == "0.44.1"
    # Those of a connection that stands count as well.
    exchange(paths, expired)
    with pytest.raises(UnavailableError, match="client's certificate"):
        await version()
    # While they are being exchanged, key and certificate are not a pair.
    shutil.copy(good["key"], paths["key"])
    with pytest.raises(UnavailableError, match="do not belong together"):
        await version()
    exchange(paths, good)
    assert await version() == "0.44.1"
    if isinstance(client, AsyncClient):
        await client.aclose()
    else:
        client.close()


async def test_a_stream_reconnects_with_the_current_certificates(idle_server: Server, folder: Path) -> None:
    address = listening(idle_server, idle_server.certificates(folder, "server"))
    good = keywords(idle_server.certificates(folder / "good", "client"))
    expired = keywords(idle_server.certificates(folder / "expired", "client", days=-1))
    paths = keywords(idle_server.certificates(folder / "used", "client"))
    statuses: list[Any] = []
    async with AsyncClient(address, **paths) as falco:
        policy = Reconnect(initial_delay_s=0.01, max_delay_s=0.05)
        stream = falco.sub(reconnect=policy, on_status=statuses.append)
        task = asyncio.ensure_future(anext(stream))
        await until_async(lambda: Connected() in statuses)
        exchange(paths, expired)
        await asyncio.to_thread(idle_server.restart)
        await until_async(lambda: any("client's certificate" in str(status) for status in statuses))
        exchange(paths, good)
        await asyncio.to_thread(idle_server.wait_for_subscribers, 1)
        idle_server.raise_rules("a")
        assert (await result_of(task)).rule == "a"
