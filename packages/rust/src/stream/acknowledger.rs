use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::requests::AcknowledgedRequests;
use crate::alert::Alert;
use crate::error::Error;

/// Acknowledges alerts of one stream by hand, from any task: see
/// [`Subscription::acknowledge_by_hand`](crate::Subscription::acknowledge_by_hand).
#[derive(Clone, Debug)]
pub struct Acknowledger(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Unique in this process.
    stream: u64,
    current: Mutex<Option<Current>>,
}

/// The current call of the stream.
#[derive(Debug)]
struct Current {
    call: u64,
    requests: AcknowledgedRequests,
}

impl Acknowledger {
    pub(super) fn new() -> Self {
        static STREAMS: AtomicU64 = AtomicU64::new(1);
        let stream = STREAMS.fetch_add(1, Ordering::Relaxed);
        Self(Arc::new(Inner { stream, current: Mutex::default() }))
    }

    pub(super) fn stream(&self) -> u64 {
        self.0.stream
    }

    /// Marks an alert of this stream as done. Handlers may finish in any order: the server learns of an alert soon
    /// after all alerts before it are done too.
    ///
    /// Returns whether it still counted. It does not if the alert was acknowledged before, if the stream is over, or if
    /// the alert came over a connection that was lost. Then the server sends it again.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`](crate::Code::InvalidArgument) for an alert that this stream did not return to be
    /// acknowledged.
    pub fn acknowledge(&self, alert: &Alert) -> Result<bool, Error> {
        if alert.origin.stream != self.0.stream {
            return Err(Error::invalid(
                "alert: not one that this stream returned to be acknowledged by hand",
            ));
        }
        let current = self.0.current.lock().unwrap_or_else(PoisonError::into_inner);
        let current = current.as_ref().filter(|current| current.call == alert.origin.call);
        Ok(current.is_some_and(|current| current.requests.done(alert.origin.place)))
    }

    pub(super) fn turn_to(&self, call: u64, requests: AcknowledgedRequests) {
        *self.0.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(Current { call, requests });
    }
}
