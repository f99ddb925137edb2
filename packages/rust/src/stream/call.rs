use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use tonic::metadata::MetadataMap;
use tonic::{Status, Streaming};

use super::requests::{Requests, RequestsHandle};
use crate::connection::{Connection, request};
use crate::contract::outputs::{Request, Response};
use crate::contract::{POSITION_HEADER, VERSION_HEADER, WINDOW_HEADER};
use crate::error::Error;
use crate::refusal::Method;

/// How long the server may take to end a stream that was half-closed.
const FAREWELL: Duration = Duration::from_secs(1);

/// What is needed to open a call.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) connection: Arc<Connection>,
    pub(super) method: Method,
    pub(super) request: Request,
    pub(super) needs_our_server: bool,
    pub(super) poll_interval: Duration,
    pub(super) metadata: MetadataMap,
    pub(super) timeout: Option<Duration>,
}

/// One call of a stream: from its request to its end, or to the loss of the connection. Dropping it cancels it.
#[derive(Debug)]
pub(super) struct Call {
    /// Unlike that of any other call of this process.
    pub(super) id: u64,
    messages: Streaming<Response>,
    pub(super) requests: RequestsHandle,
    polls: bool,
    /// Whether our server answers, and not Falco's own.
    pub(super) is_ours: bool,
    /// The sequence number behind which it starts; nothing from Falco itself.
    pub(super) position: Option<u64>,
}

impl Opening {
    pub(super) async fn open(self) -> Result<Call, Error> {
        let Self { connection, method, metadata, timeout, needs_our_server, .. } = self;
        if needs_our_server {
            connection.assert_our_server(&metadata, timeout).await?;
        }
        let polls = method == Method::Sub && !needs_our_server;
        let (requests, handle) = Requests::new(self.request.clone(), polls.then_some(self.poll_interval));
        let mut client = connection.outputs();
        let response = match method {
            Method::Sub => client.sub(request(requests, &metadata, timeout)).await,
            Method::Get => client.get(request(self.request, &metadata, timeout)).await,
        };
        match response {
            Ok(response) => Ok(Call::new(response, handle, polls)),
            Err(status) => Err(connection.error(method.name(), status)),
        }
    }
}

impl Call {
    fn new(response: tonic::Response<Streaming<Response>>, requests: RequestsHandle, polls: bool) -> Self {
        static CALLS: AtomicU64 = AtomicU64::new(1);
        let header = response.metadata();
        let number = |name| header.get(name)?.to_str().ok()?.parse().ok();
        let is_ours = header.contains_key(VERSION_HEADER);
        let position = number(POSITION_HEADER);
        if let Some(window) = number(WINDOW_HEADER) {
            requests.set_window(window);
        }
        if is_ours {
            requests.stop_polling();
        }
        Self {
            id: CALLS.fetch_add(1, Ordering::Relaxed),
            messages: response.into_inner(),
            requests,
            polls: polls && !is_ours,
            is_ours,
            position,
        }
    }

    /// Whether our server refuses the call: it says where a stream starts when it opens one. The error is what comes.
    pub(super) fn is_refused(&self) -> bool {
        self.is_ours && self.position.is_none()
    }

    pub(super) fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Response, Status>>> {
        let message = Pin::new(&mut self.messages).poll_next(cx);
        if self.polls && message.is_ready() {
            self.requests.alert_came();
        }
        message
    }

    /// Ends the call so that the last acknowledgement arrives, which a cancel could overtake: half-closes, and waits for
    /// the server to end the stream.
    pub(super) async fn finish(mut self) {
        self.requests.end();
        let drained = async { while let Ok(Some(_)) = self.messages.message().await {} };
        // Whatever did not arrive was not acknowledged, and comes again.
        _ = tokio::time::timeout(FAREWELL, drained).await;
    }
}
