from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from falco_outputs import AsyncClient, Client, Filter, InvalidArgumentError, Reconnect

shared_filter = (
    "{}: the shared queue has no filter, for what does not match would be lost to the others: "
    "name a group, ask for a broadcast, or filter locally"
)
only_a_broadcast = (
    "only a broadcast can start at a time: a group keeps its place, "
    "and the shared queue goes on with what nobody took"
)
only_a_get = "only a get of a broadcast that does not follow can end at a time"
a_time = "expected a time from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z"
empty = "an empty filter, which every alert would match"
unnamed = "empty, expected the name of an output field"


@pytest.mark.parametrize("client", [Client("/nowhere"), AsyncClient("/nowhere")])
@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        ("sub", {"tags": ["a"]}, shared_filter.format("tags")),
        ("sub", {"rules": ["a"], "min_priority": 3}, shared_filter.format("min_priority, rules")),
        (
            "get",
            {"allow": [Filter(rules=["a"])], "deny": [Filter(tags=["b"])]},
            shared_filter.format("allow, deny"),
        ),
        ("get", {"rules": ["a"], "deny": [Filter(tags=["b"])]}, shared_filter.format("rules, deny")),
        ("sub", {"hostnames": ["h"], "fields": {"f": []}}, shared_filter.format("fields, hostnames")),
        ("sub", {"after": 0}, "after: the shared queue goes on with what nobody took"),
        ("sub", {"group": "a", "broadcast": True}, "group, broadcast: they exclude each other"),
        ("sub", {"group": ""}, 'group: "", expected a name'),
        ("sub", {"group": "🦅" * 129}, "group: a name of 258 characters, expected at most 256"),
        ("sub", {"broadcast": True, "acknowledge": True}, "acknowledge: a broadcast shares with nobody"),
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
        ("sub", {"since": 0}, f"since: {only_a_broadcast}"),
        ("sub", {"filter_locally": True, "since": 0}, f"since: {only_a_broadcast}"),
        ("get", {"group": "a", "since": 0}, f"since: {only_a_broadcast}"),
        ("get", {"group": "a", "until": 0}, f"until: {only_a_get}"),
        ("get", {"broadcast": True, "follow": True, "until": 0}, f"until: {only_a_get}"),
        ("get", {"broadcast": True, "since": 5, "until": 5}, "until: it is not later than since"),
        ("sub", {"broadcast": True, "since": 10**30}, f"since: {a_time}"),
        ("sub", {"broadcast": True, "since": -(10**30)}, f"since: {a_time}"),
        ("get", {"broadcast": True, "until": -62135596801 * 10**9}, f"until: {a_time}"),
        (
            "sub",
            {"broadcast": True, "since": datetime(2026, 6, 2)},
            "since: datetime.datetime(2026, 6, 2, 0, 0), exp",
        ),
        (
            "sub",
            {"broadcast": True, "since": "2026-06-02T00:00:00Z"},
            'since: "2026-06-02T00:00:00Z", expected a date',
        ),
        ("sub", {"broadcast": True, "since": True}, "since: true, expected a datetime with a time zone"),
        ("sub", {"broadcast": True, "allow": "a"}, 'allow: "a", expected a list of Filter'),
        ("sub", {"broadcast": True, "deny": Filter(rules=["a"])}, "deny: Filter(min_priority=None"),
        (
            "sub",
            {"broadcast": True, "deny": [{"rules": ["a"]}]},
            "deny[0]: {'rules': ['a']}, expected a Filter",
        ),
        (
            "sub",
            {"broadcast": True, "tags": ["a"], "allow": [Filter(rules=["a"])]},
            "tags: ('a',), expected nothing with",
        ),
        ("sub", {"broadcast": True, "allow": [Filter(rules=["a"]), Filter()]}, f"allow[1]: {empty}"),
        ("sub", {"group": "a", "rules": ["a"], "deny": [Filter()]}, f"deny[0]: {empty}"),
        ("sub", {"filter_locally": True, "deny": [Filter()]}, f"deny[0]: {empty}"),
        (
            "sub",
            {"broadcast": True, "deny": [Filter(min_priority=-1)]},
            "deny[0].min_priority: -1, expected 0 (Em",
        ),
        (
            "sub",
            {"group": "a", "allow": [Filter(fields={"f": [], "": "a"})]},
            f"allow[0].fields[1].name: {unnamed}",
        ),
        ("sub", {"group": "a", "fields": {"": []}}, f"fields[0].name: {unnamed}"),
        (
            "sub",
            {"group": "a", "deny": [Filter(tags=["a"])] * 101},
            "deny: 101 filters, expected at most 100",
        ),
        (
            "sub",
            {"group": "a", "allow": [Filter(tags=["a"])] * 100, "deny": [Filter(tags=["a"])]},
            "allow, deny: 101 filters, expected at most 100",
        ),
        (
            "sub",
            {"group": "a", "tags": ["a"] * 999, "fields": {"f": "v"}},
            "fields, tags: 1001 values, expected at most",
        ),
        (
            "sub",
            {"group": "a", "rules": ["é" * 32_768, "a"]},
            "rules: values of 65537 bytes, expected at most 65536",
        ),
        ("sub", {"acknowledge": "auto"}, 'acknowledge: "auto", expected True, False or "manual"'),
        ("sub", {"acknowledge": 0}, "acknowledge: 0, expected True, False"),
        ("sub", {"acknowledge": 1}, "acknowledge: 1, expected True, False"),
        ("sub", {"poll_interval_s": 0}, "poll_interval_s: 0, expected a time in seconds, more than 0"),
        ("sub", {"drain_timeout_s": -1}, "drain_timeout_s: -1, expected a time in seconds, more than 0"),
        ("sub", {"drain_timeout_s": float("inf")}, "drain_timeout_s: inf, expected a time in seconds"),
        ("sub", {"timeout_s": 0}, "timeout_s: 0, expected a time in seconds, more than 0"),
        ("get", {"timeout_s": -1}, "timeout_s: -1, expected a time in seconds, more than 0"),
        ("get", {"timeout_s": float("nan")}, "timeout_s: nan, expected a time in seconds, more than 0"),
        ("get", {"acknowledge": True}, "acknowledge: get takes no acknowledgements, use sub"),
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
