use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::alert_stream::AlertStream;
use super::plan::{Acknowledge, OnStatus, Plan};
use super::reconnect::Reconnect;
use super::status::StreamStatus;
use crate::connection::{Connection, Headers};
use crate::error::Error;
use crate::filter::Filter;
use crate::priority::Priority;
use crate::refusal::Method;

const DEFAULT_POLL_INTERVAL: Duration = Duration::from_millis(100);
const DEFAULT_DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// The options of a stream of alerts: made by [`Client::sub`](crate::Client::sub) or
/// [`Client::get`](crate::Client::get), and turned into the stream by [`Subscription::stream`].
///
/// Without options it takes alerts from Falco's shared queue, from which each alert goes to one subscriber.
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
    pub(super) connection: Arc<Connection>,
    pub(super) method: Method,
    pub(super) group: Option<String>,
    pub(super) broadcast: bool,
    pub(super) after: Option<u64>,
    pub(super) since: Option<SystemTime>,
    pub(super) until: Option<SystemTime>,
    pub(super) follow: bool,
    /// The one filter of `allow`, if its parts are given here.
    pub(super) filter: Filter,
    pub(super) allow: Vec<Filter>,
    pub(super) deny: Vec<Filter>,
    pub(super) filter_locally: bool,
    pub(super) acknowledge: Acknowledge,
    pub(super) reconnect: Option<Reconnect>,
    pub(super) poll_interval: Duration,
    pub(super) drain_timeout: Duration,
    pub(super) timeout: Option<Duration>,
    pub(super) headers: Headers,
    pub(super) on_status: Option<OnStatus>,
}

impl Subscription {
    pub(crate) fn new(connection: Arc<Connection>, method: Method) -> Self {
        Self {
            connection,
            method,
            group: None,
            broadcast: false,
            after: None,
            since: None,
            until: None,
            follow: false,
            filter: Filter::new(),
            allow: Vec::new(),
            deny: Vec::new(),
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

    /// Joins a group. Its members share its alerts; every group gets all of them.
    pub fn group(mut self, name: impl Into<String>) -> Self {
        self.group = Some(name.into());
        self
    }

    /// Gets every alert, and shares with nobody.
    pub fn broadcast(mut self) -> Self {
        self.broadcast = true;
        self
    }

    /// Starts a broadcast or a new group after this sequence number; 0 starts with the oldest retained alert. Default:
    /// now, but a `get` of a broadcast starts with the oldest retained alert.
    pub fn after(mut self, sequence: u64) -> Self {
        self.after = Some(sequence);
        self
    }

    /// Only alerts with this time or a later one, by the alert's own time; an alert without a time counts with that of
    /// its arrival. For broadcasts. Without [`after`](Self::after), the stream starts with the oldest retained alert.
    pub fn since(mut self, time: SystemTime) -> Self {
        self.since = Some(time);
        self
    }

    /// Only alerts with an earlier time than this. For a `get` of a broadcast that does not follow.
    pub fn until(mut self, time: SystemTime) -> Self {
        self.until = Some(time);
        self
    }

    /// Stays open for new alerts. For `get` only.
    pub fn follow(mut self) -> Self {
        self.follow = true;
        self
    }

    /// Only alerts that match one of these filters. They add to those that were given before.
    ///
    /// The server filters groups and broadcasts; for the shared queue see [`filter_locally`](Self::filter_locally).
    ///
    /// ```no_run
    /// # use falco_outputs::{Client, Filter, Priority};
    /// # use std::time::{Duration, SystemTime};
    /// # fn example(falco: Client) -> Result<(), falco_outputs::Error> {
    /// // What namespace shop did in the last hour, and all that is critical, without a noisy rule.
    /// let alerts = falco
    ///     .get()
    ///     .broadcast()
    ///     .since(SystemTime::now() - Duration::from_secs(3600))
    ///     .allow([
    ///         Filter::new().field("k8s.ns.name", ["shop"]),
    ///         Filter::new().min_priority(Priority::CRITICAL),
    ///     ])
    ///     .deny([Filter::new().rules(["Read sensitive file *"]).hostnames(["build-*"])])
    ///     .stream()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn allow(mut self, filters: impl IntoIterator<Item = Filter>) -> Self {
        self.allow.extend(filters);
        self
    }

    /// No alerts that match one of these filters. They add to those that were given before.
    pub fn deny(mut self, filters: impl IntoIterator<Item = Filter>) -> Self {
        self.deny.extend(filters);
        self
    }

    /// Only alerts that are at least this severe. This, and the five methods that follow, are short for one filter in
    /// [`allow`](Self::allow), and do what the methods of [`Filter`] do.
    pub fn min_priority(mut self, priority: Priority) -> Self {
        self.filter = self.filter.min_priority(priority);
        self
    }

    /// Only alerts that have any of these tags.
    pub fn tags(mut self, tags: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.filter = self.filter.tags(tags);
        self
    }

    /// Only alerts of any of these rules.
    pub fn rules(mut self, rules: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.filter = self.filter.rules(rules);
        self
    }

    /// Only alerts from any of these sources.
    pub fn sources(mut self, sources: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.filter = self.filter.sources(sources);
        self
    }

    /// Only alerts from any of these hosts.
    pub fn hostnames(mut self, hostnames: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.filter = self.filter.hostnames(hostnames);
        self
    }

    /// Only alerts with this output field and any of these values; with an empty list, e.g. `[""; 0]`, any value will
    /// do.
    pub fn field(
        mut self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.filter = self.filter.field(name, values);
        self
    }

    /// Filters the shared queue on this side, which works with any server. Alerts that do not match are still taken
    /// from the queue.
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

    /// Lets a lost connection end the stream.
    pub fn without_reconnect(mut self) -> Self {
        self.reconnect = None;
        self
    }

    /// The deadline, counted from the stream's first poll, reconnections included. After it, the stream ends with
    /// [`Code::DeadlineExceeded`](crate::Code::DeadlineExceeded). Default: none.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How often Falco's own server is polled, which sends alerts only in answer to a request. Default: 100 ms. A Falco
    /// Outputs server is not polled.
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

    /// Sends a header with each call.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.add(name, value);
        self
    }

    /// Sets a function that is called when the connection is made or lost, and when alerts were lost. It runs while the
    /// stream is polled.
    pub fn on_status(mut self, on_status: impl FnMut(StreamStatus) + Send + 'static) -> Self {
        self.on_status = Some(Box::new(on_status));
        self
    }

    /// Makes the stream. It calls the server when it is first polled, in a tokio runtime. An error is its last item.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`](crate::Code::InvalidArgument) for options that cannot work, or not together.
    pub fn stream(self) -> Result<AlertStream, Error> {
        let connection = self.connection.clone();
        Ok(AlertStream::new(connection, Plan::of(self)?))
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("method", &self.method)
            .field("group", &self.group)
            .field("broadcast", &self.broadcast)
            .field("filter", &self.filter)
            .field("allow", &self.allow)
            .field("deny", &self.deny)
            .finish_non_exhaustive()
    }
}
