use std::fmt;
use std::time::Duration;

use tonic::metadata::MetadataMap;

use super::reconnect::Reconnect;
use super::status::StreamStatus;
use super::subscription::Subscription;
use crate::connection::above_zero;
use crate::contract::outputs::Request;
use crate::error::Error;
use crate::filter::Matcher;
use crate::refusal::{FirstRequest, Method, Names};
use crate::time::Timestamp;

/// When an alert is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Acknowledge {
    /// When it is delivered.
    #[default]
    Never,
    /// When the stream is polled for the next alert.
    Polled,
    /// When an acknowledger says so.
    ByHand,
}

pub(super) type OnStatus = Box<dyn FnMut(StreamStatus) + Send>;

/// The checked options of a stream.
pub(super) struct Plan {
    pub(super) method: Method,
    pub(super) request: Request,
    /// Whether Falco's own server would misunderstand the request.
    pub(super) needs_our_server: bool,
    pub(super) acknowledge: Acknowledge,
    /// Filters the shared queue on this side.
    pub(super) filter: Option<Matcher>,
    /// `None`: a lost connection ends the stream.
    pub(super) reconnect: Option<Reconnect>,
    pub(super) poll_interval: Duration,
    /// How long `close` waits for the handlers.
    pub(super) drain_timeout: Duration,
    pub(super) timeout: Option<Duration>,
    pub(super) metadata: MetadataMap,
    pub(super) on_status: Option<OnStatus>,
}

impl Plan {
    /// # Errors
    /// [`Code::InvalidArgument`](crate::Code::InvalidArgument) for options that cannot work, or not together.
    pub(super) fn of(subscription: Subscription) -> Result<Self, Error> {
        check(&subscription)?;
        let names = names(&subscription);
        let Subscription { method, filter_locally, acknowledge, .. } = subscription;
        let acknowledges = acknowledge != Acknowledge::Never;
        let timestamp = |time| Timestamp::of_system_time(time).into();
        let mut allow = subscription.allow;
        if !names.short_forms.is_empty() {
            allow.push(subscription.filter);
        }
        let filter = filter_locally.then(|| Matcher::new(&allow, &subscription.deny));
        let mut request = Request {
            allow: allow.into_iter().map(Into::into).collect(),
            deny: subscription.deny.into_iter().map(Into::into).collect(),
            group: subscription.group.unwrap_or_default(),
            broadcast: subscription.broadcast,
            after: subscription.after,
            follow: subscription.follow,
            acknowledged: acknowledges.then_some(0),
            since: subscription.since.map(timestamp),
            until: subscription.until.map(timestamp),
        };
        FirstRequest { method, request: &request, filters_locally: filter_locally, names: &names }.check()?;
        if filter_locally {
            request.allow.clear();
            request.deny.clear();
        }
        Ok(Self {
            method,
            needs_our_server: !request.group.is_empty()
                || request.broadcast
                || request.follow
                || acknowledges,
            acknowledge,
            filter,
            reconnect: subscription.reconnect.filter(|_| method == Method::Sub || request.follow),
            poll_interval: subscription.poll_interval,
            drain_timeout: subscription.drain_timeout,
            timeout: subscription.timeout,
            metadata: subscription.headers.metadata()?,
            on_status: subscription.on_status,
            request,
        })
    }
}

/// Refuses options that concern this side only.
fn check(subscription: &Subscription) -> Result<(), Error> {
    above_zero("poll_interval", subscription.poll_interval)?;
    above_zero("drain_timeout", subscription.drain_timeout)?;
    subscription.timeout.map_or(Ok(()), |timeout| above_zero("timeout", timeout))?;
    subscription.reconnect.as_ref().map_or(Ok(()), Reconnect::check)?;
    if !subscription.allow.is_empty()
        && let [short_form, ..] = subscription.filter.parts()[..]
    {
        return Err(Error::invalid(format!(
            "{short_form}: expected nothing with allow: put it into the filters there"
        )));
    }
    if subscription.filter_locally && (subscription.group.is_some() || subscription.broadcast) {
        return Err(Error::invalid("filter_locally: the server filters groups and broadcasts itself"));
    }
    if subscription.group.as_deref() == Some("") {
        return Err(Error::invalid("group: \"\", expected a name"));
    }
    Ok(())
}

fn names(subscription: &Subscription) -> Names {
    Names {
        short_forms: subscription.filter.parts(),
        acknowledged: match subscription.acknowledge {
            Acknowledge::ByHand => "acknowledge_by_hand",
            Acknowledge::Never | Acknowledge::Polled => "acknowledge",
        },
    }
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
