"""What happens to a stream while it begins a call."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from support.old_falco import OldFalco
from support.proxy import Proxy
from support.until import ends, until

from falco_outputs import Client, Reconnect, UnavailableError


class Before(grpc.StreamStreamClientInterceptor):
    """Does something right before a stream's call is made."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act

    def intercept_stream_stream(self, continuation: Any, details: Any, requests: Any) -> Any:
        self._act()
        return continuation(details, requests)


class WhenDone(grpc.StreamStreamClientInterceptor):
    """Gives a call that is to fail to the stream a while after it failed, as on a busy machine."""

    def __init__(self, fails: Callable[[], bool]) -> None:
        self._fails = fails

    def intercept_stream_stream(self, continuation: Any, details: Any, requests: Any) -> Any:
        call = continuation(details, requests)
        if self._fails():
            until(call.done)
            # Long enough for gRPC to try again by itself, if it were to.
            threading.Event().wait(0.3)
        return call


def test_a_stream_that_is_stopped_then_ends(falco: Callable[..., OldFalco]) -> None:
    # Falco's own server answers with its first alert only, so nothing else would end the call.
    with Client(falco().address, interceptors=[Before(lambda: stream.stop())]) as client:
        stream = client.sub()
        thread = threading.Thread(target=lambda: list(stream))
        thread.start()
        ends(thread)


def test_closing_the_client_ends_a_stream_that_is_held_up(
    falco: Callable[..., OldFalco], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("falco_outputs._io.GRACE_S", 0.0)
    monkeypatch.setattr("falco_outputs._io.FAREWELL_S", 0.0)

    def close() -> None:
        thread = threading.Thread(target=client.close)
        thread.start()
        ends(thread)

    client = Client(falco().address, interceptors=[Before(close)])
    assert list(client.sub()) == []


def test_an_attempt_is_one_connection_however_late_its_failure_is_seen(proxy: Proxy) -> None:
    policy = Reconnect(max_attempts=3, initial_delay_s=0.001)
    with Client(proxy.address, interceptors=[WhenDone(lambda: proxy.refusing)]) as falco:
        stream = falco.sub(reconnect=policy)
        proxy.refusing = True
        with pytest.raises(UnavailableError):
            next(stream)
    assert proxy.taken == 1
