use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::failure::Failure;

/// What is known of one connection: whether it can be used, and why it failed. A call gets only what HTTP/2 made of a
/// failure, which drops the reason.
#[derive(Debug, Default)]
pub(super) struct Health(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failure: Option<Failure>,
    is_retired: bool,
    is_given_up: bool,
    /// Reads the socket.
    reader: Option<Waker>,
}

impl Health {
    /// The first reason counts: what follows is its consequence.
    pub(super) fn fail(&self, failure: Failure) {
        self.lock().failure.get_or_insert(failure);
    }

    pub(super) fn failure(&self) -> Option<Failure> {
        self.lock().failure.clone()
    }

    /// New calls take another connection; those that run go on.
    pub(super) fn retire(&self) {
        self.lock().is_retired = true;
    }

    pub(super) fn is_retired(&self) -> bool {
        self.lock().is_retired
    }

    /// Ends the connection, and with it every call on it.
    pub(super) fn give_up(&self, failure: Failure) {
        let mut state = self.lock();
        state.failure.get_or_insert(failure);
        state.is_retired = true;
        state.is_given_up = true;
        if let Some(reader) = state.reader.take() {
            reader.wake();
        }
    }

    /// Ready once the connection was given up.
    pub(super) fn poll_given_up(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.is_given_up {
            return Poll::Ready(());
        }
        if !state.reader.as_ref().is_some_and(|reader| reader.will_wake(cx.waker())) {
            state.reader = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
