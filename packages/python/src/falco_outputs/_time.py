"""Points in time to the nanosecond, as google.protobuf.Timestamp has them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_rfc3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):?(\d\d))",
    re.ASCII,
)
_epoch = datetime(1970, 1, 1, tzinfo=UTC)
_ns = 1_000_000_000
# The range of google.protobuf.Timestamp: years 1 to 9999.
_min_seconds = -62_135_596_800
_max_seconds = 253_402_300_799


class Instant(NamedTuple):
    """Seconds since 1970-01-01T00:00:00Z, and nanoseconds, 0 to 999,999,999, counting forward."""

    seconds: int
    nanos: int

    def ns(self) -> int:
        """In nanoseconds since 1970."""
        return self.seconds * _ns + self.nanos


def parse_time(text: str) -> Instant | None:
    """Reads an RFC 3339 time with 0 to 9 fraction digits and any offset.

    The colon in the offset is optional (older Falco wrote "+0000"). None if the text is none, or no such day exists.
    """
    match = _rfc3339.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(match[index]) for index in range(1, 7))
    offset_hours, offset_minutes = int(match[9] or 0), int(match[10] or 0)
    if hour > 23 or minute > 59 or second > 60 or offset_hours > 23 or offset_minutes > 59:
        return None
    try:
        date = datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None
    offset = (-60 if match[8] == "-" else 60) * (offset_hours * 60 + offset_minutes)
    seconds = (date - _epoch) // timedelta(seconds=1) + hour * 3600 + minute * 60 + second - offset
    return Instant(seconds, nanos_of(match[7])) if is_in_range(seconds) else None


def nanos_of(digits: str | None) -> int:
    """Nanoseconds from the digits after a decimal point."""
    return 0 if digits is None else int(digits.ljust(9, "0"))


def instant_of_ns(ns: int) -> Instant | None:
    """The instant of nanoseconds since 1970; None outside the years 1 to 9999."""
    seconds, nanos = divmod(ns, _ns)
    return Instant(seconds, nanos) if is_in_range(seconds) else None


def instant_of_datetime(time: datetime) -> Instant:
    """The instant of a datetime; one without a time zone is local time, as everywhere in Python."""
    microseconds = (time.astimezone(UTC) - _epoch) // timedelta(microseconds=1)
    seconds, rest = divmod(microseconds, 1_000_000)
    return Instant(seconds, rest * 1000)


def datetime_of(instant: Instant) -> datetime | None:
    """In UTC, to the microsecond; None outside the years 1 to 9999."""
    if not is_in_range(instant.seconds):
        return None
    return _epoch + timedelta(seconds=instant.seconds, microseconds=instant.nanos // 1000)


def format_time(instant: Instant) -> str | None:
    """RFC 3339 in UTC with nine fraction digits, as Falco writes `time`; None outside the years 1 to 9999."""
    seconds, nanos = instant
    if not is_in_range(seconds) or not 0 <= nanos < _ns:
        return None
    whole = (_epoch + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat()
    return f"{whole}.{nanos:09d}Z"


def is_in_range(seconds: int) -> bool:
    """Whether it is in the years 1 to 9999."""
    return _min_seconds <= seconds <= _max_seconds
