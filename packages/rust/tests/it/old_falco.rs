use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixListener;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::{ReceiverStream, UnixListenerStream};
use tokio_stream::{Stream, StreamExt};
use tonic::transport::server::Connected;
use tonic::{Request, Response, Status, Streaming};

// In separate modules, because they refer to one another by their packages.
#[allow(dead_code, non_camel_case_types, unreachable_pub)]
mod stubs {
    pub(super) mod outputs {
        include!("old_falco/gen/falco.outputs.rs");
    }
    mod schema {
        include!("old_falco/gen/falco.schema.rs");
    }
    pub(super) mod version {
        include!("old_falco/gen/falco.version.rs");
    }
}

use stubs::{outputs, version};

type Alerts = Pin<Box<dyn Stream<Item = Result<outputs::Response, Status>> + Send>>;

/// A server that behaves as Falco 0.43 does: it knows none of our headers and options, sends alerts of `sub` only in
/// answer to requests, and sends headers only with the first alert.
#[derive(Clone)]
pub(crate) struct OldFalco(Arc<Shared>);

struct Shared {
    queue: Mutex<VecDeque<outputs::Response>>,
    calls: Mutex<Vec<&'static str>>,
    polls: Mutex<usize>,
    stopped: watch::Sender<bool>,
}

impl OldFalco {
    /// Listens on the socket until `stop`.
    pub(crate) fn start(socket: &str) -> Self {
        // A new server takes over the path, as Falco does.
        _ = std::fs::remove_file(Path::new(socket));
        Self::serve(UnixListenerStream::new(UnixListener::bind(socket).unwrap()))
    }

    /// Serves these connections until `stop`.
    pub(crate) fn serve<S>(connections: impl Stream<Item = io::Result<S>> + Send + 'static) -> Self
    where
        S: AsyncRead + AsyncWrite + Connected + Send + Unpin + 'static,
    {
        let falco = Self(Arc::new(Shared {
            queue: Mutex::default(),
            calls: Mutex::default(),
            polls: Mutex::default(),
            stopped: watch::Sender::new(false),
        }));
        let mut stopped = falco.0.stopped.subscribe();
        let serving = tonic::transport::Server::builder()
            .add_service(outputs::service_server::ServiceServer::new(falco.clone()))
            .add_service(version::service_server::ServiceServer::new(falco.clone()))
            .serve_with_incoming_shutdown(connections, async move {
                _ = stopped.wait_for(|stopped| *stopped).await;
            });
        tokio::spawn(async { serving.await.unwrap() });
        falco
    }

    /// Queues alerts of these rules; they wait for a request.
    pub(crate) fn raise(&self, rules: &[&str]) {
        let alerts = rules.iter().map(|&rule| outputs::Response {
            rule: rule.into(),
            priority: 5,
            source: "syscall".into(),
            ..Default::default()
        });
        self.0.queue.lock().unwrap().extend(alerts);
    }

    pub(crate) fn calls(&self) -> Vec<&'static str> {
        self.0.calls.lock().unwrap().clone()
    }

    /// How many requests `sub` streams sent.
    pub(crate) fn polls(&self) -> usize {
        *self.0.polls.lock().unwrap()
    }

    /// How many alerts are still queued.
    pub(crate) fn queued(&self) -> usize {
        self.0.queue.lock().unwrap().len()
    }

    /// Ends every stream with OK, as Falco does when it stops.
    pub(crate) fn stop(&self) {
        self.0.stopped.send_replace(true);
    }

    fn drain(&self) -> Vec<outputs::Response> {
        self.0.queue.lock().unwrap().drain(..).collect()
    }

    /// What is queued when the next request comes; `None` after the last request, or when the server stops.
    async fn polled(&self, requests: &mut Streaming<outputs::Request>) -> Option<Vec<outputs::Response>> {
        let mut stopped = self.0.stopped.subscribe();
        tokio::select! {
            request = requests.next() => request?.ok()?,
            _ = stopped.wait_for(|stopped| *stopped) => return None,
        };
        *self.0.polls.lock().unwrap() += 1;
        Some(self.drain())
    }
}

#[tonic::async_trait]
impl outputs::service_server::Service for OldFalco {
    type subStream = Alerts;
    type getStream = Alerts;

    async fn sub(&self, request: Request<Streaming<outputs::Request>>) -> Result<Response<Alerts>, Status> {
        self.0.calls.lock().unwrap().push("sub");
        let mut requests = request.into_inner();
        let first = loop {
            match self.polled(&mut requests).await {
                Some(alerts) if alerts.is_empty() => {}
                other => break other.unwrap_or_default(),
            }
        };
        let (sender, alerts) = mpsc::channel(16);
        let falco = self.clone();
        tokio::spawn(async move {
            let mut next = Some(first);
            while let Some(alerts) = next {
                for alert in alerts {
                    if sender.send(Ok(alert)).await.is_err() {
                        return;
                    }
                }
                next = falco.polled(&mut requests).await;
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(alerts))))
    }

    async fn get(&self, _: Request<outputs::Request>) -> Result<Response<Alerts>, Status> {
        self.0.calls.lock().unwrap().push("get");
        Ok(Response::new(Box::pin(tokio_stream::iter(self.drain().into_iter().map(Ok)))))
    }
}

#[tonic::async_trait]
impl version::service_server::Service for OldFalco {
    async fn version(&self, _: Request<version::Request>) -> Result<Response<version::Response>, Status> {
        self.0.calls.lock().unwrap().push("version");
        let version = version::Response { version: "0.43.0".into(), minor: 43, ..Default::default() };
        Ok(Response::new(version))
    }
}
