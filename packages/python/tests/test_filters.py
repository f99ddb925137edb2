"""Which alerts a stream gets: filters, in the server and in this process, and time windows."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.old_falco import OldFalco
from support.server import Server

from falco_outputs import Alert, AsyncClient, Client, Filter, InvalidArgumentError, Priority

noon = datetime(2026, 6, 2, 12, tzinfo=UTC)


def line(rule: str, priority: str = "Notice", minute: int = 0, **rest: Any) -> str:
    time = (noon + timedelta(minutes=minute)).isoformat()
    return json.dumps({"rule": rule, "priority": priority, "time": time, **rest})


def shop_lines() -> list[str]:
    return [
        line("shell", "Warning", output_fields={"k8s.ns.name": "shop", "user": "root"}),
        line("shell", "Notice", output_fields={"k8s.ns.name": "shop-test", "user": "app"}),
        line("noise", "Critical", output_fields={"k8s.ns.name": "shop"}, tags=["network"]),
        line("mount", "Error", hostname="node-1", source="k8s_audit"),
    ]


ways: list[tuple[dict[str, Any], list[int]]] = [
    ({"rules": ["sh*"]}, [0, 1]),
    ({"rules": ["*"], "min_priority": "warning"}, [0, 2, 3]),
    ({"fields": {"k8s.ns.name": "shop"}}, [0, 2]),
    ({"fields": {"k8s.ns.name": ["shop-*", "other"]}}, [1]),
    ({"fields": {"k8s.ns.name": "shop*", "user": []}}, [0, 1]),
    ({"tags": ["*"]}, [2]),
    ({"hostnames": ["node-?"]}, []),
    ({"hostnames": [""], "sources": ["*"]}, [0, 1, 2]),
    ({"deny": [Filter(rules=["noise"]), Filter(fields={"user": "app"})]}, [0, 3]),
    ({"min_priority": Priority.ERROR, "deny": [Filter(tags=["net*"])]}, [3]),
    ({"allow": [Filter(rules=["mount"]), Filter(fields={"user": "root"})]}, [0, 3]),
    ({"allow": [Filter(rules=["*"])], "deny": [Filter(min_priority=0), Filter(rules=["*o*"])]}, [0, 1]),
]


@pytest.mark.parametrize(("options", "passing"), ways)
def test_a_filter_chooses_the_same_alerts_in_the_server_and_here(
    server: Server, options: dict[str, Any], passing: list[int]
) -> None:
    sequences = server.publish(*shop_lines())
    wanted = [sequences[index] for index in passing]
    with Client(server.address) as falco:
        assert [alert.sequence for alert in falco.get(broadcast=True, **options)] == wanted
        assert [alert.sequence for alert in falco.get(group="a", after=0, **options)] == wanted
        assert [alert.sequence for alert in falco.get(filter_locally=True, **options)] == wanted


async def test_filters_with_asyncio(server: Server) -> None:
    server.publish(*shop_lines())
    async with AsyncClient(server.address) as falco:
        stream = falco.get(broadcast=True, fields={"k8s.ns.name": "shop"}, deny=[Filter(rules=["noise"])])
        assert [alert.rule async for alert in stream] == ["shell"]


@pytest.mark.parametrize(
    ("value", "matching", "others"),
    [
        ("", [""], ["a"]),
        ("*", ["", "a", "a\nb", "🦅"], []),
        ("a*", ["a", "ab"], ["", "ba", "A"]),
        ("*a", ["a", "ba"], ["", "ab"]),
        ("a*a", ["aa", "aba"], ["a", "ab"]),
        ("a*b*c", ["abc", "a-b-c", "abbcc"], ["acb", "abcd", "ac"]),
        ("*ab*ba*", ["abba", "xabxbax"], ["aba", "baab"]),
        ("**", ["", "a"], []),
        (r"a\*", ["a*"], ["a", "ab", r"a\*"]),
        (r"a\**", ["a*", "a*b"], ["a", "ab"]),
        (r"a\\*", [r"a\*"], ["a*", "a\\", "a\\b"]),
        (r"a\b", [r"a\b"], ["ab"]),
        ("a?[b]", ["a?[b]"], ["axb"]),
    ],
)
def test_a_star_is_any_run_of_characters(
    falco: Callable[..., OldFalco], value: str, matching: list[str], others: list[str]
) -> None:
    queue = falco()
    queue.publish(*(bytes(Alert(rule=rule, priority="Notice")) for rule in [*matching, *others]))
    with Client(queue.address) as client:
        assert [alert.rule for alert in client.get(filter_locally=True, rules=[value])] == matching


def test_a_pattern_built_to_explode_takes_linear_time(falco: Callable[..., OldFalco]) -> None:
    queue = falco()
    # Trying every way to split this text among the stars would not end.
    queue.publish(bytes(Alert(rule="a" * 50_000, priority="Notice")))
    queue.publish(bytes(Alert(rule="a" * 50_000 + "b", priority="Notice")))
    with Client(queue.address) as client:
        stream = client.get(filter_locally=True, rules=["a*" * 1000 + "b"])
        assert [len(alert.rule) for alert in stream] == [50_001]


def test_the_last_of_two_fields_of_one_name_counts(falco: Callable[..., OldFalco]) -> None:
    queue = falco()
    fields = [Alert(rule="r", priority=0, output_fields={"a": value}) for value in ("first", "last")]
    # A message that follows another one is merged into it.
    queue.publish(b"".join(map(bytes, fields)))
    with Client(queue.address) as client:
        stream = client.get(filter_locally=True, fields={"a": "last"}, deny=[Filter(fields={"a": "first"})])
        assert [alert.output_fields for alert in stream] == [{"a": "last"}]


def test_a_time_window_takes_an_alerts_own_time(server: Server) -> None:
    server.publish(*(line(str(minute), minute=minute) for minute in (0, 2, 1, 3)))
    since, until = noon + timedelta(minutes=1), noon + timedelta(minutes=3)
    with Client(server.address) as falco:
        assert [alert.rule for alert in falco.get(broadcast=True, since=since)] == ["2", "1", "3"]
        assert [alert.rule for alert in falco.get(broadcast=True, until=until)] == ["0", "2", "1"]
        ns = int(since.timestamp()) * 1_000_000_000
        stream = falco.get(broadcast=True, since=ns + 1, until=until, rules=["*"])
        assert [alert.rule for alert in stream] == ["2"]
        local = since.astimezone(tz=None)
        stream = falco.sub(broadcast=True, since=local)
        assert [next(stream).rule for _ in range(3)] == ["2", "1", "3"]


async def test_a_time_window_with_asyncio(server: Server) -> None:
    [first, *_] = server.publish(*(line(str(minute), minute=minute) for minute in (2, 0, 3)))
    async with AsyncClient(server.address) as falco:
        stream = falco.get(broadcast=True, after=first, since=noon + timedelta(minutes=1))
        assert [alert.rule async for alert in stream] == ["3"]


def test_a_filter_is_a_value() -> None:
    one = Filter(rules=["a"], min_priority="warning", fields={"b": "c"})
    assert one == Filter(rules=("a",), min_priority=Priority.WARNING, fields={"b": ["c"]})
    assert hash(one) == hash(Filter(rules=("a",), min_priority=4, fields={"b": ("c",)}))
    assert one != Filter(rules=["a"])
    with pytest.raises(AttributeError):
        one.rules = ["b"]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"tags": "network"}, 'tags: "network", expected a list, ["network"]'),
        ({"tags": 1}, "tags: 1, expected a list of texts"),
        ({"rules": ["a", 1]}, "rules: 1, expected a text"),
        ({"sources": ["\ud800"]}, r'sources: "\ud800", expected a text'),
        ({"min_priority": "urgent"}, 'min_priority: "urgent", expected one of Emergency'),
        ({"min_priority": True}, "min_priority: true, expected one of Emergency"),
        ({"min_priority": 2**31}, "min_priority: 2147483648, expected one of Emergency"),
        ({"fields": ["a"]}, "fields: ['a'], expected a mapping of names to values"),
        ({"fields": {1: "a"}}, "fields: 1, expected the name of an output field"),
        ({"fields": {"a": 1}}, 'fields["a"]: 1, expected a list of texts'),
        ({"fields": {"a": ["b", None]}}, 'fields["a"]: null, expected a text'),
    ],
)
def test_a_filter_refuses_values_of_the_wrong_type(parts: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Filter(**parts)
    assert str(caught.value).startswith(message)
