use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use http::uri::PathAndQuery;
use tokio::time::Instant;
use tonic::metadata::MetadataMap;
use tonic::{Status, Streaming};

use super::requests::{Requests, RequestsHandle};
use super::silence::Silence;
use crate::alert_codec::{AlertCodec, Message};
use crate::connection::{Connection, Failure, Record, request};
use crate::contract::outputs::Request;
use crate::contract::{HEARTBEAT_HEADER, POSITION_HEADER, WINDOW_HEADER};
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
    /// Unique in this process.
    pub(super) id: u64,
    messages: Streaming<Message>,
    /// `None` if the server promises no heartbeats.
    silence: Option<Silence>,
    pub(super) requests: RequestsHandle,
    /// Whether the server is ours, and not Falco's own.
    pub(super) is_ours: bool,
    /// The sequence number after which it starts; `None` from Falco itself.
    pub(super) position: Option<u64>,
    pub(super) record: Arc<Record>,
    pub(super) opened: Instant,
}

impl Opening {
    pub(super) async fn open(self) -> Result<Call, Error> {
        let Self { connection, method, metadata, timeout, needs_our_server, .. } = self;
        if needs_our_server {
            connection.assert_our_server(&metadata, timeout).await?;
        }
        let polls = method == Method::Sub && !needs_our_server;
        let (requests, handle) = Requests::new(self.request.clone(), polls.then_some(self.poll_interval));
        let (mut grpc, record) = connection.grpc();
        let response = match method {
            Method::Sub => {
                let path = PathAndQuery::from_static("/falco.outputs.service/sub");
                grpc.streaming(request(requests, &metadata, timeout), path, AlertCodec).await
            }
            Method::Get => {
                let path = PathAndQuery::from_static("/falco.outputs.service/get");
                grpc.server_streaming(request(self.request, &metadata, timeout), path, AlertCodec).await
            }
        };
        match response {
            Ok(response) => Ok(Call::new(response, handle, record)),
            Err(status) => Err(connection.error(method.name(), status, &record)),
        }
    }
}

impl Call {
    fn new(
        response: tonic::Response<Streaming<Message>>,
        requests: RequestsHandle,
        record: Arc<Record>,
    ) -> Self {
        static CALLS: AtomicU64 = AtomicU64::new(1);
        let header = response.metadata();
        let number = |name| header.get(name)?.to_str().ok()?.parse().ok();
        let is_ours = record.is_ours();
        let position = number(POSITION_HEADER);
        if let Some(window) = number(WINDOW_HEADER) {
            requests.set_window(window);
        }
        if is_ours {
            requests.stop_polling();
        }
        Self {
            id: CALLS.fetch_add(1, Ordering::Relaxed),
            silence: number(HEARTBEAT_HEADER).and_then(Silence::new),
            messages: response.into_inner(),
            requests,
            is_ours,
            position,
            record,
            opened: Instant::now(),
        }
    }

    /// Whether our server refuses the call: it sends no position then. The error follows.
    pub(super) fn is_refused(&self) -> bool {
        self.is_ours && self.position.is_none()
    }

    pub(super) fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, Status>>> {
        let message = Pin::new(&mut self.messages).poll_next(cx);
        let Some(silence) = &mut self.silence else { return message };
        if message.is_ready() {
            silence.heard();
            return message;
        }
        let length = ready!(silence.poll_too_long(cx));
        let dead =
            Failure::new(format!("nothing was heard for {} ms: the connection is dead", length.as_millis()));
        // A new call on it would hang as well.
        self.record.give_up_connection(dead.clone());
        Poll::Ready(Some(Err(dead.into())))
    }

    /// Half-closes the call, and waits for the server to end the stream. A cancel could overtake the last
    /// acknowledgement.
    pub(super) async fn finish(mut self) {
        self.requests.end();
        let drained = async { while let Ok(Some(_)) = self.messages.message().await {} };
        // After a timeout, the server sends again what it does not know to be acknowledged.
        _ = tokio::time::timeout(FAREWELL, drained).await;
    }
}
