use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use http::{Request, Response, StatusCode};
use tonic::Status;
use tonic::body::Body;
use tower_service::Service;

use super::answer::Answer;
use super::failure::Failure;
use super::health::Health;
use super::links::Links;
use crate::contract::VERSION_HEADER;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

const US: HeaderValue = HeaderValue::from_static(concat!("falco-outputs-rust/", env!("CARGO_PKG_VERSION")));
const GRPC: &[u8] = b"application/grpc";
const GRPC_STATUS: &str = "grpc-status";
/// How often a request may be sent in all. It is sent again if its connection had already ended.
const MAX_SENDS: u32 = 3;

/// What tonic does not report about a call.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// Our server answered: it sent our header.
    is_ours: AtomicBool,
    /// A gRPC status arrived.
    has_status: AtomicBool,
    /// The health of the connection that the call uses.
    health: Mutex<Option<Arc<Health>>>,
}

impl Record {
    pub(crate) fn is_ours(&self) -> bool {
        self.is_ours.load(Ordering::Relaxed)
    }

    /// Whether the status of a failed call came from the server. If not, tonic made it from an error on this side.
    pub(crate) fn has_status(&self, status: &Status) -> bool {
        self.has_status.load(Ordering::Relaxed) && std::error::Error::source(status).is_none()
    }

    pub(super) fn failure(&self) -> Option<Failure> {
        self.health()?.failure()
    }

    /// New calls take another connection.
    pub(super) fn retire_connection(&self) {
        if let Some(health) = self.health() {
            health.retire();
        }
    }

    /// Ends the call's connection, and with it every call on it.
    pub(crate) fn give_up_connection(&self, failure: Failure) {
        if let Some(health) = self.health() {
            health.give_up(failure);
        }
    }

    fn health(&self) -> Option<Arc<Health>> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn takes(&self, health: Arc<Health>) {
        *self.health.lock().unwrap_or_else(PoisonError::into_inner) = Some(health);
    }

    /// Looks at an answer's headers or trailers, and returns whether they have a status.
    pub(super) fn look_at(&self, headers: &HeaderMap) -> bool {
        if headers.contains_key(VERSION_HEADER) {
            self.is_ours.store(true, Ordering::Relaxed);
        }
        let has_status = headers.contains_key(GRPC_STATUS);
        if has_status {
            self.has_status.store(true, Ordering::Relaxed);
        }
        has_status
    }
}

/// Carries one call over the current connection.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    links: Arc<Links>,
    record: Arc<Record>,
}

impl Channel {
    pub(super) fn new(links: Arc<Links>, record: Arc<Record>) -> Self {
        Self { links, record }
    }

    async fn send(self, mut request: Request<Body>) -> Result<Response<Answer>, BoxError> {
        request.headers_mut().insert(USER_AGENT, US);
        let mut sends = 0;
        loop {
            sends += 1;
            let mut link = self.links.get().await?;
            self.record.takes(link.health.clone());
            match link.send(request).await {
                Ok(response) => return Ok(self.take(response)?),
                Err(mut error) => match error.take_message() {
                    // The connection ended before the request was sent.
                    Some(unsent) if sends < MAX_SENDS => request = unsent,
                    _ => return Err(error.into_error().into()),
                },
            }
        }
    }

    /// Accepts an answer if it is gRPC's.
    fn take(self, response: Response<hyper::body::Incoming>) -> Result<Response<Answer>, Failure> {
        let status = response.status();
        let content_type = response.headers().get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
        if status != StatusCode::OK {
            return Err(Failure::new(format!(
                "the answer is HTTP {} and not gRPC: is there a proxy on the way that cannot reach its server?",
                status.as_u16()
            )));
        }
        if !content_type.starts_with(GRPC) {
            return Err(Failure::new("the answer is not gRPC's: is this the address of a gRPC server?"));
        }
        let has_status = self.record.look_at(response.headers());
        Ok(response.map(|body| Answer::new(body, has_status, self.record)))
    }
}

impl Service<Request<Body>> for Channel {
    type Response = Response<Answer>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.clone().send(request))
    }
}
