use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::channel::Record;
use super::failure::Failure;

/// The body of an answer. It fails if it ends without a gRPC status: then the stream was cut on the way.
#[derive(Debug)]
pub(crate) struct Answer {
    body: Incoming,
    has_status: bool,
    record: Arc<Record>,
}

impl Answer {
    pub(super) fn new(body: Incoming, has_status: bool, record: Arc<Record>) -> Self {
        Self { body, has_status, record }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    self.has_status |= self.record.look_at(trailers);
                }
                Some(Ok(frame))
            }
            Some(Err(error)) => Some(Err(error.into())),
            None if self.has_status => None,
            None => {
                let cut = self.record.failure();
                Some(Err(cut.unwrap_or_else(|| Failure::new("the stream was cut on the way")).into()))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.has_status && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
