import pytest

from falco_outputs import InvalidArgumentError
from falco_outputs._address import TcpAddress, UnixAddress, parse_address


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
