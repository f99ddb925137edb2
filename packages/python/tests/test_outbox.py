from __future__ import annotations

import math

from falco_outputs._contract import OutputsRequest
from falco_outputs._outbox import COALESCE_S, Outbox


def test_the_first_request_then_nothing() -> None:
    outbox = Outbox(OutputsRequest(group="pager"), None)
    assert outbox.take(0) == OutputsRequest(group="pager")
    assert outbox.take(0) == math.inf


def test_polls_while_no_alert_comes() -> None:
    outbox = Outbox(OutputsRequest(), 1)
    outbox.take(0)
    assert outbox.take(0) == 1
    assert outbox.take(1) == OutputsRequest()
    outbox.idle = False
    assert outbox.take(2) == 1
    assert outbox.take(3) == OutputsRequest()
    outbox.stop_polling()
    assert outbox.take(10) == math.inf


def test_acknowledgements_go_together() -> None:
    outbox = Outbox(OutputsRequest(), None)
    woken: list[None] = []
    outbox.wake = lambda: woken.append(None)
    outbox.take(0)
    outbox.open_window(4096)
    for done in range(1, 101):
        outbox.acknowledge(done)
    assert len(woken) == 1
    assert outbox.take(0) == COALESCE_S
    outbox.acknowledge(101)
    assert outbox.take(COALESCE_S) == OutputsRequest(acknowledged=101)
    assert outbox.take(2) == math.inf


def test_a_quarter_of_the_window_is_acknowledged_at_once() -> None:
    outbox = Outbox(OutputsRequest(), None)
    woken: list[None] = []
    outbox.wake = lambda: woken.append(None)
    outbox.take(0)
    outbox.open_window(8)
    outbox.acknowledge(1)
    assert isinstance(outbox.take(0), float)
    outbox.acknowledge(2)
    assert len(woken) == 2
    assert outbox.take(0) == OutputsRequest(acknowledged=2)


def test_the_last_acknowledgement_goes_before_the_half_close() -> None:
    outbox = Outbox(OutputsRequest(), None)
    outbox.take(0)
    outbox.open_window(4096)
    outbox.acknowledge(3)
    outbox.end()
    assert outbox.take(0) == OutputsRequest(acknowledged=3)
    assert outbox.take(0) is None
    assert outbox.take(0) is None
