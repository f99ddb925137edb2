use std::time::Duration;

use crate::alert::Alert;
use crate::error::Error;

/// What becomes of a stream.
#[derive(Debug)]
#[non_exhaustive]
pub enum Status {
    /// An attempt begins.
    Connecting {
        /// Counts from 1, and again after each success.
        attempt: u32,
    },
    /// The server answered for the first time. Falco's own does so only with its first alert.
    Connected,
    /// The connection was lost, or an attempt failed; another one follows.
    Disconnected {
        /// Why.
        error: Error,
        /// When the next attempt begins.
        retry_in: Duration,
    },
    /// The server answers again; the stream goes on where it was, as far as its mode allows.
    Resumed,
    /// Alerts were lost; the alert that tells it comes next.
    Lost(Loss),
}

/// Which alerts a subscriber misses for good.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loss {
    /// `overflow`: the server's bound reached them before the group took them. `slow`: before this broadcast read them.
    /// `restart`: they were in a log that the server has no more, and nobody knows how many.
    pub cause: String,
    /// How many; nothing after a restart.
    pub lost: Option<u64>,
    /// The first one's sequence number.
    pub first_sequence: Option<u64>,
    /// The last one's sequence number.
    pub last_sequence: Option<u64>,
}

impl Loss {
    pub(super) fn is_restart(&self) -> bool {
        self.cause == "restart"
    }

    /// Reads the alert with which our server tells a loss: one without a sequence number.
    pub(super) fn told_by(alert: &Alert) -> Option<Self> {
        if alert.sequence != 0 {
            return None;
        }
        let number = |name| alert.output_fields.get(name)?.parse().ok();
        Some(Self {
            cause: alert.output_fields.get("cause")?.clone(),
            lost: number("lost"),
            first_sequence: number("first_sequence"),
            last_sequence: number("last_sequence"),
        })
    }
}
