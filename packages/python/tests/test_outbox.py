from __future__ import annotations

import itertools
import math
import threading

from falco_outputs._contract import OutputsRequest
from falco_outputs._outbox import COALESCE_S, Outbox


def begun(window: int = 4096) -> tuple[Outbox, list[None]]:
    """An outbox whose first request was sent, and how often it woke its sender."""
    outbox = Outbox(OutputsRequest(), None)
    woken: list[None] = []
    outbox.take(0)
    outbox.open_window(window)
    outbox.wake = lambda: woken.append(None)
    return outbox, woken


def receive(outbox: Outbox, count: int) -> list[int]:
    places = [outbox.received() for _ in range(count)]
    for _ in places:
        outbox.gave()
    return places


def test_the_first_request_then_nothing() -> None:
    outbox = Outbox(OutputsRequest(group="pager"), None)
    assert outbox.take(0) == OutputsRequest(group="pager")
    assert outbox.take(0) == math.inf


def test_polls_at_every_tick() -> None:
    outbox = Outbox(OutputsRequest(), 1)
    outbox.take(0)
    assert outbox.take(0) == 1
    for tick in range(1, 5):
        # A little late each time; the next tick is not later for it.
        assert outbox.take(tick + 0.25) == OutputsRequest()
        assert outbox.take(tick + 0.25) == 0.75
    # After a pause one poll goes out, and not those that were missed.
    assert outbox.take(10) == OutputsRequest()
    assert outbox.take(10) == 1
    outbox.stop_polling()
    assert outbox.take(20) == math.inf


def test_acknowledgements_go_together() -> None:
    outbox, woken = begun()
    for place in receive(outbox, 101):
        assert outbox.done(place)
        if place == 99:
            assert len(woken) == 1
            assert outbox.take(0) == COALESCE_S
    assert outbox.take(COALESCE_S) == OutputsRequest(acknowledged=101)
    assert outbox.take(2) == math.inf


def test_a_quarter_of_the_window_is_acknowledged_at_once() -> None:
    outbox, woken = begun(window=8)
    first, second = receive(outbox, 2)
    outbox.done(first)
    assert isinstance(outbox.take(0), float)
    outbox.done(second)
    assert len(woken) == 2
    assert outbox.take(0) == OutputsRequest(acknowledged=2)


def test_counts_the_first_responses_without_a_gap() -> None:
    for order in itertools.permutations(range(4)):
        outbox, _ = begun(window=0)
        receive(outbox, 4)
        done: set[int] = set()
        told = 0
        for place in order:
            assert outbox.done(place)
            done.add(place)
            prefix = next(count for count in itertools.count() if count not in done)
            if prefix > told:
                assert outbox.take(0) == OutputsRequest(acknowledged=prefix)
            told = prefix


def test_a_response_acknowledged_twice_counts_once() -> None:
    outbox, _ = begun(window=0)
    receive(outbox, 2)
    assert [outbox.done(place) for place in (1, 1, 0, 0, 1)] == [True, False, True, False, False]
    assert outbox.take(0) == OutputsRequest(acknowledged=2)


def test_nothing_counts_once_the_call_is_over() -> None:
    outbox, _ = begun()
    [place] = receive(outbox, 1)
    outbox.end()
    assert not outbox.done(place)
    assert outbox.take(0) is None


def test_handlers_in_many_threads() -> None:
    outbox, _ = begun()
    places = receive(outbox, 4000)

    def handle(part: list[int]) -> None:
        for place in part:
            outbox.done(place)

    threads = [threading.Thread(target=handle, args=(places[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outbox.finish(0)
    assert outbox.take(0) == OutputsRequest(acknowledged=4000)


def test_the_last_acknowledgement_goes_before_the_half_close() -> None:
    outbox, _ = begun()
    for place in receive(outbox, 3):
        outbox.done(place, given=True)
    outbox.finish(100)
    assert outbox.take(0) == OutputsRequest(acknowledged=3)
    assert outbox.take(0) is None
    assert outbox.take(0) is None


def test_waits_for_what_was_yielded_before_it_half_closes() -> None:
    outbox, woken = begun()
    places = receive(outbox, 3)
    outbox.finish(100)
    assert outbox.take(0) == 100
    # The first one is missing, so there is nothing to tell the server yet.
    for place in places[1:]:
        outbox.done(place, given=True)
        assert outbox.take(0) == 100
    woken.clear()
    outbox.done(places[0], given=True)
    assert woken == [None]
    assert outbox.take(0) == OutputsRequest(acknowledged=3)
    assert outbox.take(0) is None


def test_does_not_wait_longer_than_the_limit() -> None:
    outbox, _ = begun()
    first, _second = receive(outbox, 2)
    outbox.done(first, given=True)
    outbox.finish(10)
    assert isinstance(outbox.take(1), float)
    assert outbox.take(9) == OutputsRequest(acknowledged=1)
    assert outbox.take(9) == 1
    assert outbox.take(10) is None
