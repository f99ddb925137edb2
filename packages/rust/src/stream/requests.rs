use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use futures_core::Stream;
use tokio::time::{Instant, Sleep};

use super::acknowledgements::Acknowledgements;
use crate::contract::outputs::Request;

/// The longest that an acknowledgement waits for others to go with it.
const COALESCE: Duration = Duration::from_millis(1);

/// What a client sends on a `sub` stream: a first request at once, then polls or counts of acknowledged alerts, until
/// its handle half-closes. HTTP/2 reads it beside whoever polls the alerts, so that its clocks run by themselves.
pub(super) struct Requests {
    shared: Arc<Mutex<Shared>>,
    alarm: Option<Pin<Box<Sleep>>>,
}

/// Tells what to send. It half-closes when it is dropped.
#[derive(Debug)]
pub(super) struct RequestsHandle(Arc<Mutex<Shared>>);

#[derive(Debug)]
struct Shared {
    first: Option<Request>,
    acknowledgements: Acknowledgements,
    /// When what is done has to be sent.
    due: Option<Instant>,
    polling: Option<Polling>,
    has_ended: bool,
    waker: Option<Waker>,
}

/// Asks Falco's own server for alerts, as it expects, while none comes.
#[derive(Debug)]
struct Polling {
    interval: Duration,
    next: Instant,
    is_idle: bool,
}

impl Requests {
    /// `poll_interval`: none if the server needs no asking.
    pub(super) fn new(first: Request, poll_interval: Option<Duration>) -> (Self, RequestsHandle) {
        let polling = poll_interval.map(|interval| Polling {
            interval,
            next: Instant::now() + interval,
            is_idle: true,
        });
        let shared = Arc::new(Mutex::new(Shared {
            first: Some(first),
            acknowledgements: Acknowledgements::default(),
            due: None,
            polling,
            has_ended: false,
            waker: None,
        }));
        (Self { shared: shared.clone(), alarm: None }, RequestsHandle(shared))
    }
}

impl Stream for Requests {
    type Item = Request;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Request>> {
        loop {
            let now = Instant::now();
            let next = {
                let mut shared = lock(&self.shared);
                if let Some(request) = shared.take(now) {
                    return Poll::Ready(Some(request));
                }
                if shared.has_ended {
                    return Poll::Ready(None);
                }
                shared.waker = Some(cx.waker().clone());
                shared.next()
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

impl Shared {
    /// What is to be sent by now.
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
        polling.next = now + polling.interval;
        let was_idle = std::mem::replace(&mut polling.is_idle, true);
        was_idle.then(Request::default)
    }

    /// When to look again.
    fn next(&self) -> Option<Instant> {
        let poll = self.polling.as_ref().map(|polling| polling.next);
        self.due.into_iter().chain(poll).min()
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn acknowledge(&mut self, change: impl FnOnce(&mut Acknowledgements)) {
        change(&mut self.acknowledgements);
        if self.acknowledgements.is_unsent() && self.due.is_none() {
            self.due = Some(Instant::now() + COALESCE);
            self.wake();
        } else if self.acknowledgements.is_urgent() {
            self.wake();
        }
    }
}

impl RequestsHandle {
    /// Of the response's header: how many responses may be unacknowledged.
    pub(super) fn set_window(&self, window: u64) {
        self.lock().acknowledgements.set_window(window);
    }

    /// Counts one more response; gives its place among them.
    pub(super) fn received(&self) -> u64 {
        self.lock().acknowledgements.received()
    }

    pub(super) fn done(&self, place: u64) {
        self.lock().acknowledge(|acknowledgements| acknowledgements.done(place));
    }

    pub(super) fn all_done(&self) {
        self.lock().acknowledge(Acknowledgements::all_done);
    }

    /// An alert came: whoever sends some needs no asking for a while.
    pub(super) fn alert_came(&self) {
        if let Some(polling) = &mut self.lock().polling {
            polling.is_idle = false;
        }
    }

    pub(super) fn stop_polling(&self) {
        self.lock().polling = None;
    }

    /// Half-closes, once what is done was sent.
    pub(super) fn end(&self) {
        let mut shared = self.lock();
        shared.has_ended = true;
        shared.wake();
    }

    /// The same stream's requests, for an acknowledger.
    pub(super) fn share(&self) -> AcknowledgedRequests {
        AcknowledgedRequests(self.0.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        lock(&self.0)
    }
}

impl Drop for RequestsHandle {
    fn drop(&mut self) {
        self.end();
    }
}

/// A handle that only acknowledges, and keeps no stream open.
#[derive(Debug)]
pub(super) struct AcknowledgedRequests(Arc<Mutex<Shared>>);

impl AcknowledgedRequests {
    pub(super) fn done(&self, place: u64) {
        lock(&self.0).acknowledge(|acknowledgements| acknowledgements.done(place));
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
