use std::time::Duration;

/// How a stream comes back after its connection was lost.
#[derive(Clone, Debug)]
#[must_use]
pub struct Reconnect {
    pub(super) wait_on_first_connect: bool,
    pub(super) max_attempts: Option<u32>,
    pub(super) initial_delay: Duration,
    pub(super) max_delay: Duration,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self {
            wait_on_first_connect: false,
            max_attempts: None,
            initial_delay: Duration::from_millis(100),
            max_delay: Duration::from_secs(30),
        }
    }
}

impl Reconnect {
    /// Goes on trying when the very first connection fails, too. Default: that error is the stream's end.
    pub fn wait_on_first_connect(mut self) -> Self {
        self.wait_on_first_connect = true;
        self
    }

    /// How many attempts in a row may fail before the error is the stream's end. Default: any number.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = Some(attempts);
        self
    }

    /// The longest wait before the first attempt; it doubles with each. The waits are random below it. Default: 100 ms.
    pub fn initial_delay(mut self, delay: Duration) -> Self {
        self.initial_delay = delay;
        self
    }

    /// What it doubles up to. Default: 30 seconds.
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }
}
