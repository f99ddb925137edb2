use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::alert_stream::AlertStream;
use super::plan::{Acknowledge, OnStatus, Plan};
use super::reconnect::Reconnect;
use super::status::StreamStatus;
use crate::connection::{Connection, Headers, above_zero};
use crate::contract::outputs::Request;
use crate::error::Error;
use crate::filter::Filter;
use crate::priority::Priority;
use crate::refusal::{Method, refusal};

const DEFAULT_POLL_INTERVAL: Duration = Duration::from_millis(100);
const DEFAULT_DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// The options of a stream of alerts: made by [`Client::sub`](crate::Client::sub) or [`Client::get`](crate::Client::get),
/// and turned into the stream by [`Subscription::stream`].
///
/// Without options it takes alerts from Falco's shared queue, of which each goes to one subscriber.
///
/// ```no_run
/// # use falco_outputs::{Client, Priority};
/// # async fn example(falco: Client) -> Result<(), falco_outputs::Error> {
/// let mut alerts = falco.sub().group("pager").min_priority(Priority::WARNING).acknowledge().stream()?;
/// while let Some(alert) = alerts.next().await {
///     println!("{}", alert?.rule);
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a subscription does nothing until `stream`"]
pub struct Subscription {
    connection: Arc<Connection>,
    method: Method,
    group: Option<String>,
    broadcast: bool,
    after: Option<u64>,
    follow: bool,
    filter: Filter,
    filter_locally: bool,
    acknowledge: Acknowledge,
    reconnect: Option<Reconnect>,
    poll_interval: Duration,
    drain_timeout: Duration,
    timeout: Option<Duration>,
    headers: Headers,
    on_status: Option<OnStatus>,
}

impl Subscription {
    pub(crate) fn new(connection: Arc<Connection>, method: Method) -> Self {
        Self {
            connection,
            method,
            group: None,
            broadcast: false,
            after: None,
            follow: false,
            filter: Filter::default(),
            filter_locally: false,
            acknowledge: Acknowledge::default(),
            reconnect: Some(Reconnect::default()),
            poll_interval: DEFAULT_POLL_INTERVAL,
            drain_timeout: DEFAULT_DRAIN_TIMEOUT,
            timeout: None,
            headers: Headers::default(),
            on_status: None,
        }
    }

    /// A group: its members share its alerts, every group gets all of them.
    pub fn group(mut self, name: impl Into<String>) -> Self {
        self.group = Some(name.into());
        self
    }

    /// Every alert, shared with nobody.
    pub fn broadcast(mut self) -> Self {
        self.broadcast = true;
        self
    }

    /// Where a broadcast, or a new group, starts: after this sequence number; 0: with the oldest retained alert. Default:
    /// now; a `get` starts with the oldest retained one.
    pub fn after(mut self, sequence: u64) -> Self {
        self.after = Some(sequence);
        self
    }

    /// `get` only: stays open for what comes.
    pub fn follow(mut self) -> Self {
        self.follow = true;
        self
    }

    /// Only alerts that are at least this severe.
    pub fn min_priority(mut self, priority: Priority) -> Self {
        self.filter.min_priority = Some(priority);
        self
    }

    /// Only alerts that carry any of these tags. Values are exact and case-sensitive, here and below; all filters that
    /// are given must hold. They belong to a group or a broadcast, or see [`Subscription::filter_locally`].
    pub fn tags(mut self, tags: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.filter.tags = strings(tags);
        self
    }

    /// Only alerts of any of these rules.
    pub fn rules(mut self, rules: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.filter.rules = strings(rules);
        self
    }

    /// Only alerts of any of these sources.
    pub fn sources(mut self, sources: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.filter.sources = strings(sources);
        self
    }

    /// Only alerts of any of these hosts.
    pub fn hostnames(mut self, hostnames: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.filter.hostnames = strings(hostnames);
        self
    }

    /// Filters the shared queue of any server on this side: what does not match is taken from the queue all the same.
    pub fn filter_locally(mut self) -> Self {
        self.filter_locally = true;
        self
    }

