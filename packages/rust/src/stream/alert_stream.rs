use std::fmt;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use tokio::time::{Instant, Sleep};
use tracing::{debug, info, warn};

use super::acknowledger::Acknowledger;
use super::backoff::{backoff, random};
use super::call::{Call, Opening};
use super::plan::{Acknowledge, Plan};
use super::status::{Loss, Status};
use crate::alert::{Alert, Origin};
use crate::code::Code;
use crate::connection::Connection;
use crate::contract::outputs::{Request, Response};
use crate::error::Error;

/// So many alerts at a time are enough.
const MAX_BATCH: usize = 1024;

type Item = Result<Alert, Error>;

/// Alerts as they arrive: a [`Stream`] of them, across the connections that it takes.
///
/// Dropping it cancels it, at any point. After an error it is over. [`AlertStream::next`] is cancel-safe: in a `select!`
/// no alert gets lost.
pub struct AlertStream {
    connection: Arc<Connection>,
    plan: Plan,
    state: State,
    /// An error that came behind a batch.
    held: Option<Error>,
    acknowledger: Acknowledger,
    /// Whether whoever polls has alerts of the current call that are done when the next ones are asked for.
    has_current: bool,
    /// The highest sequence number that was given, or the place where the stream began.
    position: Option<u64>,
    started: Option<Instant>,
    deadline: Option<Pin<Box<Sleep>>>,
    /// How many attempts there were since one succeeded.
    attempts: u32,
    /// How often the connection failed since an alert came: a server that takes calls, and drops them, gets its rest.
    failed: u32,
    was_connected: bool,
}

enum State {
    New,
    Opening(Pin<Box<dyn Future<Output = Result<Call, Error>> + Send>>),
    Open(Box<Call>),
    /// For the next attempt.
    Waiting(Pin<Box<Sleep>>),
    Ended,
}

impl AlertStream {
    pub(super) fn new(connection: Arc<Connection>, plan: Plan) -> Self {
        Self {
            connection,
            plan,
            state: State::New,
            held: None,
            acknowledger: Acknowledger::default(),
            has_current: false,
            position: None,
            started: None,
            deadline: None,
            attempts: 0,
            failed: 0,
            was_connected: false,
        }
    }

    /// The next alert; nothing when the stream is over.
    pub async fn next(&mut self) -> Option<Item> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// All alerts that have arrived, at least one; nothing when the stream is over. For those who can treat many at
    /// once. With [`acknowledge`](crate::Subscription::acknowledge) they are done when the next ones are asked for.
    pub async fn next_batch(&mut self) -> Option<Result<Vec<Alert>, Error>> {
        poll_fn(|cx| self.poll_batch(cx)).await
    }

    /// Marks an alert of this stream as done, as [`Acknowledger::acknowledge`] does.
    pub fn acknowledge(&self, alert: &Alert) {
        self.acknowledger.acknowledge(alert);
    }

    /// Acknowledges alerts of this stream from elsewhere, e.g. from the tasks that handle them.
    pub fn acknowledger(&self) -> Acknowledger {
        self.acknowledger.clone()
    }

    /// Ends the stream so that the last acknowledgement has arrived. (Dropping an acknowledging stream does the same in
    /// the background, as long as the runtime lives.) The alert that was got last is not acknowledged by that.
    pub async fn close(mut self) {
        if let Some(call) = self.leave() {
            call.finish().await;
        }
    }

    /// The call that needs a farewell, if there is one.
    fn leave(&mut self) -> Option<Box<Call>> {
        match mem::replace(&mut self.state, State::Ended) {
            State::Open(call) if self.plan.acknowledge != Acknowledge::Never => Some(call),
            _ => None,
        }
    }

