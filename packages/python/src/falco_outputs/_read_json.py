"""Alerts in Falco's JSON form."""

from __future__ import annotations

from ._content import AlertContent
from ._errors import InvalidArgumentError, invalid
from ._json_reader import JsonReader, JsonSyntaxError
from ._priority import parse_priority
from ._quote import quoted
from ._time import parse_time


def read_json(text: str) -> AlertContent:
    """Reads one alert as Falco writes it with `json_output: true`.

    `rule` and `priority` have to be there. Members that are no alert's are ignored, of duplicates the last one counts.
    `output` is `message` where Falco was told to leave `output` out.
    """
    reader = JsonReader(text)
    members = _Members(reader)
    try:
        reader.object(members.read)
        reader.end()
    except JsonSyntaxError as error:
        raise _no_alert(f"JSON: {error}") from None
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
            raise _no_alert('"rule" is missing')
        if priority is None:
            raise _no_alert('"priority" is missing')
        number = parse_priority(priority)
        if number is None:
            raise _no_alert(
                f'"priority" is {_short(priority)}, expected a priority of Falco\'s, e.g. "Warning"'
            )
        instant = None if time is None else parse_time(time)
        if time is not None and instant is None:
            raise _no_alert(
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


def _no_alert(why: str) -> InvalidArgumentError:
    return invalid(f"no alert: {why}")


def _short(text: str) -> str:
    return quoted(f"{text[:40]}…" if len(text) > 40 else text)
