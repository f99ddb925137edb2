use std::fmt;
use std::str::FromStr;

use crate::error::Error;
use crate::time::{MAX_SECONDS, MIN_SECONDS, Timestamp};

const DAY: i64 = 86_400;
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_valid() {
            return write!(f, "{} s {} ns", self.seconds, self.nanos);
        }
        let (year, month, day) = civil_from_days(self.seconds.div_euclid(DAY));
        let second = self.seconds.rem_euclid(DAY);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:09}Z",
            second / 3600,
            second / 60 % 60,
            second % 60,
            self.nanos
        )
    }
}

impl FromStr for Timestamp {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        parse(text).ok_or_else(|| {
            Error::invalid(format!(
                "time: {text:?}, expected RFC 3339, e.g. \"2026-01-31T23:59:59.123456789Z\""
            ))
        })
    }
}

/// `YYYY-MM-DD`, a `T` or a space, a time of day, and `Z` or an offset.
fn parse(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_at_checked(10)?;
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let end = rest.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = rest.split_at(end);
    let (second_of_day, nanos) = parse_clock(clock)?;
    let seconds = days_of(date)? * DAY + second_of_day - parse_zone(zone)?;
    (MIN_SECONDS..=MAX_SECONDS).contains(&seconds).then_some(Timestamp { seconds, nanos })
}

/// `HH:MM:SS` and up to nine digits of a second: the second of the day, and nanoseconds.
fn parse_clock(clock: &str) -> Option<(i64, i32)> {
    let (whole, fraction) = match clock.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (clock, None),
    };
    let [hour, minute, second] = numbers(whole, ':', [2, 2, 2])?;
    let nanos = match fraction {
        None => 0,
        Some(digits) if (1..=9).contains(&digits.len()) => {
            number(digits)? * 10_i64.pow(9 - u32::try_from(digits.len()).ok()?)
        }
        Some(_) => return None,
    };
    // A leap second is the first one of the next minute.
    (hour <= 23 && minute <= 59 && second <= 60)
        .then_some((hour * 3600 + minute * 60 + second, i32::try_from(nanos).ok()?))
}

fn parse_zone(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, digits) = match zone.split_at_checked(1)? {
        ("-", digits) => (-1, digits),
        (_, digits) => (1, digits),
    };
    let [hour, minute] = match digits.len() {
        4 => [number(&digits[..2])?, number(&digits[2..])?],
        _ => numbers(digits, ':', [2, 2])?,
    };
    (hour <= 23 && minute <= 59).then_some(sign * (hour * 60 + minute) * 60)
}

/// The day of `YYYY-MM-DD`, counted from 1970-01-01; `None` if there is no such day.
fn days_of(date: &str) -> Option<i64> {
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let days = days_from_civil(year, month, day);
    (civil_from_days(days) == (year, month, day)).then_some(days)
}

/// Numbers with the given counts of digits.
fn numbers<const N: usize>(text: &str, separator: char, digits: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; N];
    for (slot, digits) in numbers.iter_mut().zip(digits) {
        *slot = parts.next().filter(|part| part.len() == digits).and_then(number)?;
    }
    parts.next().is_none().then_some(numbers)
}

fn number(digits: &str) -> Option<i64> {
    // Only digits: `parse` would take a sign.
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

// Days and dates of the Gregorian calendar, in years that begin in March, so that a leap day is a year's last:
// https://howardhinnant.github.io/date_algorithms.html

const ERA_DAYS: i64 = 146_097;
const DAYS_FROM_YEAR_0_TO_1970: i64 = 719_468;

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * ERA_DAYS + day_of_era - DAYS_FROM_YEAR_0_TO_1970
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_FROM_YEAR_0_TO_1970;
    let era = days.div_euclid(ERA_DAYS);
    let day_of_era = days.rem_euclid(ERA_DAYS);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = (shifted_month + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_any_digits_and_offset_and_writes_nine_in_utc() {
        for (text, written) in [
            ("2026-01-31T23:59:59Z", "2026-01-31T23:59:59.000000000Z"),
            ("2026-01-31 23:59:59.1z", "2026-01-31T23:59:59.100000000Z"),
            ("2026-01-31t23:59:59.123456789+00:00", "2026-01-31T23:59:59.123456789Z"),
            ("2026-01-31T23:59:59.5-0530", "2026-02-01T05:29:59.500000000Z"),
            ("2026-01-01T00:00:00+14:00", "2025-12-31T10:00:00.000000000Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000000Z"),
            ("2024-02-29T12:00:00Z", "2024-02-29T12:00:00.000000000Z"),
            ("2000-02-29T12:00:00Z", "2000-02-29T12:00:00.000000000Z"),
            ("1969-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.999999999Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000000Z"),
            ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"),
        ] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), written);
        }
    }

    #[test]
    fn refuses_what_is_not_a_time() {
        for text in [
            "",
            "yesterday",
            "2026-01-31",
            "2026-01-31T23:59:59",
            "2026-1-31T23:59:59Z",
            "2026-01-31T24:00:00Z",
            "2026-01-31T23:60:00Z",
            "2026-01-31T23:59:61Z",
            "2026-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-10T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-31T23:59:59.Z",
            "2026-01-31T23:59:59.1234567890Z",
            "2026-01-31T23:59:59+5",
            "2026-01-31T23:59:59+24:00",
            "2026-01-31T23:59:59+0060",
            "2026-01-31T23:59:59ZZ",
            "2026-01-31T23:59:59Z ",
            "+026-01-31T23:59:59Z",
            "2026-01-31T+3:59:59Z",
            "0001-01-01T00:00:00+00:01",
            "0000-12-31T00:00:00Z",
            "9999-12-31T23:59:59-00:01",
            "2026-01-3é1T23:59:59Z",
            "２026-01-31T23:59:59Z",
            "2026-01-31T23:59:59+é",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn every_day_of_a_calendar_cycle_has_its_date() {
        for days in -ERA_DAYS..ERA_DAYS {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), days);
        }
    }

    #[test]
    fn a_time_that_rfc_3339_cannot_write_is_written_in_numbers() {
        assert_eq!(Timestamp { seconds: MAX_SECONDS + 1, nanos: 0 }.to_string(), "253402300800 s 0 ns");
        assert_eq!(Timestamp { seconds: 0, nanos: -1 }.to_string(), "0 s -1 ns");
    }
}