    fn poll_batch(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Vec<Alert>, Error>>> {
        let mut alerts = match ready!(self.poll_item(cx)) {
            Some(Ok(alert)) => vec![alert],
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            None => return Poll::Ready(None),
        };
        while alerts.len() < MAX_BATCH {
            match self.poll_alert(cx) {
                Poll::Ready(Some(Ok(alert))) => alerts.push(alert),
                Poll::Ready(Some(Err(error))) => {
                    self.held = Some(error);
                    break;
                }
                Poll::Ready(None) | Poll::Pending => break,
            }
        }
        Poll::Ready(Some(Ok(alerts)))
    }

    /// Whoever asks is done with what it had.
    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        if let Some(error) = self.held.take() {
            return Poll::Ready(Some(Err(error)));
        }
        self.leave_current();
        let item = self.poll_alert(cx);
        if item.is_pending()
            && self.deadline.as_mut().is_some_and(|deadline| deadline.as_mut().poll(cx).is_ready())
        {
            self.state = State::Ended;
            return Poll::Ready(Some(Err(self.timed_out())));
        }
        item
    }

    fn leave_current(&mut self) {
        if !mem::take(&mut self.has_current) {
            return;
        }
        if let State::Open(call) = &self.state
            && self.plan.acknowledge == Acknowledge::Polled
        {
            call.requests.all_done();
        }
    }

    fn poll_alert(&mut self, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        loop {
            let failed = match &mut self.state {
                State::New => {
                    self.start();
                    self.connect()
                }
                State::Opening(opening) => match ready!(opening.as_mut().poll(cx)) {
                    Ok(call) => {
                        self.opened(call);
                        None
                    }
                    Err(error) => Some(error),
                },
                State::Open(call) => match ready!(call.poll_message(cx)) {
                    Some(Ok(response)) => {
                        if let Some(alert) = self.take(response) {
                            return Poll::Ready(Some(Ok(alert)));
                        }
                        None
                    }
                    Some(Err(status)) => Some(self.connection.error(self.plan.method.name(), status)),
                    None if self.plan.reconnect.is_none() => {
                        self.state = State::Ended;
                        None
                    }
                    // Falco's own server ends its streams so when it stops.
                    None => {
                        let error = Error::new(Code::Unavailable, "the server ended the stream");
                        Some(error.tried(self.connection.tried(self.plan.method.name())))
                    }
                },
                State::Waiting(sleep) => {
                    ready!(sleep.as_mut().poll(cx));
                    self.connect()
                }
                State::Ended => return Poll::Ready(None),
            };
            if let Some(error) = failed.and_then(|error| self.recover(error)) {
                return Poll::Ready(Some(Err(error)));
            }
        }
    }

    fn start(&mut self) {
        let now = Instant::now();
        self.started = Some(now);
        let deadline = self.plan.timeout.and_then(|timeout| now.checked_add(timeout));
        self.deadline = deadline.map(|deadline| Box::pin(tokio::time::sleep_until(deadline)));
    }

    /// Begins an attempt. Gives an error if it is too late.
    fn connect(&mut self) -> Option<Error> {
        let timeout = self.left();
        if timeout.is_some_and(|left| left.is_zero()) {
            return Some(self.timed_out());
        }
        self.attempts += 1;
        let attempt = self.attempts;
        debug!(method = self.plan.method.name(), attempt, "connecting");
        self.tell(Status::Connecting { attempt });
        let opening = Opening {
            connection: self.connection.clone(),
            method: self.plan.method,
            request: self.request(),
            needs_our_server: self.plan.needs_our_server,
            poll_interval: self.plan.poll_interval,
            metadata: self.plan.metadata.clone(),
            timeout,
        };
        self.state = State::Opening(Box::pin(opening.open()));
        None
    }

    /// The first request; on a reconnection it says where the stream was.
    fn request(&self) -> Request {
        let mut request = self.plan.request.clone();
        let resumes = request.broadcast || !request.group.is_empty();
        if self.was_connected && resumes && self.position.is_some() {
            request.after = self.position;
        }
        request
    }

