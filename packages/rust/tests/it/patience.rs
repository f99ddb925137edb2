use std::fmt::Debug;
use std::future::Future;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(10);

/// Waits until `look` returns what is expected.
pub(crate) async fn eventually<T: Debug + PartialEq, F: Future<Output = T>>(
    expected: T,
    mut look: impl FnMut() -> F,
) {
    let started = Instant::now();
    loop {
        let seen = look().await;
        if seen == expected {
            return;
        }
        assert!(started.elapsed() < PATIENCE, "expected {expected:?}, saw {seen:?}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
