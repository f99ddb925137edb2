use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::backoff::{backoff, random};

/// When the streams of a client try again. Streams that lost the same connection share one decision, so that they come
/// back together, on one new connection.
#[derive(Debug)]
pub(crate) struct Retry {
    /// Unless a stream says otherwise.
    max_delay: Duration,
    decision: Mutex<Decision>,
}

#[derive(Debug, Default)]
struct Decision {
    /// Counts the decisions.
    number: u64,
    /// How many failures there were since the last alert. A server that accepts calls and drops them is left alone
    /// longer.
    failed: u32,
    /// From 0 to 1.
    random: f64,
    from: Option<Instant>,
}

/// The wait of one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wait {
    /// The decision that it comes from.
    pub(crate) decision: u64,
    pub(crate) until: Instant,
}

impl Retry {
    pub(super) fn new(max_delay: Duration) -> Self {
        Self { max_delay, decision: Mutex::default() }
    }

    /// Returns when a stream that failed may try again. `last` is the decision that it followed before. If other
    /// streams have made a newer one for the same loss, it is shared.
    pub(crate) fn wait(&self, last: u64, initial: Duration, max: Option<Duration>) -> Wait {
        let now = Instant::now();
        let mut decision = self.decision.lock().unwrap_or_else(PoisonError::into_inner);
        let delay = |decision: &Decision| {
            backoff(decision.failed, initial, max.unwrap_or(self.max_delay), decision.random)
        };
        if let Some(from) = decision.from.filter(|_| decision.number > last) {
            let until = from + delay(&decision);
            // A stream that notices a little later than the others joins their attempt.
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

    /// Called when a connection has proved good: an alert came, or it lasted long.
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
        // The attempt failed: they share the next decision as well.
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
        // A decision from long ago was about another loss.
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
