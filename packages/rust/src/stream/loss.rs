use std::fmt;

use crate::alert::Alert;

/// Which alerts a subscriber misses for good.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loss {
    /// Why.
    pub cause: LossCause,
    /// How many; nothing if nobody knows.
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
    /// The server's bound reached them before the group took them.
    Overflow,
    /// They were in a log that the server no longer has, and nobody knows how many.
    Restart,
    /// The server's bound reached them before this broadcast read them.
    Slow,
    /// What a newer server says.
    Unknown(String),
}

impl From<&str> for LossCause {
    fn from(text: &str) -> Self {
        match text {
            "overflow" => Self::Overflow,
            "restart" => Self::Restart,
            "slow" => Self::Slow,
            other => Self::Unknown(other.into()),
        }
    }
}

/// As the server says it, e.g. `overflow`.
impl fmt::Display for LossCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
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

    /// Reads the alert by which our server reports a loss: one without a sequence number.
    pub(super) fn told_by(alert: &Alert) -> Option<Self> {
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
    fn a_cause_that_is_not_known_keeps_its_text() {
        for text in ["overflow", "restart", "slow", "fire"] {
            assert_eq!(LossCause::from(text).to_string(), text);
        }
        assert_eq!(LossCause::from("fire"), LossCause::Unknown("fire".into()));
    }
}
