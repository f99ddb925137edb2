from falco_outputs._backoff import backoff_s


def test_doubles_up_to_the_bound_with_full_jitter() -> None:
    assert [backoff_s(failed, 0.1, 1, 1) for failed in range(1, 7)] == [0.1, 0.2, 0.4, 0.8, 1, 1]
    assert backoff_s(3, 0.1, 1, 0) == 0
    assert backoff_s(3, 0.1, 1, 0.5) == 0.2
    assert backoff_s(100_000, 0.1, 30, 1) == 30