    /// The server holds each alert until the stream is polled for the next one; what was not acknowledged when the
    /// stream ends goes to another subscriber.
    pub fn acknowledge(mut self) -> Self {
        self.acknowledge = Acknowledge::Polled;
        self
    }

    /// The server holds each alert until [`AlertStream::acknowledge`] or an [`Acknowledger`](crate::Acknowledger) says
    /// that it is done.
    pub fn acknowledge_by_hand(mut self) -> Self {
        self.acknowledge = Acknowledge::ByHand;
        self
    }

    /// How the stream comes back after its connection was lost.
    pub fn reconnect(mut self, reconnect: Reconnect) -> Self {
        self.reconnect = Some(reconnect);
        self
    }

    /// A lost connection ends the stream.
    pub fn without_reconnect(mut self) -> Self {
        self.reconnect = None;
        self
    }

    /// The deadline, from the stream's first poll, reconnections included; beyond it, the stream ends with
    /// [`Code::DeadlineExceeded`](crate::Code::DeadlineExceeded). Default: none.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How often Falco's own server is asked, which sends alerts only to requests. Default: 100 ms. Our server is asked
    /// once.
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.poll_interval = interval;
        self
    }

    /// How long [`AlertStream::close`] waits for the alerts that were returned to be acknowledged by hand. Default: 10
    /// seconds.
    pub fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.drain_timeout = timeout;
        self
    }

    /// A header to send along.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.add(name, value);
        self
    }

    /// Is called, while the stream is polled, when the connection is made or lost, and for alerts that were lost.
    pub fn on_status(mut self, on_status: impl FnMut(StreamStatus) + Send + 'static) -> Self {
        self.on_status = Some(Box::new(on_status));
        self
    }

    /// The stream. It calls the server when it is polled first, in a tokio runtime; an error of the server is the
    /// stream's last item.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`](crate::Code::InvalidArgument) for options that cannot work, or not together.
    pub fn stream(self) -> Result<AlertStream, Error> {
        let (connection, plan) = self.plan()?;
        Ok(AlertStream::new(connection, plan))
    }

    fn plan(self) -> Result<(Arc<Connection>, Plan), Error> {
        above_zero("poll_interval", self.poll_interval)?;
        above_zero("drain_timeout", self.drain_timeout)?;
        self.timeout.map_or(Ok(()), |timeout| above_zero("timeout", timeout))?;
        self.reconnect.as_ref().map_or(Ok(()), Reconnect::check)?;
        if self.filter_locally && (self.group.is_some() || self.broadcast) {
            return Err(Error::invalid("filter_locally: the server filters groups and broadcasts itself"));
        }
        if self.group.as_deref() == Some("") {
            return Err(Error::invalid("group: \"\", expected a name"));
        }
        let (filter, sent) =
            if self.filter_locally { (Some(self.filter), Filter::default()) } else { (None, self.filter) };
        let acknowledges = self.acknowledge != Acknowledge::Never;
        let request = Request {
            tags: sent.tags,
            min_priority: sent.min_priority.map(i32::from),
            rules: sent.rules,
            sources: sent.sources,
            hostnames: sent.hostnames,
            group: self.group.unwrap_or_default(),
            broadcast: self.broadcast,
            after: self.after,
            follow: self.follow,
            acknowledged: acknowledges.then_some(0),
        };
        if let Some(refused) = refusal(self.method, &request) {
            return Err(Error::invalid(refused));
        }
        let plan = Plan {
            method: self.method,
            needs_our_server: !request.group.is_empty()
                || request.broadcast
                || request.follow
                || acknowledges,
            acknowledge: self.acknowledge,
            filter,
            reconnect: self.reconnect.filter(|_| self.method == Method::Sub || request.follow),
            poll_interval: self.poll_interval,
            drain_timeout: self.drain_timeout,
            timeout: self.timeout,
            metadata: self.headers.metadata()?,
            on_status: self.on_status,
            request,
        };
        Ok((self.connection, plan))
    }
}

fn strings(values: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
    values.into_iter().map(Into::into).collect()
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("method", &self.method)
            .field("group", &self.group)
            .field("broadcast", &self.broadcast)
            .field("filter", &self.filter)
            .finish_non_exhaustive()
    }
}
