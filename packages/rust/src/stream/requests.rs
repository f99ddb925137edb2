use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use futures_core::Stream;
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep};

use super::acknowledgements::Acknowledgements;
use crate::contract::outputs::Request;

/// How long an acknowledgement waits for others to be sent with it.
const COALESCE: Duration = Duration::from_millis(1);

/// What a client sends on a `sub` stream: a first request at once, then polls or counts of acknowledged alerts, until
/// its handle half-closes. HTTP/2 polls it independently of the alerts, so that its timers run by themselves.
pub(super) struct Requests {
    shared: Arc<Shared>,
    alarm: Option<Pin<Box<Sleep>>>,
}

/// Says what to send. It half-closes when it is dropped.
#[derive(Debug)]
pub(super) struct RequestsHandle(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Everything is acknowledged, or the call is over.
    drained: Notify,
}

#[derive(Debug)]
struct State {
    first: Option<Request>,
    acknowledgements: Acknowledgements,
    /// When the count of acknowledged alerts must be sent.
    due: Option<Instant>,
    polling: Option<Polling>,
    has_ended: bool,
    waker: Option<Waker>,
}

/// Asks Falco's own server for alerts, which answers each request with what it has, and sends nothing without one.
#[derive(Debug)]
struct Polling {
    interval: Duration,
    next: Instant,
}

impl Requests {
    /// `poll_interval` is `None` if the server needs no polling.
    pub(super) fn new(first: Request, poll_interval: Option<Duration>) -> (Self, RequestsHandle) {
        let polling = poll_interval.map(|interval| Polling { interval, next: Instant::now() + interval });
        let state = State {
            first: Some(first),
            acknowledgements: Acknowledgements::default(),
            due: None,
            polling,
            has_ended: false,
            waker: None,
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), drained: Notify::new() });
        (Self { shared: shared.clone(), alarm: None }, RequestsHandle(shared))
    }
}

impl Stream for Requests {
    type Item = Request;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Request>> {
        loop {
            let now = Instant::now();
            let next = {
                let mut state = self.shared.lock();
                if let Some(request) = state.take(now) {
                    return Poll::Ready(Some(request));
                }
                if state.has_ended {
                    return Poll::Ready(None);
                }
                state.waker = Some(cx.waker().clone());
                state.next()
            };
            let Some(next) = next else {
                return Poll::Pending;
            };
            let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(next)));
            alarm.as_mut().reset(next);
            ready!(alarm.as_mut().poll(cx));
        }
    }
}

/// HTTP/2 drops it when the call is over.
impl Drop for Requests {
    fn drop(&mut self) {
        self.shared.lock().has_ended = true;
        self.shared.drained.notify_waiters();
    }
}

impl State {
    /// The request that is due.
    fn take(&mut self, now: Instant) -> Option<Request> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        let is_due = self.has_ended || self.due.is_some_and(|due| due <= now);
        if self.acknowledgements.is_urgent() || (is_due && self.acknowledgements.is_unsent()) {
            self.due = None;
            return Some(Request { acknowledged: Some(self.acknowledgements.send()), ..Request::default() });
        }
        let polling = self.polling.as_mut().filter(|polling| !self.has_ended && polling.next <= now)?;
        polling.next += polling.interval;
        if polling.next <= now {
            // After a suspension, one request makes up for all that were missed.
            polling.next = now + polling.interval;
        }
        Some(Request::default())
    }

    /// When the next request may be due.
    fn next(&self) -> Option<Instant> {
        let poll = self.polling.as_ref().map(|polling| polling.next);
        self.due.into_iter().chain(poll).min()
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl Shared {
    /// Returns whether the change still counts.
    fn acknowledge(&self, change: impl FnOnce(&mut Acknowledgements) -> bool) -> bool {
        let mut state = self.lock();
        if state.has_ended || !change(&mut state.acknowledgements) {
            return false;
        }
        if state.acknowledgements.is_unsent() && state.due.is_none() {
            state.due = Some(Instant::now() + COALESCE);
            state.wake();
        } else if state.acknowledgements.is_urgent() {
            state.wake();
        }
        if state.acknowledgements.is_complete() {
            self.drained.notify_waiters();
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RequestsHandle {
    /// Sets how many responses may be unacknowledged, from the response's header.
    pub(super) fn set_window(&self, window: u64) {
        self.0.lock().acknowledgements.set_window(window);
    }

    /// Counts one more response; returns its place among them.
    pub(super) fn received(&self) -> u64 {
        self.0.lock().acknowledgements.received()
    }

    pub(super) fn done(&self, place: u64) {
        self.0.acknowledge(|acknowledgements| acknowledgements.done(place));
    }

    pub(super) fn all_done(&self) {
        self.0.acknowledge(Acknowledgements::all_done);
    }

    /// Waits until everything that was received is done, or the call is over.
    pub(super) async fn drained(&self) {
        loop {
            let drained = self.0.drained.notified();
            {
                let state = self.0.lock();
                if state.has_ended || state.acknowledgements.is_complete() {
                    return;
                }
            }
            drained.await;
        }
    }

    pub(super) fn stop_polling(&self) {
        self.0.lock().polling = None;
    }

    /// Half-closes, once what is done was sent.
    pub(super) fn end(&self) {
        let mut state = self.0.lock();
        state.has_ended = true;
        state.wake();
    }

    /// The same stream's requests, for an acknowledger.
    pub(super) fn share(&self) -> AcknowledgedRequests {
        AcknowledgedRequests(self.0.clone())
    }
}

impl Drop for RequestsHandle {
    fn drop(&mut self) {
        self.end();
    }
}

/// A handle that only acknowledges, and keeps no stream open.
#[derive(Debug)]
pub(super) struct AcknowledgedRequests(Arc<Shared>);

impl AcknowledgedRequests {
    /// Returns whether it still counts.
    pub(super) fn done(&self, place: u64) -> bool {
        self.0.acknowledge(|acknowledgements| acknowledgements.done(place))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    async fn next(requests: &mut Requests) -> Option<Request> {
        poll_fn(|cx| Pin::new(&mut *requests).poll_next(cx)).await
    }

    #[tokio::test(start_paused = true)]
    async fn polls_at_fixed_ticks() {
        let interval = Duration::from_millis(100);
        let start = Instant::now();
        let (mut requests, _handle) = Requests::new(Request::default(), Some(interval));
        next(&mut requests).await.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
        for tick in 1..=10 {
            // A reader that is a little late does not delay later ticks.
            tokio::time::advance(Duration::from_millis(30)).await;
            next(&mut requests).await.unwrap();
            assert_eq!(start.elapsed(), tick * interval);
        }
    }
}
