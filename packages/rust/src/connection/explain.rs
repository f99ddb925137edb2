use std::error::Error as StdError;
use std::io::{self, ErrorKind};

use h2::Reason;
use tonic::Status;

use super::channel::Record;
use super::failure::Failure;
use crate::code::Code;
use crate::error::Error;

/// What is on the other side of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    Unix,
    Tcp,
    /// Opened by the caller's connector.
    Custom,
    #[cfg(feature = "tls")]
    Tls,
}

const CLOSED: &str = "the connection was closed by the other side";

/// Explains a failed call: what happened, and what to do.
pub(super) fn explain(status: Status, record: &Record) -> Error {
    if record.has_status(&status) {
        return Error::new(Code::from_number(status.code().into()), status.message()).sent_by_server();
    }
    if status.source().is_none() {
        return unreadable(status);
    }
    let failure = chain(&status).find_map(|error| error.downcast_ref::<Failure>()).cloned();
    if let Some(Failure { code, message }) = failure {
        let error = Error::new(code, message).caused_by(status);
        // The next attempt would get the same alert, which cannot be decoded.
        return if code == Code::Internal { error.finally() } else { error };
    }
    let failure = of_http2(&status)
        .or_else(|| record.failure())
        .or_else(|| of_pings(&status))
        .unwrap_or_else(|| Failure::new(innermost(&status)));
    Error::from(failure).caused_by(status)
}

/// A message that tonic refused. The next attempt would get the same one.
fn unreadable(status: Status) -> Error {
    let error = match status.code() {
        tonic::Code::OutOfRange => Error::new(
            Code::ResourceExhausted,
            format!("a message is larger than max_message_bytes allows: {}", status.message()),
        ),
        _ => Error::new(Code::Internal, format!("a message cannot be read: {}", status.message())),
    };
    error.finally().caused_by(status)
}

/// What HTTP/2 itself reports.
fn of_http2(status: &Status) -> Option<Failure> {
    let error = chain(status).find_map(|error| error.downcast_ref::<h2::Error>())?;
    if !error.is_remote() {
        return None;
    }
    match error.reason()? {
        // Our server has no other way to tell a client that does not read.
        Reason::ENHANCE_YOUR_CALM if error.is_reset() => {
            let message = "the server ended the stream: it was read too slowly";
            Some(Failure::with(Code::ResourceExhausted, message))
        }
        Reason::REFUSED_STREAM => Some(Failure::new(
            "the server refused the stream: it closes the connection, or has too many streams",
        )),
        reason => (error.is_reset() || reason == Reason::NO_ERROR).then(|| Failure::new(CLOSED)),
    }
}

/// A connection that broke although the socket did not: hyper closed it, because a ping was not answered. A call
/// without a response gets that error; a call with one gets a broken pipe.
fn of_pings(status: &Status) -> Option<Failure> {
    let is_unanswered = |error: &(dyn StdError + 'static)| {
        let broken = error.downcast_ref::<h2::Error>().and_then(h2::Error::get_io);
        broken.is_some_and(|io| io.kind() == ErrorKind::BrokenPipe)
            || error.to_string() == "keep-alive timed out"
    };
    chain(status)
        .any(is_unanswered)
        .then(|| Failure::new("the connection is dead: the other side does not answer pings"))
}

fn innermost(status: &Status) -> String {
    chain(status).last().map_or_else(|| status.message().into(), ToString::to_string)
}

/// The causes of a status, outermost first.
fn chain(status: &Status) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(status.source(), |&error| error.source())
}

pub(super) fn timed_out() -> Failure {
    Failure::new("no connection came about in time: does something answer at this address?")
}

pub(super) fn no_host(error: &io::Error) -> Failure {
    Failure::new(format!("the host's name could not be resolved: {error}"))
}

/// Why no connection could be made.
pub(super) fn unreachable(error: &io::Error, peer: Peer) -> Failure {
    let message = match (peer, error.kind()) {
        (Peer::Unix, ErrorKind::NotFound) => {
            "there is no such socket: is the server running, and does it listen there?"
        }
        (Peer::Unix, ErrorKind::NotADirectory) => {
            "there is no such socket: a part of its path is not a folder"
        }
        (Peer::Unix, ErrorKind::ConnectionRefused) => {
            "nobody listens there: the server that made this socket is gone, or it is not a socket"
        }
        (Peer::Unix, ErrorKind::PermissionDenied) => {
            let message = "no permission to connect: the socket's mode and group decide who may";
            return Failure::with(Code::PermissionDenied, message);
        }
        (_, ErrorKind::ConnectionRefused) => {
            "connection refused: is the server running, and does it listen on this port?"
        }
        (_, ErrorKind::HostUnreachable) => "the host cannot be reached",
        (_, ErrorKind::NetworkUnreachable) => "the host's network cannot be reached",
        (_, ErrorKind::TimedOut) => return timed_out(),
        _ => return lost(error, peer, false),
    };
    Failure::new(message)
}

/// Why a connection failed.
pub(super) fn lost(error: &io::Error, peer: Peer, spoke: bool) -> Failure {
    #[cfg(feature = "tls")]
    if let Some(message) = super::tls::explain(error) {
        return Failure::new(message);
    }
    match error.kind() {
        ErrorKind::UnexpectedEof => closed(peer, spoke),
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe if !spoke => closed(peer, spoke),
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => Failure::new("the connection was lost"),
        _ => Failure::new(error.to_string()),
    }
}

/// The other side speaks something other than HTTP/2.
pub(super) fn foreign(peer: Peer) -> Failure {
    Failure::new(match peer {
        Peer::Unix => "the other side does not speak HTTP/2: is this a server's gRPC socket?",
        Peer::Tcp => "the other side does not speak HTTP/2 here: does it expect TLS?",
        Peer::Custom => "the other side does not speak HTTP/2",
        #[cfg(feature = "tls")]
        Peer::Tls => super::tls::NO_HTTP2,
    })
}

/// The other side closed the connection. An HTTP/2 server does not do so before its first frame.
pub(super) fn closed(peer: Peer, spoke: bool) -> Failure {
    Failure::new(match peer {
        _ if spoke => CLOSED,
        Peer::Unix => {
            "the other side closed the connection without an answer: is this a server's gRPC socket?"
        }
        Peer::Tcp => "the server closed the connection without an answer: does it expect TLS?",
        Peer::Custom => "the other side closed the connection without an answer",
        #[cfg(feature = "tls")]
        Peer::Tls => {
            "the server closed the connection without an answer: most often it refuses this client's certificate, which has to be valid and signed by an authority of the server's"
        }
    })
}
