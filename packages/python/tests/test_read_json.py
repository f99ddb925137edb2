"""What a line becomes is in the vectors of packages/conformance; here is what is said of one that is no alert."""

import pytest

from falco_outputs import Alert, InvalidArgumentError


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not an alert: JSON: expected an object at position 0"),
        ('{"rule":"r"', 'not an alert: JSON: expected "," or "}" at position 11'),
        ('{"rule":"r","priority":"Notice"} x', "not an alert: JSON: expected nothing more at position 33"),
        ('{"rule":"\\x"}', "not an alert: JSON: expected valid escapes in a string at position 8"),
        ('{"priority":"Notice"}', 'not an alert: "rule" is missing'),
        ('{"rule":"r"}', 'not an alert: "priority" is missing'),
        (
            '{"rule":"r","priority":"Urgent"}',
            'not an alert: "priority" is "Urgent", expected a priority of Falco\'s',
        ),
        ('{"rule":"r","priority":"Notice","time":"now"}', 'not an alert: "time" is "now", expected RFC 3339'),
        ("[" * 100, "not an alert: JSON: expected an object at position 0"),
        ('{"a":' + "[" * 100, "not an alert: JSON: expected at most 64 nested levels"),
    ],
)
def test_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Alert.from_json(text)
    assert str(caught.value).startswith(message)


def test_every_truncation_ends() -> None:
    line = '{"rule":"r\\u00e9","priority":"Notice","output_fields":{"a":[1,null,{"b":-1.5e3}],"c":true},"tags":["t"]}'
    Alert.from_json(line)
    for length in range(len(line)):
        with pytest.raises(InvalidArgumentError):
            Alert.from_json(line[:length])


def test_an_object_in_a_field_stays_as_it_was_written() -> None:
    line = '{"rule":"r","priority":"Notice","output_fields":{"o":{"n": 1.0, "s":"}"}}}'
    assert Alert.from_json(line).output_fields == {"o": '{"n": 1.0, "s":"}"}'}
