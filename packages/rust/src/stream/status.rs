use std::time::{Duration, SystemTime};

use super::loss::Loss;
use crate::alert::Alert;
use crate::error::Error;

/// What happens to a stream.
#[derive(Debug)]
#[non_exhaustive]
pub enum StreamStatus {
    /// An attempt begins.
    #[non_exhaustive]
    Connecting {
        /// Counts from 1, and again after each success.
        attempt: u32,
    },
    /// The server answered for the first time. Falco's own does so only with its first alert.
    Connected,
    /// The connection was lost, or an attempt failed; another one follows.
    #[non_exhaustive]
    Disconnected {
        /// Why.
        error: Error,
        /// When the next attempt begins.
        retry_in: Duration,
        /// When this stream last heard from the server; nothing if it never did.
        last_heard_at: Option<SystemTime>,
    },
    /// The server answers again; the stream continues where it was, as far as its mode allows.
    Resumed,
    /// Alerts were lost.
    #[non_exhaustive]
    Lost {
        /// Which ones.
        loss: Loss,
        /// The alert that says so; the stream returns it next.
        alert: Box<Alert>,
    },
}
