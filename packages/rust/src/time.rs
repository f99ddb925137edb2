use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A point in time, to the nanosecond, like google.protobuf.Timestamp.
#[cfg_attr(
    feature = "json",
    doc = "

`Display` writes it as Falco does: RFC 3339 in UTC, with nine digits of a second. `FromStr` reads 0 to 9 digits and any
offset, with or without a colon."
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// 0 to 999,999,999, counting forward.
    pub nanos: i32,
}

/// The range of google.protobuf.Timestamp: years 1 to 9999.
pub(crate) const MIN_SECONDS: i64 = -62_135_596_800;
pub(crate) const MAX_SECONDS: i64 = 253_402_300_799;

impl Timestamp {
    /// Whether it lies in the years 1 to 9999, where RFC 3339 can write it.
    pub fn is_valid(self) -> bool {
        (MIN_SECONDS..=MAX_SECONDS).contains(&self.seconds) && (0..1_000_000_000).contains(&self.nanos)
    }

    /// Nanoseconds since 1970.
    pub fn unix_nanos(self) -> i128 {
        i128::from(self.seconds) * 1_000_000_000 + i128::from(self.nanos)
    }

    /// The same time as a `SystemTime`; `None` if that type cannot hold it.
    pub fn to_system_time(self) -> Option<SystemTime> {
        let seconds = Duration::from_secs(self.seconds.unsigned_abs());
        let whole = if self.seconds < 0 {
            UNIX_EPOCH.checked_sub(seconds)?
        } else {
            UNIX_EPOCH.checked_add(seconds)?
        };
        let nanos = Duration::from_nanos(u64::from(self.nanos.unsigned_abs()));
        if self.nanos < 0 { whole.checked_sub(nanos) } else { whole.checked_add(nanos) }
    }

    /// The same time, to the nanosecond. It is not valid if it lies outside of the years 1 to 9999.
    pub(crate) fn of_system_time(time: SystemTime) -> Self {
        let seconds = |since: Duration| i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        let nanos = |since: Duration| since.subsec_nanos().cast_signed();
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self { seconds: seconds(after), nanos: nanos(after) },
            Err(error) => match error.duration() {
                before if before.subsec_nanos() == 0 => Self { seconds: -seconds(before), nanos: 0 },
                before => Self { seconds: -1 - seconds(before), nanos: 1_000_000_000 - nanos(before) },
            },
        }
    }
}

/// The contract's message.
impl From<prost_types::Timestamp> for Timestamp {
    fn from(prost_types::Timestamp { seconds, nanos }: prost_types::Timestamp) -> Self {
        Self { seconds, nanos }
    }
}

impl From<Timestamp> for prost_types::Timestamp {
    fn from(Timestamp { seconds, nanos }: Timestamp) -> Self {
        Self { seconds, nanos }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_system_time() {
        let time = Timestamp { seconds: -2, nanos: 999_999_999 };
        assert_eq!(time.to_system_time(), UNIX_EPOCH.checked_sub(Duration::from_nanos(1_000_000_001)));
        assert_eq!(time.unix_nanos(), -1_000_000_001);
        assert_eq!(Timestamp { seconds: i64::MAX, nanos: i32::MAX }.to_system_time(), None);
    }

    #[test]
    fn comes_from_a_system_time() {
        for time in [
            Timestamp { seconds: 0, nanos: 0 },
            Timestamp { seconds: 1_780_391_647, nanos: 123_456_789 },
            Timestamp { seconds: -1, nanos: 999_999_999 },
            Timestamp { seconds: -2, nanos: 0 },
            Timestamp { seconds: MIN_SECONDS, nanos: 1 },
        ] {
            assert_eq!(Timestamp::of_system_time(time.to_system_time().unwrap()), time);
        }
    }
}
