import grpc
import pytest

from falco_outputs import FalcoError
from falco_outputs._explain import CallError, Place, explain

prefix = "failed to connect to all addresses; last error: UNKNOWN: "


@pytest.mark.parametrize(
    ("details", "unix", "secure", "message"),
    [
        (
            f"{prefix}unix:/a: connect failed: addr: unix:/a error: No such file or directory",
            True,
            False,
            "there is no such",
        ),
        (
            f"{prefix}unix:/a: connect failed: addr: unix:/a error: Connection refused",
            True,
            False,
            "nobody listens",
        ),
        (
            f"{prefix}unix:/a: connect failed: addr: unix:/a error: Permission denied",
            True,
            False,
            "no permission",
        ),
        (
            f"{prefix}unix:/a: Failed parsing HTTP/2 (Expected SETTINGS frame)",
            True,
            False,
            "does not speak HTTP/2",
        ),
        (
            f"{prefix}unix:/a: connection attempt timed out before receiving SETTINGS frame",
            True,
            False,
            "no connection",
        ),
        (f"{prefix}unix:/a: recvmsg:Connection reset by peer (104)", True, False, "without an answer"),
        (
            f"{prefix}ipv4:1.2.3.4:1: Failed to connect to remote host: Connection refused",
            False,
            False,
            "is the server",
        ),
        (
            f"{prefix}ipv4:1.2.3.4:1: recvmsg:Connection reset by peer (104)",
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
            f"{prefix}ipv4: Ssl handshake failed: CERTIFICATE_VERIFY_FAILED: certificate has expired",
            False,
            True,
            "has expired",
        ),
        (
            f"{prefix}ipv4: CERTIFICATE_VERIFY_FAILED: unable to get local issuer certificate",
            False,
            True,
            "signed by none",
        ),
        (
            f"{prefix}ipv4: Peer name falco.example is not in peer certificate",
            False,
            True,
            "for another name",
        ),
        (f"{prefix}ipv4: WRONG_VERSION_NUMBER", False, True, "does not speak TLS"),
        (
            f"{prefix}ipv4:1.2.3.4:1: recvmsg:Connection reset by peer (104)",
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
    error = explain(
        CallError(grpc.StatusCode.UNAVAILABLE, details, {}), Place(is_unix=unix, is_secure=secure), "sub on a"
    )
    assert message in error.message
    assert not error.from_server
    denied = "Permission denied" in details
    assert error.code is (grpc.StatusCode.PERMISSION_DENIED if denied else grpc.StatusCode.UNAVAILABLE)


def failed(
    code: grpc.StatusCode, details: str, headers: dict[str, str] | None = None, *, refused: bool = False
) -> FalcoError:
    return explain(CallError(code, details, headers or {}), Place(True, False), "sub on a", refused=refused)


@pytest.mark.parametrize(
    ("code", "details"),
    [
        (grpc.StatusCode.UNKNOWN, "Stream removed"),
        (grpc.StatusCode.UNKNOWN, "No status received"),
        (grpc.StatusCode.INTERNAL, "Received RST_STREAM with error code 2"),
        (grpc.StatusCode.CANCELLED, "Stream removed (RST_STREAM (Received RST_STREAM with error code 8))"),
        (grpc.StatusCode.UNIMPLEMENTED, "Received http2 header with status: 404"),
        (grpc.StatusCode.UNKNOWN, "Received http2 header with status: 500"),
    ],
)
def test_a_stream_that_is_cut_without_a_status_is_unavailable(code: grpc.StatusCode, details: str) -> None:
    error = failed(code, details)
    assert error.code is grpc.StatusCode.UNAVAILABLE
    assert not error.from_server


@pytest.mark.parametrize(
    ("code", "details"),
    [
        (grpc.StatusCode.FAILED_PRECONDITION, "filter locally"),
        (grpc.StatusCode.INVALID_ARGUMENT, "after: outside of the log"),
        (grpc.StatusCode.UNAVAILABLE, "the server is stopping"),
        (grpc.StatusCode.UNAVAILABLE, "upstream connect error: Connection refused, GOAWAY, keepalive"),
        # Codes that gRPC's core never makes.
        (grpc.StatusCode.FAILED_PRECONDITION, "Socket closed"),
        (grpc.StatusCode.ABORTED, "Stream removed"),
    ],
)
def test_an_error_of_the_server_stays_its_own(code: grpc.StatusCode, details: str) -> None:
    error = failed(code, details)
    assert (error.code, error.message, error.from_server) == (code, details, True)


def test_our_header_on_a_refusal_decides_whose_it_is() -> None:
    ours = {"falco-outputs-version": "1"}
    assert failed(grpc.StatusCode.UNAVAILABLE, "Socket closed", ours, refused=True).from_server
    assert not failed(grpc.StatusCode.UNAVAILABLE, "Socket closed", refused=True).from_server
    # The header came with the stream's beginning: it says nothing of how it ended.
    assert not failed(grpc.StatusCode.UNAVAILABLE, "Socket closed", ours).from_server


def test_says_that_pings_are_too_frequent() -> None:
    error = failed(
        grpc.StatusCode.UNAVAILABLE,
        "Stream removed (Socket closed (GOAWAY received; Error code: 11; Debug Text: too_many_pings))",
    )
    assert "raise keep_alive_s" in error.message


def test_says_which_message_was_too_large() -> None:
    error = failed(
        grpc.StatusCode.RESOURCE_EXHAUSTED, "CLIENT: Received message larger than max (5242886 vs. 4194304)"
    )
    assert error.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert error.message == "a message of 5242886 bytes, and max_message_bytes allows 4194304"
    assert not error.from_server