    fn opened(&mut self, call: Call) {
        // The error comes with the next message.
        if !call.is_refused() {
            self.attempts = 0;
            self.position = self.position.or(call.position);
            self.acknowledger.turn_to(call.id, call.requests.share());
            if mem::replace(&mut self.was_connected, true) {
                info!(method = self.plan.method.name(), position = self.position, "resumed");
                self.tell(Status::Resumed);
            } else {
                debug!(method = self.plan.method.name(), position = self.position, "connected");
                self.tell(Status::Connected);
            }
        }
        self.state = State::Open(Box::new(call));
    }

    /// What becomes of an alert that arrived; nothing if whoever polls does not get it.
    fn take(&mut self, response: Response) -> Option<Alert> {
        let State::Open(call) = &self.state else { return None };
        self.failed = 0;
        let mut alert = Alert::from(response);
        let acknowledges = self.plan.acknowledge != Acknowledge::Never;
        let place = if acknowledges { call.requests.received() } else { 0 };
        let loss = if call.is_ours { Loss::told_by(&alert) } else { None };
        if loss.as_ref().is_some_and(Loss::is_restart) {
            // Another log, with numbers of its own.
            self.position = call.position;
        }
        let highest = self.position.unwrap_or(0);
        let is_repeated = self.plan.request.broadcast && alert.sequence != 0 && alert.sequence <= highest;
        let is_filtered =
            loss.is_none() && self.plan.filter.as_ref().is_some_and(|filter| !filter.passes(&alert));
        if is_repeated || is_filtered {
            if acknowledges {
                call.requests.done(place);
            }
            return None;
        }
        if alert.sequence > highest {
            self.position = Some(alert.sequence);
        }
        self.has_current = true;
        if self.plan.acknowledge == Acknowledge::ByHand {
            alert.origin = Origin { call: call.id, place };
        }
        if let Some(loss) = loss {
            warn!(cause = loss.cause, lost = loss.lost, "alerts lost");
            self.tell(Status::Lost(loss));
        }
        Some(alert)
    }

    /// Waits for the next attempt, not beyond the deadline; gives the error, if there is none.
    fn recover(&mut self, error: Error) -> Option<Error> {
        self.state = State::Ended;
        self.has_current = false;
        self.failed = self.failed.saturating_add(1);
        let left = self.left();
        if left.is_some_and(|left| left.is_zero()) {
            return Some(self.timed_out());
        }
        let Some(reconnect) = self.plan.reconnect.as_ref().filter(|_| self.may_retry(&error)) else {
            return Some(error);
        };
        let retry_in = backoff(self.failed, reconnect.initial_delay, reconnect.max_delay, random());
        warn!(%error, ?retry_in, "disconnected");
        let sleep = tokio::time::sleep(retry_in.min(left.unwrap_or(retry_in)));
        self.state = State::Waiting(Box::pin(sleep));
        self.tell(Status::Disconnected { error, retry_in });
        None
    }

    fn may_retry(&self, error: &Error) -> bool {
        let Some(reconnect) = &self.plan.reconnect else { return false };
        // Falco's own server says nothing before its first alert, but a call that holds so long has a connection.
        let has_held = self.was_connected
            || self.started.is_some_and(|started| started.elapsed() > 2 * self.connection.connect_timeout);
        (has_held || reconnect.wait_on_first_connect)
            && reconnect.max_attempts.is_none_or(|max| self.attempts < max)
            && error.is_transient()
    }

    /// The time until the deadline.
    fn left(&self) -> Option<Duration> {
        Some(self.deadline.as_ref()?.deadline().saturating_duration_since(Instant::now()))
    }

    fn timed_out(&self) -> Error {
        self.connection.timed_out(self.plan.method.name())
    }

    fn tell(&mut self, status: Status) {
        if let Some(on_status) = &mut self.plan.on_status {
            on_status(status);
        }
    }
}

impl Stream for AlertStream {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        self.poll_item(cx)
    }
}

impl Drop for AlertStream {
    fn drop(&mut self) {
        let Some(call) = self.leave() else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(call.finish());
        }
    }
}

impl fmt::Debug for AlertStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlertStream")
            .field("plan", &self.plan)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}
