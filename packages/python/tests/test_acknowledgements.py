import itertools
import threading

from falco_outputs._acknowledgements import Acknowledgements


def test_counts_the_first_ones_without_a_gap() -> None:
    for order in itertools.permutations(range(4)):
        sent: list[int] = []
        acknowledgements = Acknowledgements(sent.append)
        assert [acknowledgements.received() for _ in range(4)] == [0, 1, 2, 3]
        done: set[int] = set()
        for place in order:
            acknowledgements.done(place)
            done.add(place)
            prefix = next(count for count in itertools.count() if count not in done)
            assert (sent[-1] if sent else 0) == prefix


def test_the_same_one_twice_counts_once() -> None:
    sent: list[int] = []
    acknowledgements = Acknowledgements(sent.append)
    for _ in range(2):
        acknowledgements.received()
    for place in (1, 1, 0, 0, 1):
        acknowledgements.done(place)
    assert sent == [2]


def test_handlers_in_many_threads() -> None:
    sent: list[int] = []
    acknowledgements = Acknowledgements(sent.append)
    places = [acknowledgements.received() for _ in range(4000)]

    def handle(part: list[int]) -> None:
        for place in part:
            acknowledgements.done(place)

    threads = [threading.Thread(target=handle, args=(places[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sent == sorted(sent)
    assert sent[-1] == 4000
