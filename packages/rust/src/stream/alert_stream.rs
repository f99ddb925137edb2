use std::fmt;
use std::future::poll_fn;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::{FusedStream, Stream};
use tracing::warn;

use super::acknowledger::Acknowledger;
use super::loss::Loss;
use super::plan::{Acknowledge, Plan};
use super::session::Session;
use super::status::StreamStatus;
use crate::alert::{Alert, Origin};
use crate::alert_codec::Message;
use crate::connection::Connection;
use crate::error::Error;

/// The largest number of alerts in a batch.
const MAX_BATCH: usize = 1024;

type Item = Result<Alert, Error>;

/// A [`Stream`] of alerts as they arrive, across reconnections.
///
/// Dropping it cancels it, at any point. An error is its last item. [`AlertStream::next`] is cancel-safe: it loses no
/// alert in a `select!`.
pub struct AlertStream {
    session: Session,
    /// An error that came after a batch.
    held: Option<Error>,
    /// Whether the caller has alerts of the current call that are done when it asks for the next ones.
    has_current: bool,
}

impl AlertStream {
    pub(super) fn new(connection: Arc<Connection>, plan: Plan) -> Self {
        Self { session: Session::new(connection, plan), held: None, has_current: false }
    }

    /// Returns the next alert; `None` when the stream is over.
    pub async fn next(&mut self) -> Option<Item> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Returns all alerts that have arrived, at least one; `None` when the stream is over. For a caller that handles
    /// many at once. With [`acknowledge`](crate::Subscription::acknowledge) they are done when the next ones are asked
    /// for.
    pub async fn next_batch(&mut self) -> Option<Result<Vec<Alert>, Error>> {
        poll_fn(|cx| self.poll_batch(cx)).await
    }

    /// Marks an alert of this stream as done, as [`Acknowledger::acknowledge`] does.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`](crate::Code::InvalidArgument) for an alert that this stream did not return to be
    /// acknowledged.
    pub fn acknowledge(&self, alert: &Alert) -> Result<bool, Error> {
        self.session.acknowledger.acknowledge(alert)
    }

    /// Acknowledges alerts of this stream from elsewhere, e.g. from the tasks that handle them.
    pub fn acknowledger(&self) -> Acknowledger {
        self.session.acknowledger.clone()
    }

    /// Ends the stream gracefully. With [`acknowledge_by_hand`](crate::Subscription::acknowledge_by_hand) it waits
    /// until every alert that was returned is acknowledged, for [`drain_timeout`](crate::Subscription::drain_timeout)
    /// at most; with [`acknowledge`](crate::Subscription::acknowledge) the alert that was returned last is not
    /// acknowledged by this. Either way, the server has received every acknowledgement when it returns.
    ///
    /// (Dropping a stream does not wait for handlers. What they acknowledged before is sent in the background, as long
    /// as the runtime lives; the rest goes to another subscriber.)
    pub async fn close(mut self) {
        if let Some(call) = self.session.leave() {
            if self.session.plan.acknowledge == Acknowledge::ByHand {
                // After a timeout, the rest goes to another subscriber.
                _ = tokio::time::timeout(self.session.plan.drain_timeout, call.requests.drained()).await;
            }
            call.finish().await;
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

    /// A caller that polls is done with the alerts that it had.
    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        if let Some(error) = self.held.take() {
            return Poll::Ready(Some(Err(error)));
        }
        if mem::take(&mut self.has_current)
            && self.session.plan.acknowledge == Acknowledge::Polled
            && let Some(call) = self.session.call()
        {
            call.requests.all_done();
        }
        self.poll_alert(cx)
    }

    fn poll_alert(&mut self, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        loop {
            let Some(message) = ready!(self.session.poll_message(cx)).transpose()? else {
                return Poll::Ready(None);
            };
            match message {
                Message::Alert(alert) => {
                    if let Some(alert) = self.take(alert) {
                        return Poll::Ready(Some(Ok(alert)));
                    }
                }
                // A reconnection starts there. In other modes the server keeps the place.
                Message::Scanned(sequence) if self.session.plan.request.broadcast => {
                    self.session.position = self.session.position.max(Some(sequence));
                }
                Message::Scanned(_) => {}
            }
        }
    }

    /// Processes an alert that arrived; `None` if the caller does not get it.
    fn take(&mut self, mut alert: Alert) -> Option<Alert> {
        let call = self.session.call()?;
        let (id, is_ours, start) = (call.id, call.is_ours, call.position);
        let plan = &self.session.plan;
        let acknowledges = plan.acknowledge != Acknowledge::Never;
        let place = if acknowledges { call.requests.received() } else { 0 };
        let loss = if is_ours { Loss::reported_by(&alert) } else { None };
        let is_restart = loss.as_ref().is_some_and(Loss::is_restart);
        // After a restart there is another log, with its own numbers.
        let position = if is_restart { start } else { self.session.position };
        let highest = position.unwrap_or(0);
        let is_repeated = plan.request.broadcast && alert.sequence != 0 && alert.sequence <= highest;
        let is_filtered = loss.is_none() && plan.filter.as_ref().is_some_and(|filter| !filter.passes(&alert));
        if is_repeated || is_filtered {
            if acknowledges {
                call.requests.done(place);
            }
            return None;
        }
        if plan.acknowledge == Acknowledge::ByHand {
            alert.origin = Origin { stream: self.session.acknowledger.stream(), call: id, place };
        }
        self.session.position = if alert.sequence > highest { Some(alert.sequence) } else { position };
        self.has_current = true;
        if let Some(loss) = loss {
            warn!(cause = %loss.cause, lost = loss.lost, "alerts lost");
            self.session.tell(StreamStatus::Lost { loss, alert: Box::new(alert.clone()) });
        }
        Some(alert)
    }
}

impl Stream for AlertStream {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        self.poll_item(cx)
    }
}

impl FusedStream for AlertStream {
    fn is_terminated(&self) -> bool {
        self.held.is_none() && self.session.has_ended()
    }
}

impl Drop for AlertStream {
    fn drop(&mut self) {
        let Some(call) = self.session.leave() else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(call.finish());
        }
    }
}

impl fmt::Debug for AlertStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlertStream").field("session", &self.session).finish_non_exhaustive()
    }
}
