use std::time::Duration;

use crate::connection::above_zero;
use crate::error::Error;

/// How a stream comes back after its connection was lost.
#[derive(Clone, Debug)]
#[must_use]
pub struct Reconnect {
    pub(super) wait_on_first_connect: bool,
    pub(super) max_attempts: Option<u32>,
    pub(super) initial_delay: Duration,
    pub(super) max_delay: Option<Duration>,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self {
            wait_on_first_connect: false,
            max_attempts: None,
            initial_delay: Duration::from_millis(100),
            max_delay: None,
        }
    }
}

impl Reconnect {
    /// Also keeps trying when the very first connection fails. Default: that error ends the stream.
    pub fn wait_on_first_connect(mut self) -> Self {
        self.wait_on_first_connect = true;
        self
    }

    /// How many attempts in a row may fail before the error ends the stream; 0 means that none is made. Default: no
    /// limit.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = Some(attempts);
        self
    }

    /// The longest wait before the first attempt. It doubles with each attempt. The actual waits are random, up to this
    /// limit, and the streams of a client share them. Default: 100 ms.
    pub fn initial_delay(mut self, delay: Duration) -> Self {
        self.initial_delay = delay;
        self
    }

    /// The limit of that doubling. Default: 30 seconds, or 1 second on a unix socket.
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = Some(delay);
        self
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        above_zero("initial_delay", self.initial_delay)?;
        self.max_delay.map_or(Ok(()), |delay| above_zero("max_delay", delay))
    }
}
