import copy
import json
import pickle
from datetime import UTC, datetime, timedelta, timezone

import pytest

from falco_outputs import Alert, FieldValue, InvalidArgumentError, Priority


def test_can_be_made_from_its_parts() -> None:
    alert = Alert(
        rule="Terminal shell in container",
        priority="warning",
        output="a shell",
        output_fields={
            "number": 9223372036854775807,
            "float": 1.5,
            "yes": True,
            "absent": None,
            "list": ["a", 1, None],
        },
        time="2026-01-31T23:59:59.123456789Z",
        hostname="node-1",
        tags=("container", "shell"),
        source="k8s_audit",
    )
    assert alert.rule == "Terminal shell in container"
    assert alert.priority == Priority.WARNING
    assert alert.priority_name == "Warning"
    assert alert.output_fields == {
        "number": "9223372036854775807",
        "float": "1.5",
        "yes": "true",
        "absent": "<NA>",
        "list": "(a,1,<NA>)",
    }
    assert alert.time == datetime(2026, 1, 31, 23, 59, 59, 123456, tzinfo=UTC)
    assert alert.time_ns == 1769903999123456789
    assert alert.tags == ["container", "shell"]
    assert alert.source_deprecated == 1
    assert alert.sequence == 0
    assert repr(alert) == "<Alert 0 Warning 'Terminal shell in container'>"


@pytest.mark.parametrize(
    ("time", "ns"),
    [
        (datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2))), 1767218400000000000),
        (1, 1),
        (-1, -1),
        ("1969-12-31T23:59:59.999999999Z", -1),
    ],
)
def test_time_is_a_datetime_nanoseconds_or_text(time: datetime | int | str, ns: int) -> None:
    assert Alert(rule="r", priority=0, time=time).time_ns == ns


def test_time_is_now_by_default() -> None:
    before = datetime.now(UTC)
    time = Alert(rule="r", priority=0).time
    assert time is not None
    assert before <= time <= datetime.now(UTC)


@pytest.mark.parametrize("priority", ["urgent", "", 8, -1, True, 1.5])
def test_refuses_what_is_not_a_priority(priority: int | str) -> None:
    with pytest.raises(InvalidArgumentError, match="priority: .*expected one of Emergency"):
        Alert(rule="r", priority=priority)


def test_refuses_what_is_not_a_time() -> None:
    for time in ("yesterday", 10**30):
        with pytest.raises(InvalidArgumentError, match="RFC 3339"):
            Alert(rule="r", priority=0, time=time)


def test_a_field_that_is_not_there_is_a_key_error() -> None:
    fields = Alert(rule="r", priority=0, output_fields={"a": "b"}).output_fields
    with pytest.raises(KeyError):
        fields["c"]
    assert fields == {"a": "b"}


def test_json_is_falcos_with_what_is_empty_left_out() -> None:
    line = (
        '{"hostname":"h","output":"naïve \\u0001","output_fields":{"evt.time":"1780391647123456789","l":"(a,b)"},'
        '"priority":"Critical","rule":"r","source":"syscall","tags":["t"],"time":"2026-01-31T23:59:59.123456789Z"}'
    )
    assert Alert.from_json(line).to_json() == line
    assert Alert.from_json('{"rule":"r","priority":"Debug","source":"internal"}').to_dict() == {
        "output": "",
        "output_fields": {},
        "priority": "Debug",
        "rule": "r",
        "source": "internal",
    }


def test_json_has_the_sequence_as_a_number_while_all_readers_hold_it() -> None:
    def sequence(number: int) -> object:
        alert = Alert(rule="r", priority=0, sequence=number)
        return json.loads(alert.to_json()).get("sequence")

    assert sequence(0) is None
    assert sequence(2**53 - 1) == 2**53 - 1
    assert sequence(2**53) == str(2**53)
    assert sequence(2**64 - 1) == str(2**64 - 1)


