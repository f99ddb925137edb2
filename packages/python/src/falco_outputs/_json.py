"""Alerts in Falco's JSON form, read value by value: Python's own parser would lose how a field was written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from ._contract import Instant, parse_priority, parse_time
from ._errors import InvalidArgumentError, quoted, refused

absent_value = "<NA>"
"""The text that Falco's gRPC API has for an absent value."""

# Falco nests two levels deep; anything near this is not Falco's.
_max_depth = 64
_space = re.compile(r"[ \t\n\r]*")
_number = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_string = re.compile(r'"([^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*)"')
_surrogate = re.compile("[\ud800-\udfff]")


@dataclass
class AlertContent:
    """The parts of an alert."""

    time: Instant | None
    priority: int
    rule: str
    output: str
    output_fields: dict[str, str] = field(default_factory=dict)
    hostname: str = ""
    tags: list[str] = field(default_factory=list)
    source: str = ""


def read_json(text: str) -> AlertContent:
    """Reads one alert as Falco writes it with `json_output: true`.

    `rule` and `priority` must be there. Unknown members are ignored, and of duplicates the last one counts.
    `output` is `message` where Falco was told to leave `output` out.
    """
    reader = JsonReader(text)
    members = _Members(reader)
    try:
        reader.object(members.read)
        reader.end()
    except JsonSyntaxError as error:
        raise _not_an_alert(f"JSON: {error}") from None
    return members.content()


class _Members:
    def __init__(self, reader: JsonReader) -> None:
        self._reader = reader
        self._texts: dict[str, str | None] = {}
        self._fields: dict[str, str] = {}
        self._tags: list[str] = []

    def read(self, key: str) -> None:
        reader = self._reader
        if key in ("rule", "priority"):
            self._texts[key] = reader.string()
        elif key in ("time", "output", "message", "hostname", "source"):
            self._texts[key] = None if reader.null() else reader.string()
        elif key == "output_fields":
            self._fields = {}
            if not reader.null():
                reader.object(self._read_field)
        elif key == "tags":
            self._tags = []
            if not reader.null():
                reader.array(lambda: self._tags.append(reader.string()))
        else:
            reader.skip()

    def _read_field(self, name: str) -> None:
        self._fields[name] = self._reader.field_text()

    def content(self) -> AlertContent:
        texts = self._texts
        rule, priority, time = texts.get("rule"), texts.get("priority"), texts.get("time")
        if rule is None:
            raise _not_an_alert('"rule" is missing')
        if priority is None:
            raise _not_an_alert('"priority" is missing')
        number = parse_priority(priority)
        if number is None:
            raise _not_an_alert(
                f'"priority" is {_short(priority)}, expected a priority of Falco\'s, e.g. "Warning"'
            )
        instant = None if time is None else parse_time(time)
        if time is not None and instant is None:
            raise _not_an_alert(
                f'"time" is {_short(time)}, expected RFC 3339, e.g. "2026-01-31T23:59:59.123456789Z"'
            )
        output = texts.get("output")
        return AlertContent(
            time=instant,
            priority=number,
            rule=rule,
            output=output if output is not None else texts.get("message") or "",
            output_fields=self._fields,
            hostname=texts.get("hostname") or "",
            tags=self._tags,
            source=texts.get("source") or "",
        )


def _not_an_alert(why: str) -> InvalidArgumentError:
    return refused(f"not an alert: {why}")


def _short(text: str) -> str:
    return quoted(f"{text[:40]}…" if len(text) > 40 else text)


class JsonSyntaxError(Exception):
    """Where and why a text is not JSON. The position counts characters from the start."""

    def __init__(self, expected: str, position: int) -> None:
        super().__init__(f"expected {expected} at position {position}")


def list_text(items: list[str]) -> str:
    """The text that Falco's gRPC API has for a list."""
    return f"({','.join(items)})"


class JsonReader:
    """Reads a JSON text (RFC 8259) from its start to its end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._depth = 0

    def object(self, member: Callable[[str], None]) -> None:
        """Calls `member` for each member of the object that comes next; it must read the value."""
        self._enter("{", "an object")
        if not self._take("}"):
            while True:
                key = self.string()
                if not self._take(":"):
                    raise self._expected('":"')
                member(key)
                if not self._take(","):
                    break
            if not self._take("}"):
                raise self._expected('"," or "}"')
        self._depth -= 1

    def array(self, element: Callable[[], None]) -> None:
        """Calls `element` for each element of the array that comes next; it must read it."""
        self._enter("[", "an array")
        if not self._take("]"):
            element()
            while self._take(","):
                element()
            if not self._take("]"):
                raise self._expected('"," or "]"')
        self._depth -= 1

    def string(self) -> str:
        """A string; half a surrogate pair in it, which has no UTF-8, is replaced."""
        self._skip_space()
        match = _string.match(self._text, self._position)
        if match is None:
            raise self._expected("a string without raw control characters")
        body = match[1]
        if "\\" in body:
            try:
                body = json.loads(match[0])
            except ValueError:
                raise self._expected("valid escapes in a string") from None
        self._position = match.end()
        return _surrogate.sub("\ufffd", body)

    def null(self) -> bool:
        """Whether a null came next, which is then read."""
        return self._take("null")

    def field_text(self) -> str:
        """Any value as the text that Falco's gRPC API has for it.

        A string as it is, null as `<NA>`, numbers and booleans digit for digit, an array as `(a,b)`. An object, which
        Falco does not write, stays the JSON text that it is.
        """
        self._skip_space()
        start = self._position
        if self._text.startswith('"', start):
            return self.string()
        if self._text.startswith("[", start):
            items: list[str] = []
            self.array(lambda: items.append(self.field_text()))
            return list_text(items)
        if self._text.startswith("{", start):
            self.skip()
            return self._text[start : self._position]
        if self.null():
            return absent_value
        for word in ("true", "false"):
            if self._take(word):
                return word
        match = _number.match(self._text, start)
        if match is None:
            raise self._expected("a value")
        self._position = match.end()
        return match[0]

    def skip(self) -> None:
        """Reads a value of no interest."""
        self._skip_space()
        if self._text.startswith("{", self._position):
            self.object(lambda _: self.skip())
        elif self._text.startswith("[", self._position):
            self.array(self.skip)
        else:
            self.field_text()

    def end(self) -> None:
        """Nothing but white space may be left."""
        self._skip_space()
        if self._position < len(self._text):
            raise self._expected("nothing more")

    def _enter(self, bracket: str, what: str) -> None:
        if not self._take(bracket):
            raise self._expected(what)
        self._depth += 1
        if self._depth > _max_depth:
            raise self._expected(f"at most {_max_depth} nested levels")

    def _take(self, text: str) -> bool:
        self._skip_space()
        if not self._text.startswith(text, self._position):
            return False
        self._position += len(text)
        return True

    def _skip_space(self) -> None:
        match = _space.match(self._text, self._position)
        if match is not None:
            self._position = match.end()

    def _expected(self, what: str) -> JsonSyntaxError:
        return JsonSyntaxError(what, self._position)
