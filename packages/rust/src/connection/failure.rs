use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::code::Code;
use crate::error::Error;

/// Why there is no connection, or no answer: what happened, and what to do.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) message: String,
}

impl Failure {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self::with(Code::Unavailable, message)
    }

    pub(crate) fn with(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::new(failure.code, &*failure.message).caused_by(failure)
    }
}

/// Why a connection failed. A call gets only what HTTP/2 made of it, which drops the reason.
#[derive(Debug, Default)]
pub(super) struct LastFailure(Mutex<Option<Failure>>);

impl LastFailure {
    /// The first word on a connection counts: what follows is its consequence.
    pub(super) fn tell(&self, failure: Failure) {
        self.lock().get_or_insert(failure);
    }

    pub(super) fn get(&self) -> Option<Failure> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Failure>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
