use std::sync::{Arc, Mutex, PoisonError};

use super::requests::AcknowledgedRequests;
use crate::alert::Alert;

/// Acknowledges alerts of one stream by hand, from any task: see
/// [`Subscription::acknowledge_by_hand`](crate::Subscription::acknowledge_by_hand).
#[derive(Clone, Debug, Default)]
pub struct Acknowledger(Arc<Mutex<Option<Current>>>);

/// The call that the stream has now.
#[derive(Debug)]
struct Current {
    call: u64,
    requests: AcknowledgedRequests,
}

impl Acknowledger {
    /// Marks an alert of this stream as done. The server is told soon, once all that came before it are done as well, so
    /// that handlers may finish in any order. An alert of a connection that was lost comes again, whether it is marked
    /// or not.
    pub fn acknowledge(&self, alert: &Alert) {
        let current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(current) = current.as_ref().filter(|current| current.call == alert.origin.call) {
            current.requests.done(alert.origin.place);
        }
    }

    pub(super) fn turn_to(&self, call: u64, requests: AcknowledgedRequests) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Current { call, requests });
    }
}
