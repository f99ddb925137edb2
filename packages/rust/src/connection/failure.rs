use std::fmt;
use std::sync::Arc;

use crate::code::Code;
use crate::error::Error;

/// Why there is no connection, or no answer: what happened, and what to do.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
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

/// For tonic, which returns it as the call's error.
impl From<Failure> for tonic::Status {
    fn from(failure: Failure) -> Self {
        let mut status = Self::new(tonic::Code::from_i32(failure.code.into()), &*failure.message);
        status.set_source(Arc::new(failure));
        status
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::new(failure.code, &*failure.message).caused_by(failure)
    }
}
