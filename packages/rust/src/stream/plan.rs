use std::fmt;
use std::time::Duration;

use tonic::metadata::MetadataMap;

use super::reconnect::Reconnect;
use super::status::StreamStatus;
use crate::contract::outputs::Request;
use crate::filter::Filter;
use crate::refusal::Method;

/// When an alert is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Acknowledge {
    /// With its delivery.
    #[default]
    Never,
    /// When the stream is polled for the next one.
    Polled,
    /// When an acknowledger says so.
    ByHand,
}

pub(super) type OnStatus = Box<dyn FnMut(StreamStatus) + Send>;

/// What a stream is to do: options with their defaults, checked.
pub(super) struct Plan {
    pub(super) method: Method,
    pub(super) request: Request,
    /// Whether Falco's own server would take the request for another one.
    pub(super) needs_our_server: bool,
    pub(super) acknowledge: Acknowledge,
    /// Filters the shared queue on this side.
    pub(super) filter: Option<Filter>,
    /// Nothing: a lost connection is the stream's end.
    pub(super) reconnect: Option<Reconnect>,
    pub(super) poll_interval: Duration,
    /// How long a stream that is closed waits for its handlers.
    pub(super) drain_timeout: Duration,
    pub(super) timeout: Option<Duration>,
    pub(super) metadata: MetadataMap,
    pub(super) on_status: Option<OnStatus>,
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("method", &self.method)
            .field("request", &self.request)
            .field("acknowledge", &self.acknowledge)
            .finish_non_exhaustive()
    }
}
