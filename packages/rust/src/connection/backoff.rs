use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

/// How long to wait before an attempt: exponential backoff with full jitter, so that the clients of a server that
/// restarts do not come back all at once. `failed` counts from 1; `random` is from 0 to 1.
pub(super) fn backoff(failed: u32, initial: Duration, max: Duration, random: f64) -> Duration {
    let factor = 2_u32.saturating_pow(failed.saturating_sub(1));
    initial.saturating_mul(factor).min(max).mul_f64(random)
}

/// From 0 to 1; each hasher of the standard library has random keys.
pub(super) fn random() -> f64 {
    let bits = RandomState::new().build_hasher().finish() >> 32;
    bits as f64 / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_the_longest_wait() {
        let wait = |failed, random| {
            backoff(failed, Duration::from_millis(100), Duration::from_secs(30), random).as_millis()
        };
        assert_eq!(
            [1, 2, 3, 9, 10, 40, u32::MAX].map(|failed| wait(failed, 1.0)),
            [100, 200, 400, 25_600, 30_000, 30_000, 30_000]
        );
        assert_eq!(wait(3, 0.5), 200);
        assert_eq!(wait(3, 0.0), 0);
    }

    #[test]
    fn is_random() {
        let numbers: Vec<f64> = (0..1000).map(|_| random()).collect();
        assert!(numbers.iter().all(|number| (0.0..=1.0).contains(number)));
        let mean = numbers.iter().sum::<f64>() / 1000.0;
        assert!((0.4..0.6).contains(&mean), "{mean}");
    }
}
