from __future__ import annotations

from typing import Any

import pytest

from falco_outputs import AsyncClient, Client, InvalidArgumentError, Reconnect

shared_filter = (
    "{}: the shared queue has no filter, for what does not match would be lost to the others: "
    "name a group, ask for a broadcast, or filter locally"
)


@pytest.mark.parametrize("client", [Client("/nowhere"), AsyncClient("/nowhere")])
@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        ("sub", {"tags": ["a"]}, shared_filter.format("tags")),
        ("sub", {"rules": ["a"], "min_priority": 3}, shared_filter.format("min_priority, rules")),
        ("sub", {"after": 0}, "after: the shared queue goes on with what nobody took"),
        ("sub", {"group": "a", "broadcast": True}, "group, broadcast: they exclude each other"),
        ("sub", {"group": ""}, 'group: "", expected a name'),
        ("sub", {"group": "🦅" * 129}, "group: a name of 258 characters, expected at most 256"),
        ("sub", {"broadcast": True, "acknowledge": True}, "acknowledged: a broadcast shares with nobody"),
        ("sub", {"broadcast": True, "filter_locally": True}, "filter_locally: the server filters"),
        (
            "sub",
            {"broadcast": True, "min_priority": 8},
            "min_priority: 8, expected 0 (Emergency) to 7 (Debug)",
        ),
        ("sub", {"broadcast": True, "min_priority": "urgent"}, 'min_priority: "urgent", expected one of'),
        ("sub", {"broadcast": True, "tags": "network"}, 'tags: "network", expected a list, ["network"]'),
        ("sub", {"broadcast": True, "tags": [1]}, "tags: 1, expected a text"),
        ("sub", {"broadcast": True, "after": -1}, "after: -1, expected a sequence number"),
        ("sub", {"broadcast": True, "after": 2**64}, "after: 18446744073709551616, expected"),
        ("sub", {"acknowledge": "auto"}, 'acknowledge: "auto", expected True, False or "manual"'),
        ("sub", {"acknowledge": 0}, "acknowledge: 0, expected True, False"),
        ("sub", {"acknowledge": 1}, "acknowledge: 1, expected True, False"),
        ("sub", {"poll_interval_s": 0}, "poll_interval_s: 0, expected a time in seconds, more than 0"),
        ("sub", {"drain_timeout_s": -1}, "drain_timeout_s: -1, expected a time in seconds, more than 0"),
        ("sub", {"drain_timeout_s": float("inf")}, "drain_timeout_s: inf, expected a time in seconds"),
        ("sub", {"timeout_s": 0}, "timeout_s: 0, expected a time in seconds, more than 0"),
        ("get", {"timeout_s": -1}, "timeout_s: -1, expected a time in seconds, more than 0"),
        ("get", {"timeout_s": float("nan")}, "timeout_s: nan, expected a time in seconds, more than 0"),
        ("get", {"acknowledge": True}, "acknowledged: get takes no acknowledgements, use sub"),
        ("get", {"group": "a", "after": True}, "after: true, expected a sequence number"),
    ],
)
def test_refuses_what_makes_no_sense(client: Any, method: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        getattr(client, method)(**options)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_delay_s": -1}, "max_delay_s: -1, expected a time in seconds, more than 0"),
        ({"initial_delay_s": 0}, "initial_delay_s: 0, expected a time in seconds, more than 0"),
        ({"max_delay_s": 1e30}, "max_delay_s: 1e+30, expected a time in seconds"),
        ({"max_attempts": -1}, "max_attempts: -1, expected a whole number from 0"),
        ({"max_attempts": 1.5}, "max_attempts: 1.5, expected a whole number from 0"),
    ],
)
def test_a_policy_of_reconnection_has_sensible_numbers(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Reconnect(**options)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"address": "falco"}, 'address: "falco", expected unix:///path'),
        (
            {"address": "falco:5060"},
            'address: "falco:5060" needs ca, cert, key (mutual TLS), or insecure=True',
        ),
        (
            {"address": "falco:5060", "cert": b"", "key": b""},
            'address: "falco:5060" needs ca (mutual TLS)',
        ),
        (
            {"address": "/run/falco.sock", "ca": b"", "server_name": "a"},
            'address: "/run/falco.sock" is a unix socket, where ca, server_name has no use',
        ),
        ({"connect_timeout_s": 0}, "connect_timeout_s: 0, expected a time in seconds, more than 0"),
        ({"keep_alive_s": float("nan")}, "keep_alive_s: nan, expected a time in seconds, more than 0"),
        ({"max_message_bytes": 0}, "max_message_bytes: 0, expected a whole number from 1"),
        (
            {"address": "falco:5060", "insecure": True, "server_name": "a"},
            'server_name: "a" needs TLS',
        ),
    ],
)
def test_a_client_refuses_what_cannot_work(options: dict[str, Any], message: str) -> None:
    for client in (AsyncClient, Client):
        with pytest.raises(InvalidArgumentError) as caught:
            client(**options)
        assert str(caught.value).startswith(message)
