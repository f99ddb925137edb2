use std::time::{Duration, SystemTime};

use super::loss::Loss;
use crate::alert::Alert;
use crate::error::Error;

/// What happens to a stream.
#[derive(Debug)]
#[non_exhaustive]
pub enum StreamStatus {
    /// An attempt to connect begins.
    #[non_exhaustive]
    Connecting {
        /// Counts from 1, and starts over after each success.
        attempt: u32,
    },
    /// The server answered for the first time. Falco's own server does so only with its first alert.
    Connected,
    /// The connection was lost, or an attempt failed. Another attempt follows.
    #[non_exhaustive]
    Disconnected {
        /// Why it was lost, or failed.
        error: Error,
        /// The time until the next attempt.
        retry_in: Duration,
        /// When this stream last got an answer, an alert or a heartbeat; `None` if it never did.
        last_heard_at: Option<SystemTime>,
    },
    /// The server answers again. The stream continues where it was, as far as its mode allows.
    Resumed,
    /// Alerts were lost.
    #[non_exhaustive]
    Lost {
        /// Which alerts.
        loss: Loss,
        /// The alert that reports it. The stream returns it next.
        alert: Box<Alert>,
    },
}
