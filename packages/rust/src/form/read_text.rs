use std::time::{SystemTime, UNIX_EPOCH};

use tz::TimeZone;

use crate::alert::Alert;
use crate::priority::Priority;
use crate::time::{Timestamp, civil_from_days, days_from_civil, parse_clock};

const DAY: i64 = 86_400;

/// Reads one alert in Falco's text form (`json_output: false`): `13:53:31.726060287: Critical Some text (user=root)`,
/// or with an ISO time in front. The output is the whole text, as in Falco's gRPC API; rule, source and fields are not
/// in it. Nothing if the text does not begin so.
///
/// A time without a date is one of the local clock, as Falco writes it, on the day that brings it nearest to `now`,
/// when the text arrived.
pub(crate) fn read_text(text: &str, now: SystemTime) -> Option<Alert> {
    let (time, rest) = text.split_once(": ")?;
    let (priority, _) = rest.split_once(' ')?;
    // Not a place in the prefix for any other word of a priority's name than Falco's own.
    let priority: Priority = priority.parse().ok()?;
    let time = match time.as_bytes().get(2)? {
        b':' => clock_time(time, now, &local_zone())?,
        _ => iso_time(time)?,
    };
    Some(Alert { time: Some(time), priority, output: text.into(), ..Alert::default() })
}

/// Falco writes a capital T, or a blank; without a zone it is UTC.
fn iso_time(text: &str) -> Option<Timestamp> {
    let clock = text.get(11..)?;
    if clock.ends_with('z') || text.as_bytes().get(10) == Some(&b't') {
        return None;
    }
    let has_zone = clock.contains(['Z', '+', '-']);
    if has_zone { text.parse().ok() } else { format!("{text}Z").parse().ok() }
}

fn clock_time(clock: &str, now: SystemTime, zone: &TimeZone) -> Option<Timestamp> {
    let (second_of_day, nanos) = parse_clock(clock)?;
    let now = match now.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).ok()?,
        Err(before) => -i64::try_from(before.duration().as_secs()).ok()?,
    };
    let offset = zone.find_local_time_type(now).ok()?.ut_offset();
    let today = (now + i64::from(offset)).div_euclid(DAY);
    let seconds = (today - 1..=today + 1)
        .filter_map(|day| local_seconds(zone, day, second_of_day))
        .min_by_key(|seconds| seconds.abs_diff(now))?;
    Some(Timestamp { seconds, nanos })
}

/// When the local clock shows that second of that day; the first time, if it does so twice.
fn local_seconds(zone: &TimeZone, day: i64, second_of_day: i64) -> Option<i64> {
    let (year, month, day) = civil_from_days(day);
    // A leap second is the first one of the next minute.
    let second = second_of_day.min(DAY - 1);
    let found = tz::DateTime::find(
        i32::try_from(year).ok()?,
        u8::try_from(month).ok()?,
        u8::try_from(day).ok()?,
        u8::try_from(second / 3600).ok()?,
        u8::try_from(second / 60 % 60).ok()?,
        u8::try_from(second % 60).ok()?,
        0,
        zone.as_ref(),
    );
    match found.ok().and_then(|found| found.earliest()) {
        Some(time) => Some(time.unix_time() + second_of_day - second),
        None => Some(days_from_civil(year, month, day) * DAY + second_of_day),
    }
}

/// UTC on a machine that does not tell its zone, as in most containers.
fn local_zone() -> TimeZone {
    TimeZone::local().unwrap_or_else(|_| TimeZone::utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SystemTime {
        text.parse::<Timestamp>().unwrap().to_system_time().unwrap()
    }

    #[test]
    fn reads_an_iso_time() {
        for (prefix, time) in [
            ("2026-06-02T09:14:09.000000001+0000", "2026-06-02T09:14:09.000000001Z"),
            ("2026-06-02 09:14:09", "2026-06-02T09:14:09.000000000Z"),
            ("2026-06-02T09:14:09-05:30", "2026-06-02T14:44:09.000000000Z"),
        ] {
            let line = format!("{prefix}: Warning  a: b ");
            let alert = read_text(&line, SystemTime::now()).unwrap();
            assert_eq!(alert.time.unwrap().to_string(), time);
            assert_eq!((alert.priority, alert.output), (Priority::WARNING, line));
        }
    }

    #[test]
    fn a_clock_s_time_is_the_nearest_one() {
        let new_york = TimeZone::from_posix_tz("EST5EDT,M3.2.0,M11.1.0").unwrap();
        for (zone, now, clock, time) in [
            (TimeZone::utc(), "2026-06-02T12:00:00Z", "11:59:59.5", "2026-06-02T11:59:59.500000000Z"),
            (TimeZone::utc(), "2026-06-02T00:00:01Z", "23:59:59", "2026-06-01T23:59:59.000000000Z"),
            (TimeZone::utc(), "2026-05-31T23:59:59Z", "00:00:01", "2026-06-01T00:00:01.000000000Z"),
            (TimeZone::utc(), "2016-12-31T23:59:59Z", "23:59:60", "2017-01-01T00:00:00.000000000Z"),
            (new_york.clone(), "2026-06-02T03:30:00Z", "23:29:59", "2026-06-02T03:29:59.000000000Z"),
            (new_york.clone(), "2026-01-02T04:30:00Z", "23:29:59", "2026-01-02T04:29:59.000000000Z"),
            // The clock is put back at two, and shows this twice.
            (new_york.clone(), "2026-11-01T05:31:00Z", "01:30:00", "2026-11-01T05:30:00.000000000Z"),
            // The clock is put forward at two, and never shows this.
            (new_york, "2026-03-08T07:31:00Z", "02:30:00", "2026-03-08T07:00:00.000000000Z"),
        ] {
            let read = clock_time(clock, at(now), &zone).unwrap();
            assert_eq!(read.to_string(), time, "{clock} at {now}");
        }
    }

    #[test]
    fn anything_else_is_no_alert() {
        for line in [
            "",
            "Events detected: 12",
            "   CRITICAL: 1",
            "25:00:00.1: Notice x",
            "13:53:31.1: Nonsense x",
            "13:53:31.1 Notice x",
            "2026-02-30T09:14:09Z: Notice x",
            " 13:53:31.1: Notice x",
            "13:53:31: Notice",
            "13:53:31.: Notice x",
            "2026-06-02t09:14:09Z: Notice x",
            "2026-06-02T09:14:09z: Notice x",
            "é: Notice x",
            "12é: Notice x",
            "Tue Jun  2 09:14:07 2026: Falco version: 0.44.1 (x86_64)",
        ] {
            assert_eq!(read_text(line, SystemTime::now()), None, "{line:?}");
        }
    }
}
