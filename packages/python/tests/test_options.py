from __future__ import annotations

from typing import Any

import pytest

from falco_outputs import Client, InvalidArgumentError, Reconnect, SyncClient

shared_filter = (
    "{}: the shared queue has no filter, for what does not match would be lost to the others: "
    "name a group, ask for a broadcast, or filter locally"
)


@pytest.mark.parametrize("client", [SyncClient("/nowhere"), Client("/nowhere")])
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
        ("sub", {"broadcast": True, "min_priority": "urgent"}, 'priority: "urgent", expected one of'),
        ("sub", {"broadcast": True, "tags": "network"}, 'tags: "network", expected a list, ["network"]'),
        ("sub", {"broadcast": True, "tags": [1]}, "tags: 1, expected a text"),
        ("sub", {"broadcast": True, "after": -1}, "after: -1, expected a sequence number"),
        ("sub", {"broadcast": True, "after": 2**64}, "after: 18446744073709551616, expected"),
        ("sub", {"acknowledge": "auto"}, 'acknowledge: "auto", expected True, False or "manual"'),
        ("sub", {"poll_interval_s": 0}, "poll_interval_s: 0, expected more than 0"),
        ("get", {"acknowledge": True}, "acknowledged: get takes no acknowledgements, use sub"),
        ("get", {"group": "a", "after": True}, "after: true, expected a sequence number"),
    ],
)
def test_refuses_what_makes_no_sense(client: Any, method: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        getattr(client, method)(**options)
    assert str(caught.value).startswith(message)


def test_a_policy_of_reconnection_has_sensible_numbers() -> None:
    with pytest.raises(InvalidArgumentError, match="reconnect: max_delay_s is -1, expected 0 or more"):
        Reconnect(max_delay_s=-1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"endpoint": "falco"}, "endpoint: "),
        (
            {"endpoint": "falco:5060"},
            'endpoint: "falco:5060" needs client_crt, client_key, ca_root (mutual TLS), or',
        ),
        (
            {"endpoint": "falco:5060", "client_crt": b"", "client_key": b""},
            'endpoint: "falco:5060" needs ca_root (mutual TLS)',
        ),
        (
            {"ca_root": b""},
            'endpoint: "unix:///run/falco/falco.sock" is a unix socket, where ca_root has no use',
        ),
        ({"output_format": "yaml"}, 'output_format: "yaml", expected "json" or None'),
        ({"connect_timeout_s": 0}, "connect_timeout_s: 0, expected more than 0"),
        (
            {"endpoint": "falco:5060", "insecure": True, "server_name": "a"},
            "server_name: there is no certificate to carry it without TLS",
        ),
    ],
)
def test_a_client_refuses_what_cannot_work(options: dict[str, Any], message: str) -> None:
    for client in (Client, SyncClient):
        with pytest.raises(InvalidArgumentError) as caught:
            client(**options)
        assert str(caught.value).startswith(message)


def test_text_for_json_cannot_be_acknowledged_by_hand() -> None:
    with pytest.raises(InvalidArgumentError, match="leave out output_format"):
        SyncClient(output_format="json").sub(acknowledge="manual")
