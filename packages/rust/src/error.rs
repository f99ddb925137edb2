use std::error::Error as StdError;
use std::fmt;

use crate::code::Code;

/// The error type of this crate: a gRPC code, what was tried, what went wrong and what to do about it.
pub struct Error(Box<Inner>);

type Source = Box<dyn StdError + Send + Sync>;

struct Inner {
    code: Code,
    message: String,
    tried: Option<String>,
    from_server: bool,
    is_final: bool,
    source: Option<Source>,
}

impl Error {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        let message = message.into();
        Self(Box::new(Inner {
            code,
            message,
            tried: None,
            from_server: false,
            is_final: false,
            source: None,
        }))
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    pub(crate) fn tried(mut self, tried: impl Into<String>) -> Self {
        self.0.tried = Some(tried.into());
        self
    }

    pub(crate) fn caused_by(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn sent_by_server(mut self) -> Self {
        self.0.from_server = true;
        self
    }

    /// Another attempt would end the same way.
    pub(crate) fn finally(mut self) -> Self {
        self.0.is_final = true;
        self
    }

    /// The gRPC status code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What went wrong: the server's words, or this crate's.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What was being done, e.g. `sub on unix:///run/falco/falco.sock`; `None` if there was no call.
    pub fn what_was_tried(&self) -> Option<&str> {
        self.0.tried.as_deref()
    }

    /// Whether the server sent this error. If not, it comes from this side or from the connection.
    pub fn is_from_server(&self) -> bool {
        self.0.from_server
    }

    /// Whether another attempt may succeed.
    pub(crate) fn is_transient(&self) -> bool {
        match self.code() {
            _ if self.0.is_final => false,
            Code::Unavailable | Code::Aborted | Code::ResourceExhausted => true,
            Code::InvalidArgument
            | Code::PermissionDenied
            | Code::Unauthenticated
            | Code::Unimplemented
            | Code::OutOfRange
            | Code::DeadlineExceeded => false,
            _ => !self.is_from_server(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(tried) = self.what_was_tried() {
            write!(f, "{tried}: ")?;
        }
        f.write_str(self.message())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("code", &self.0.code)
            .field("message", &self.0.message)
            .field("tried", &self.0.tried)
            .field("from_server", &self.0.from_server)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as _)
    }
}
