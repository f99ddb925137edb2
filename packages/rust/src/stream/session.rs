use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, Sleep};
use tracing::{debug, info, warn};

use super::acknowledger::Acknowledger;
use super::call::{Call, Opening};
use super::plan::{Acknowledge, Plan};
use super::status::StreamStatus;
use crate::alert_codec::Message;
use crate::code::Code;
use crate::connection::Connection;
use crate::contract::outputs::Request;
use crate::error::Error;

/// A call that lasted this long proves that the server works.
const LONG: Duration = Duration::from_secs(30);

/// The calls of a stream, one after the other. It opens them, resumes where the stream was, waits and tries again.
pub(super) struct Session {
    connection: Arc<Connection>,
    pub(super) plan: Plan,
    state: State,
    pub(super) acknowledger: Acknowledger,
    /// Up to where the caller has seen the log: the highest sequence number that was returned or that the server has
    /// scanned; before that, where the stream began.
    pub(super) position: Option<u64>,
    last_heard_at: Option<SystemTime>,
    started: Option<Instant>,
    deadline: Option<Pin<Box<Sleep>>>,
    /// How many attempts there were since the last success.
    attempts: u32,
    /// The latest decision about waiting that this stream followed.
    decision: u64,
    /// No alert has come since the last failure.
    is_recovering: bool,
    was_connected: bool,
}

enum State {
    New,
    Opening(Pin<Box<dyn Future<Output = Result<Call, Error>> + Send>>),
    Open(Box<Call>),
    /// Before the next attempt.
    Waiting(Pin<Box<Sleep>>),
    Ended,
}

impl Session {
    pub(super) fn new(connection: Arc<Connection>, plan: Plan) -> Self {
        Self {
            connection,
            plan,
            state: State::New,
            acknowledger: Acknowledger::new(),
            position: None,
            last_heard_at: None,
            started: None,
            deadline: None,
            attempts: 0,
            decision: 0,
            is_recovering: false,
            was_connected: false,
        }
    }

    /// The current call, if one is open.
    pub(super) fn call(&self) -> Option<&Call> {
        match &self.state {
            State::Open(call) => Some(call),
            _ => None,
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// Ends it. Returns the call if it must be half-closed.
    pub(super) fn leave(&mut self) -> Option<Box<Call>> {
        match mem::replace(&mut self.state, State::Ended) {
            State::Open(call) if self.plan.acknowledge != Acknowledge::Never => Some(call),
            _ => None,
        }
    }

    /// The next message, from the current call or one that follows.
    pub(super) fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, Error>>> {
        let message = self.poll_calls(cx);
        if message.is_pending()
            && self.deadline.as_mut().is_some_and(|deadline| deadline.as_mut().poll(cx).is_ready())
        {
            self.state = State::Ended;
            return Poll::Ready(Some(Err(self.timed_out())));
        }
        message
    }

    fn poll_calls(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, Error>>> {
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
                    Some(Ok(message)) => {
                        self.last_heard_at = Some(SystemTime::now());
                        if matches!(message, Message::Alert(_)) && mem::take(&mut self.is_recovering) {
                            self.connection.retry.succeeded();
                        }
                        return Poll::Ready(Some(Ok(message)));
                    }
                    Some(Err(status)) => {
                        Some(self.connection.error(self.plan.method.name(), status, &call.record))
                    }
                    None if self.plan.reconnect.is_none() => {
                        self.state = State::Ended;
                        None
                    }
                    // Falco's own server ends its streams this way when it stops.
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

    /// Begins an attempt. Returns an error if the deadline has passed.
    fn connect(&mut self) -> Option<Error> {
        let timeout = self.left();
        if timeout.is_some_and(|left| left.is_zero()) {
            return Some(self.timed_out());
        }
        self.attempts += 1;
        let attempt = self.attempts;
        debug!(method = self.plan.method.name(), attempt, "connecting");
        self.tell(StreamStatus::Connecting { attempt });
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

    /// The first request. After a reconnection, it says where the stream was.
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
            self.last_heard_at = Some(SystemTime::now());
            self.attempts = 0;
            self.position = self.position.or(call.position);
            self.acknowledger.turn_to(call.id, call.requests.share());
            if mem::replace(&mut self.was_connected, true) {
                info!(method = self.plan.method.name(), position = self.position, "resumed");
                self.tell(StreamStatus::Resumed);
            } else {
                debug!(method = self.plan.method.name(), position = self.position, "connected");
                self.tell(StreamStatus::Connected);
            }
        }
        self.state = State::Open(Box::new(call));
    }

    /// Begins to wait for the next attempt, but not beyond the deadline. Returns the error if there is no next attempt.
    fn recover(&mut self, error: Error) -> Option<Error> {
        if self.call().is_some_and(|call| call.opened.elapsed() >= LONG) {
            self.connection.retry.succeeded();
        }
        self.state = State::Ended;
        let left = self.left();
        if left.is_some_and(|left| left.is_zero()) {
            return Some(self.timed_out());
        }
        let Some(reconnect) = self.plan.reconnect.as_ref().filter(|_| self.may_retry(&error)) else {
            return Some(error);
        };
        let wait = self.connection.retry.wait(self.decision, reconnect.initial_delay, reconnect.max_delay);
        self.decision = wait.decision;
        self.is_recovering = true;
        let retry_in = wait.until.saturating_duration_since(Instant::now());
        warn!(%error, ?retry_in, "disconnected");
        let sleep = tokio::time::sleep(retry_in.min(left.unwrap_or(retry_in)));
        self.state = State::Waiting(Box::pin(sleep));
        self.tell(StreamStatus::Disconnected { error, retry_in, last_heard_at: self.last_heard_at });
        None
    }

    fn may_retry(&self, error: &Error) -> bool {
        let Some(reconnect) = &self.plan.reconnect else { return false };
        // Falco's own server sends nothing before its first alert, but a call that lasts this long has a connection.
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

    pub(super) fn tell(&mut self, status: StreamStatus) {
        if let Some(on_status) = &mut self.plan.on_status {
            on_status(status);
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("plan", &self.plan)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}