def test_a_priority_and_a_source_that_nobody_knows_yet_stay_as_they_are() -> None:
    alert = Alert.from_bytes(bytes.fromhex("1009 1809 220172 4a0178"))
    assert (alert.priority, alert.priority_name, alert.source_deprecated) == (9, "9", 9)
    assert isinstance(alert.priority, Priority)
    assert (alert.priority.value, alert.priority.name) == (9, "9")
    assert alert.to_dict()["priority"] == "9"
    assert alert.time is None
    assert alert.time_ns is None
    assert not alert.is_at_least("debug")


def test_a_source_that_came_as_a_number_only_has_its_name_in_json() -> None:
    assert Alert.from_bytes(bytes.fromhex("1005 1801 220172")).to_dict()["source"] == "k8s_audit"


def test_is_at_least_as_severe_as() -> None:
    alert = Alert(rule="r", priority="error")
    assert alert.is_at_least("Error")
    assert alert.is_at_least(Priority.WARNING)
    assert alert.is_at_least("info")
    assert not alert.is_at_least("critical")


def test_can_be_pickled_and_copied() -> None:
    alert = Alert(rule="r", priority="error", output_fields={"a": "b"})
    for again in (pickle.loads(pickle.dumps(alert)), copy.copy(alert), copy.deepcopy(alert)):
        assert again.to_json() == alert.to_json()


def test_compares_by_its_value() -> None:
    def make(**changed: object) -> Alert:
        parts = {"rule": "r", "priority": 3, "time": 1, "output_fields": {"a": "1", "b": "2"}, "sequence": 7}
        return Alert(**(parts | changed))  # type: ignore[arg-type]

    assert make() == make(output_fields={"b": "2", "a": "1"})
    assert hash(make()) == hash(make(priority="error"))
    assert len({make(), make(), Alert.from_bytes(bytes(make()))}) == 1
    changes: tuple[dict[str, object], ...] = (
        {"rule": "s"},
        {"priority": 4},
        {"time": 2},
        {"output_fields": {}},
        {"sequence": 8},
        {"tags": "t"},
    )
    for changed in changes:
        assert make() != make(**changed)
    assert make() != "r"


def test_its_sequence_can_be_set() -> None:
    assert Alert(rule="r", priority=0, sequence=2**64 - 1).sequence == 2**64 - 1
    with pytest.raises(InvalidArgumentError, match="sequence: -1, expected a whole number from 0"):
        Alert(rule="r", priority=0, sequence=-1)


def test_bytes_that_are_not_utf8_are_replaced_one_maximal_part_at_a_time() -> None:
    # As the http input does: ff is one, f0 9f 92 is the beginning of one character, e2 82 is, too.
    text, mended = b"a\xffb\xf0\x9f\x92c\xe2\x82", "a\ufffdb\ufffdc\ufffd"
    field = bytes([0x0A, len(text)]) + text + bytes([0x12, len(text)]) + text
    parts = {4: text, 5: text, 6: field, 7: text, 8: text, 9: text}
    alert = Alert.from_bytes(
        b"".join(bytes([number << 3 | 2, len(part)]) + part for number, part in parts.items())
    )
    assert (alert.rule, alert.output, alert.hostname, alert.source) == (mended,) * 4
    assert alert.output_fields == {mended: mended}
    assert alert.tags == [mended]
    assert json.loads(alert.to_json())["rule"] == mended
    again = Alert.from_bytes(bytes(alert))
    assert again == alert
    assert mended.encode() in bytes(alert)


def test_refuses_bytes_that_are_not_an_alert() -> None:
    with pytest.raises(InvalidArgumentError, match="not an alert"):
        Alert.from_bytes(b"\xff\xff")


@pytest.mark.parametrize("value", ["text", 1, 1.5, True, None, ["a", ("b", None)]])
def test_every_kind_of_field_value_becomes_text(value: FieldValue) -> None:
    assert isinstance(Alert(rule="r", priority=0, output_fields={"f": value}).output_fields["f"], str)
