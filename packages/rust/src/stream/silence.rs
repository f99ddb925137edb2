use std::mem;
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

/// Intervals that a server may announce, in milliseconds.
const INTERVALS_MS: RangeInclusive<u64> = 100..=3_600_000;
/// So many intervals without a message mean that the connection is dead.
const MAX_SILENT: u32 = 3;

/// Counts the server's heartbeat intervals in which no message came, while the stream waits for one. They are counted
/// one after the other, so that a pause of this process is never taken for more than one.
#[derive(Debug)]
pub(super) struct Silence {
    interval: Duration,
    interval_end: Pin<Box<Sleep>>,
    silent: u32,
    is_waiting: bool,
}

impl Silence {
    /// `None` for an interval that no server of ours has.
    pub(super) fn new(interval_ms: u64) -> Option<Self> {
        let interval = INTERVALS_MS.contains(&interval_ms).then(|| Duration::from_millis(interval_ms))?;
        let interval_end = Box::pin(tokio::time::sleep(interval));
        Some(Self { interval, interval_end, silent: 0, is_waiting: false })
    }

    /// A message came.
    pub(super) fn heard(&mut self) {
        self.is_waiting = false;
    }

    /// To be polled while there is no message. Ready, with its length, once the silence is too long.
    pub(super) fn poll_too_long(&mut self, cx: &mut Context<'_>) -> Poll<Duration> {
        if !mem::replace(&mut self.is_waiting, true) {
            self.silent = 0;
            self.start_interval();
        }
        while self.silent < MAX_SILENT {
            ready!(self.interval_end.as_mut().poll(cx));
            self.silent += 1;
            self.start_interval();
        }
        Poll::Ready(MAX_SILENT * self.interval)
    }

    fn start_interval(&mut self) {
        self.interval_end.as_mut().reset(Instant::now() + self.interval);
    }
}
