use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::backoff::{backoff, random};

/// When the streams of a client try again: one decision for all that lost the same connection, so that they come back
/// together, on one new connection.
#[derive(Debug)]
pub(crate) struct Retry {
    /// Unless a stream says otherwise.
    max_delay: Duration,
    decision: Mutex<Decision>,
}

#[derive(Debug, Default)]
struct Decision {
    /// Counts them.
    number: u64,
    /// How often it failed since an alert came: a server that takes calls, and drops them, gets its rest.
    failed: u32,
    /// From 0 to 1.
    random: f64,
    from: Option<Instant>,
}

/// The wait of one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wait {
    /// The decision that it follows from.
    pub(crate) decision: u64,
    pub(crate) until: Instant,
}

impl Retry {
    pub(super) fn new(max_delay: Duration) -> Self {
        Self { max_delay, decision: Mutex::default() }
    }

    /// Until when a stream that failed has to wait. `last` is the decision that it followed before: it shares a newer
    /// one, which others made for the same loss.
    pub(crate) fn wait(&self, last: u64, initial: Duration, max: Option<Duration>) -> Wait {
        let now = Instant::now();
        let mut decision = self.decision.lock().unwrap_or_else(PoisonError::into_inner);
        let delay = |decision: &Decision| {
            backoff(decision.failed, initial, max.unwrap_or(self.max_delay), decision.random)
        };
        if let Some(from) = decision.from.filter(|_| decision.number > last) {
            let until = from + delay(&decision);
            // One that noticed a little later than the others is late for their attempt, and no reason to wait longer.
            if until + initial > now {
                return Wait { decision: decision.number, until: until.max(now) };
            }
        }
        decision.number += 1;
        decision.failed = decision.failed.saturating_add(1);
        decision.random = random();
        decision.from = Some(now);
        Wait { decision: decision.number, until: now + delay(&decision) }
    }

    /// A connection proved good: an alert came by it, or it held for long.
    pub(crate) fn succeeded(&self) {
        self.decision.lock().unwrap_or_else(PoisonError::into_inner).failed = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INITIAL: Duration = Duration::from_millis(100);

    #[tokio::test(start_paused = true)]
    async fn streams_that_lose_a_connection_come_back_together() {
        let retry = Retry::new(Duration::from_secs(30));
        let first = retry.wait(0, INITIAL, None);
        let others: Vec<_> = (0..10).map(|_| retry.wait(0, INITIAL, None)).collect();
        assert!(others.iter().all(|wait| *wait == first));
        tokio::time::sleep_until(first.until).await;
        // The attempt failed: the next decision is for all of them as well.
        let next = retry.wait(first.decision, INITIAL, None);
        assert_eq!(next.decision, 2);
        assert_eq!(retry.wait(first.decision, INITIAL, None), next);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_that_fails_again_waits_again() {
        let retry = Retry::new(Duration::from_secs(30));
        let mut last = 0;
        for decision in 1..10 {
            last = retry.wait(last, INITIAL, None).decision;
            assert_eq!(last, decision);
        }
        assert_eq!(retry.decision.lock().unwrap().failed, 9);
        retry.succeeded();
        // A loss of long ago is none of this one's.
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(retry.wait(0, INITIAL, None).decision, 10);
        assert_eq!(retry.decision.lock().unwrap().failed, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn no_wait_is_longer_than_the_longest() {
        let retry = Retry::new(Duration::from_secs(1));
        let mut wait = Wait { decision: 0, until: Instant::now() };
        for _ in 0..100 {
            wait = retry.wait(wait.decision, INITIAL, None);
            assert!(wait.until <= Instant::now() + Duration::from_secs(1));
        }
    }
}
