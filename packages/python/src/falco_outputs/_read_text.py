"""Alerts in Falco's text form."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from ._content import AlertContent
from ._priority import parse_priority
from ._time import Instant, instant_of_datetime, nanos_of, parse_time

_offset = r"(?:Z|[+-]\d\d:?\d\d)"
_prefix = re.compile(
    r"(?:(?P<clock>\d\d:\d\d:\d\d(?:\.\d{1,9})?)"
    rf"|(?P<iso>\d{{4}}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{{1,9}})?{_offset}?)): "
    r"(?P<priority>[A-Za-z]+) ",
    re.ASCII,
)


def read_text(text: str, now: datetime | None = None) -> AlertContent | None:
    """Reads one alert as Falco writes it with `json_output: false`; None if the text does not begin so.

    That is `13:53:31.726060287: Critical Some text (user=root)`, or with an ISO time in front. The output is the whole
    text, as in Falco's gRPC API; rule, source and fields are not in it. A time without a date is one of the local
    clock, on the day that brings it nearest to `now`, when the text arrived.
    """
    match = _prefix.match(text)
    if match is None:
        return None
    priority = parse_priority(match["priority"])
    clock = match["clock"]
    time = _iso_time(match["iso"]) if clock is None else _clock_time(clock, now or datetime.now())
    if priority is None or time is None:
        return None
    return AlertContent(time=time, priority=priority, output=text)


def _iso_time(text: str) -> Instant | None:
    return parse_time(text if re.search(f"{_offset}$", text) else f"{text}Z")


def _clock_time(clock: str, now: datetime) -> Instant | None:
    time, _, fraction = clock.partition(".")
    hour, minute, second = (int(part) for part in time.split(":"))
    if hour > 23 or minute > 59 or second > 60:
        return None
    local = now.astimezone()
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    # Of each day anew, since a day's clock may be put forward or back.
    days = [
        (midnight + timedelta(days=day, hours=hour, minutes=minute, seconds=second)).astimezone()
        for day in (-1, 0, 1)
    ]
    nearest = min(days, key=lambda day: abs(day - local))
    return Instant(instant_of_datetime(nearest).seconds, nanos_of(fraction or None))
