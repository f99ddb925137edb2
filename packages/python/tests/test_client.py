"""The client for threads against the server."""

from __future__ import annotations

import gc
import signal
import threading
import time
import weakref

import pytest
from support.program import running
from support.server import Server
from support.until import ends, until

from falco_outputs import (
    AlertStream,
    Client,
    DeadlineExceededError,
    FailedPreconditionError,
    StreamStatus,
    UnavailableError,
)


def test_sub_yields_what_is_queued_and_what_arrives(server: Server) -> None:
    server.raise_rules("a", "b")
    rules: list[str] = []
    with Client(server.address) as falco:
        for alert in falco.sub():
            rules.append(alert.rule)
            if len(rules) == 2:
                server.raise_rules("c")
            if len(rules) == 3:
                break
    assert rules == ["a", "b", "c"]


def test_get_ends_after_the_last_alert(server: Server) -> None:
    sequences = server.raise_rules("a", "b")
    with Client(server.address) as falco:
        assert [alert.sequence for alert in falco.get()] == sequences
        assert list(falco.get()) == []
        assert [alert.rule for alert in falco.get(broadcast=True, after=sequences[0])] == ["b"]


def test_version(idle_server: Server) -> None:
    server = idle_server.start(falco={"version": "0.44.1"})
    with Client(server.address) as falco:
        assert falco.version().version == "0.44.1"


def test_break_ends_the_call_at_once(server: Server) -> None:
    server.raise_rules("a")
    with Client(server.address) as falco:
        for _ in falco.sub():
            break
        server.wait_for_subscribers(0)


def test_an_error_in_the_loop_ends_the_call(server: Server) -> None:
    server.raise_rules("a")
    with Client(server.address) as falco:
        with pytest.raises(RuntimeError, match="mine"):
            for _ in falco.sub():
                raise RuntimeError("mine")
        server.wait_for_subscribers(0)


def listen(stream: AlertStream) -> tuple[threading.Thread, list[str]]:
    rules: list[str] = []

    def listen() -> None:
        for alert in stream:
            rules.append(alert.rule)

    thread = threading.Thread(target=listen)
    thread.start()
    return thread, rules


@pytest.mark.parametrize("acknowledge", [False, True])
def test_close_from_another_thread_ends_a_loop_that_waits(server: Server, acknowledge: bool) -> None:
    with Client(server.address) as falco:
        stream = falco.sub(acknowledge=acknowledge)
        thread, rules = listen(stream)
        server.wait_for_subscribers(1)
        stream.close()
        ends(thread)
        assert rules == []
        stream.close()
        server.wait_for_subscribers(0)


def test_stop_lets_the_body_finish(server: Server) -> None:
    server.raise_rules("a", "b")
    with Client(server.address) as falco:
        stream = falco.sub(acknowledge=True)
        rules = []
        for alert in stream:
            stream.stop()
            rules.append(alert.rule)
        assert rules == ["a"]
        assert [alert.rule for alert in falco.get()] == ["b"]


def test_closing_the_client_ends_its_streams(server: Server) -> None:
    falco = Client(server.address)
    threads = [listen(falco.sub())[0] for _ in range(3)]
    server.wait_for_subscribers(3)
    falco.close()
    for thread in threads:
        ends(thread)
    server.wait_for_subscribers(0)
    with pytest.raises(FailedPreconditionError, match="sub on unix:.*: the client is closed"):
        falco.sub()
    falco.close()


def test_closing_ends_a_stream_that_connects(server: Server) -> None:
    for _ in range(10):
        falco = Client(server.address)
        thread, rules = listen(falco.sub(group="pager"))
        time.sleep(0.001)
        falco.close()
        ends(thread)
        assert rules == []
    server.wait_for_subscribers(0)


def test_a_stream_is_iterated_in_one_place(server: Server) -> None:
    with Client(server.address) as falco:
        stream = falco.sub()
        thread, rules = listen(stream)
        server.wait_for_subscribers(1)
        with pytest.raises(RuntimeError, match="iterate it in one place"):
            next(stream)
        server.raise_rules("a")
        until(lambda: rules == ["a"])
        stream.close()
        ends(thread)


