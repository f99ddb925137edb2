import grpc
import pytest

from falco_outputs._explain import explain, is_local

failed = "failed to connect to all addresses; last error: UNKNOWN: "


@pytest.mark.parametrize(
    ("details", "unix", "secure", "message"),
    [
        (
            f"{failed}unix:/a: connect failed: addr: unix:/a error: No such file or directory",
            True,
            False,
            "there is no such",
        ),
        (
            f"{failed}unix:/a: connect failed: addr: unix:/a error: Connection refused",
            True,
            False,
            "nobody listens",
        ),
        (
            f"{failed}unix:/a: connect failed: addr: unix:/a error: Permission denied",
            True,
            False,
            "no permission",
        ),
        (
            f"{failed}unix:/a: Failed parsing HTTP/2 (Expected SETTINGS frame)",
            True,
            False,
            "does not speak HTTP/2",
        ),
        (
            f"{failed}unix:/a: connection attempt timed out before receiving SETTINGS frame",
            True,
            False,
            "no connection",
        ),
        (f"{failed}unix:/a: recvmsg:Connection reset by peer (104)", True, False, "without an answer"),
        (
            f"{failed}ipv4:1.2.3.4:1: Failed to connect to remote host: Connection refused",
            False,
            False,
            "is the server",
        ),
        (
            f"{failed}ipv4:1.2.3.4:1: recvmsg:Connection reset by peer (104)",
            False,
            False,
            "does it expect TLS",
        ),
        (
            "errors resolving a:1: [field:hostname lookup error: Domain name not found]",
            False,
            True,
            "no host of this name",
        ),
        (
            f"{failed}ipv4: Ssl handshake failed: CERTIFICATE_VERIFY_FAILED: certificate has expired",
            False,
            True,
            "has expired",
        ),
        (
            f"{failed}ipv4: CERTIFICATE_VERIFY_FAILED: unable to get local issuer certificate",
            False,
            True,
            "signed by none",
        ),
        (
            f"{failed}ipv4: Peer name falco.example is not in peer certificate",
            False,
            True,
            "for another name",
        ),
        (f"{failed}ipv4: WRONG_VERSION_NUMBER", False, True, "does not speak TLS"),
        (
            f"{failed}ipv4:1.2.3.4:1: recvmsg:Connection reset by peer (104)",
            False,
            True,
            "refuses this client's certificate",
        ),
        ("recvmsg:Connection reset by peer", True, False, "the connection was lost"),
        ("Socket closed", True, False, "closed by the other side"),
        ("keepalive watchdog timeout", True, False, "answers no ping"),
    ],
)
def test_says_what_happened_and_what_to_do(details: str, unix: bool, secure: bool, message: str) -> None:
    assert is_local(grpc.StatusCode.UNAVAILABLE, details)
    text, code = explain(grpc.StatusCode.UNAVAILABLE, details, unix=unix, secure=secure)
    assert message in text
    denied = "Permission denied" in details
    assert code is (grpc.StatusCode.PERMISSION_DENIED if denied else grpc.StatusCode.UNAVAILABLE)


def test_what_nobody_knows_stays_as_it_is() -> None:
    assert explain(grpc.StatusCode.INTERNAL, "RST_STREAM with error code 2", unix=True, secure=False) == (
        "RST_STREAM with error code 2",
        grpc.StatusCode.INTERNAL,
    )
    assert not is_local(grpc.StatusCode.UNAVAILABLE, "the server is stopping")
