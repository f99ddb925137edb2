use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep};

use super::explain::{self, Peer};
use super::goaway::GoAway;
use super::health::Health;

pub(super) trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Socket for S {}

/// A socket that records how it failed. It also fails when its connection is given up, and if the other side sends
/// nothing in time: an HTTP/2 server sends its first frame without being asked. The receiver completes then.
pub(super) struct Watched {
    socket: Box<dyn Socket>,
    peer: Peer,
    health: Arc<Health>,
    goaway: GoAway,
    /// `None` once the other side has sent something.
    patience: Option<Patience>,
}

struct Patience {
    until: Pin<Box<Sleep>>,
    /// Signals that the other side speaks HTTP/2; dropped if it does not.
    heard: oneshot::Sender<()>,
}

/// The offset of the type in an HTTP/2 frame, and the type of the first frame that each side sends.
const FRAME_TYPE: usize = 3;
const SETTINGS: u8 = 4;

impl Watched {
    pub(super) fn new(
        socket: Box<dyn Socket>,
        peer: Peer,
        deadline: Instant,
        health: Arc<Health>,
    ) -> (Self, oneshot::Receiver<()>) {
        let (heard, spoke) = oneshot::channel();
        let patience = Some(Patience { until: Box::pin(tokio::time::sleep_until(deadline)), heard });
        (Self { socket, peer, health, goaway: GoAway::default(), patience }, spoke)
    }

    fn tell<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result {
            self.health.fail(explain::lost(error, self.peer, self.patience.is_none()));
        }
        result
    }

    /// Called when the other side sends something for the first time.
    fn heard(&mut self, first: &[u8]) {
        let Some(patience) = self.patience.take() else { return };
        if first.get(FRAME_TYPE).is_some_and(|&frame_type| frame_type != SETTINGS) {
            self.health.fail(explain::foreign(self.peer));
        } else {
            // It fails if nobody waits for the connection any longer.
            _ = patience.heard.send(());
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        match Pin::new(&mut self.socket).poll_read(cx, buf) {
            Poll::Ready(Ok(())) if buf.filled().len() > before => {
                let bytes = &buf.filled()[before..];
                if self.patience.is_some() {
                    self.heard(bytes);
                }
                if let Some(failure) = self.goaway.read(bytes) {
                    self.health.fail(failure);
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Ok(())) => {
                self.health.fail(explain::closed(self.peer, self.patience.is_none()));
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(self.tell(Err(error))),
            Poll::Pending => {
                if self.health.poll_given_up(cx).is_ready() {
                    return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
                }
                let Some(patience) = &mut self.patience else { return Poll::Pending };
                ready!(patience.until.as_mut().poll(cx));
                self.health.fail(explain::timed_out());
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write(cx, buf);
        result.map(|result| self.tell(result))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.socket).poll_flush(cx);
        result.map(|result| self.tell(result))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write_vectored(cx, bufs);
        result.map(|result| self.tell(result))
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }
}