def test_a_deadline_ends_the_stream(server: Server) -> None:
    with Client(server.address) as falco:
        with pytest.raises(DeadlineExceededError, match="sub on unix:.*: the operation timed out"):
            for _ in falco.sub(timeout_s=0.1):
                pass
        with pytest.raises(DeadlineExceededError):
            next(falco.sub(broadcast=True, timeout_s=0.000001))


def test_nobody_listens() -> None:
    with Client("/nowhere/falco.sock") as falco:
        with pytest.raises(UnavailableError, match="is the server running"):
            next(falco.sub())
        with pytest.raises(UnavailableError, match="version on unix:///nowhere/falco.sock"):
            falco.version()


def test_what_on_status_raises_reaches_the_caller_and_ends_the_stream(server: Server) -> None:
    def raises(_: StreamStatus) -> None:
        raise KeyError("mine")

    with Client(server.address) as falco:
        with pytest.raises(KeyError, match="mine"):
            next(falco.sub(on_status=raises))
        server.wait_for_subscribers(0)


def test_batches_hold_what_has_arrived(server: Server) -> None:
    server.publish_fixtures(3000)
    with Client(server.address) as falco:
        sizes = []
        for alerts in falco.get(broadcast=True).batches():
            sizes.append(len(alerts))
            time.sleep(0.01)
        assert sum(sizes) == 3000
        assert max(sizes) > 1


program = """
import sys, threading
from falco_outputs import Client
falco = Client(sys.argv[1])
try:
    for alert in falco.sub(acknowledge=sys.argv[2] == "True"):
        print(alert.rule, flush=True)
except KeyboardInterrupt:
    print("interrupted", flush=True)
falco.close()
print([thread.name for thread in threading.enumerate() if not thread.daemon], flush=True)
"""


@pytest.mark.parametrize("acknowledge", [False, True])
def test_ctrl_c_ends_the_call_at_once(server: Server, acknowledge: bool) -> None:
    with running(program, server.address, str(acknowledge)) as child:
        server.wait_for_subscribers(1)
        server.raise_rules("a")
        assert child.line() == "a\n"
        # With acknowledgement, the loop has asked for the next one.
        until(lambda: server.stats()["groups"][""]["waiting"] == 0)
        child.signal(signal.SIGINT)
        assert child.line() == "interrupted\n"
        server.wait_for_subscribers(0)
        assert child.rest() == ["['MainThread']\n"]
        assert child.end() == (0, "")
    assert server.stats()["groups"][""]["waiting"] == 0


stopping = """
import signal, sys
from falco_outputs import Client
with Client(sys.argv[1]) as falco:
    stream = falco.sub(acknowledge=sys.argv[2] == "True")
    signal.signal(signal.SIGTERM, lambda *_: getattr(stream, sys.argv[3])())
    for alert in stream:
        print(alert.rule, flush=True)
print("done", flush=True)
"""


@pytest.mark.parametrize("how", ["stop", "close"])
@pytest.mark.parametrize("acknowledge", [False, True])
def test_a_signal_handler_may_end_the_stream(server: Server, acknowledge: bool, how: str) -> None:
    with running(stopping, server.address, str(acknowledge), how) as child:
        server.wait_for_subscribers(1)
        server.raise_rules("a")
        assert child.line() == "a\n"
        until(lambda: server.stats()["groups"][""]["waiting"] == 0)
        child.signal(signal.SIGTERM)
        assert child.line() == "done\n"
        assert child.end() == (0, "")
    server.wait_for_subscribers(0)
    assert server.stats()["groups"][""]["waiting"] == 0


def test_break_frees_everything_at_once(server: Server) -> None:
    """Also after errors that were not raised: gRPC's errors are calls themselves, and refer to their callers."""
    server.raise_rules("a")
    gc.disable()
    try:
        with Client(server.address) as falco:
            stream = falco.sub(broadcast=True, after=0)
            for _ in stream:
                break
            left = weakref.ref(stream)
            del stream
            assert left() is None
            server.wait_for_subscribers(0)
    finally:
        gc.enable()


def test_a_stream_that_another_thread_drops_ends(server: Server) -> None:
    server.raise_rules("a")
    with Client(server.address) as falco:
        streams = [falco.sub(group="pager", after=0, acknowledge=True)]
        assert next(streams[0]).rule == "a"
        thread = threading.Thread(target=streams.clear)
        thread.start()
        ends(thread)
        server.wait_for_subscribers(0)
        assert [alert.rule for alert in falco.get(group="pager")] == ["a"]
