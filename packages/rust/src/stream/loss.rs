use std::fmt;

use crate::alert::Alert;

/// Which alerts a subscriber will never get.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loss {
    /// Why they were lost.
    pub cause: LossCause,
    /// How many; `None` if that is not known.
    pub lost: Option<u64>,
    /// The first one's sequence number.
    pub first_sequence: Option<u64>,
    /// The last one's sequence number.
    pub last_sequence: Option<u64>,
}

/// Why alerts were lost.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LossCause {
    /// They are in the server's log on a disk, and cannot be read.
    Disk,
    /// The server's log dropped them before the group took them.
    Overflow,
    /// They were in a log that the server no longer has. It is not known how many there were.
    Restart,
    /// The server's log dropped them before this broadcast read them.
    Slow,
    /// A cause that only a newer server knows.
    Unknown(String),
}

impl From<&str> for LossCause {
    fn from(text: &str) -> Self {
        match text {
            "disk" => Self::Disk,
            "overflow" => Self::Overflow,
            "restart" => Self::Restart,
            "slow" => Self::Slow,
            other => Self::Unknown(other.into()),
        }
    }
}

/// As the server writes it, e.g. `overflow`.
impl fmt::Display for LossCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Disk => "disk",
            Self::Overflow => "overflow",
            Self::Restart => "restart",
            Self::Slow => "slow",
            Self::Unknown(text) => text,
        })
    }
}

impl Loss {
    pub(super) fn is_restart(&self) -> bool {
        self.cause == LossCause::Restart
    }

    /// Reads the alert with which our server reports a loss. It has no sequence number.
    pub(super) fn reported_by(alert: &Alert) -> Option<Self> {
        if alert.sequence != 0 {
            return None;
        }
        let number = |name| alert.output_fields.get(name)?.parse().ok();
        Some(Self {
            cause: alert.output_fields.get("cause")?.as_str().into(),
            lost: number("lost"),
            first_sequence: number("first_sequence"),
            last_sequence: number("last_sequence"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_cause_keeps_its_text() {
        for text in ["disk", "overflow", "restart", "slow", "fire"] {
            assert_eq!(LossCause::from(text).to_string(), text);
        }
        assert_eq!(LossCause::from("disk"), LossCause::Disk);
        assert_eq!(LossCause::from("fire"), LossCause::Unknown("fire".into()));
    }
}
