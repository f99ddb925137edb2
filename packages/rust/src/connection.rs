//! How calls reach the server, and why they fail if they do not.

mod answer;
mod backoff;
mod channel;
mod connector;
mod custom;
mod explain;
mod failure;
mod goaway;
mod headers;
mod health;
mod link;
mod links;
mod retry;
mod settings;
#[cfg(feature = "tls")]
mod tls;
mod watched;

use std::sync::Arc;
use std::time::Duration;

use http::uri::PathAndQuery;
use tonic::client::Grpc;
use tonic::metadata::MetadataMap;
use tonic::{Request, Status};
use tonic_prost::ProstCodec;

use crate::code::Code;
use crate::contract::{VERSION_HEADER, version};
use crate::error::Error;
pub(crate) use channel::{Channel, Record};
use connector::Connector;
pub(crate) use custom::CustomConnector;
pub(crate) use failure::Failure;
pub(crate) use headers::Headers;
use links::Links;
use retry::Retry;
pub(crate) use settings::{Settings, above_zero};
#[cfg(feature = "tls")]
pub use tls::{Pem, Tls};

/// The longest timeout that gRPC can express.
const MAX_TIMEOUT: Duration = Duration::from_secs(99_999_999 * 3600);

/// A client's connection to its server. There is one HTTP/2 connection at a time: the first call makes it, and the
/// first call after it was lost makes the next one.
#[derive(Debug)]
pub(crate) struct Connection {
    links: Arc<Links>,
    /// When the streams of the client reconnect.
    pub(crate) retry: Retry,
    pub(crate) connect_timeout: Duration,
    max_message_bytes: usize,
}

impl Connection {
    pub(crate) fn new(settings: Settings) -> Result<Self, Error> {
        let connector = Connector::new(&settings)?;
        let origin = connector.origin()?;
        Ok(Self {
            retry: Retry::new(connector.default_max_delay()),
            connect_timeout: settings.connect_timeout,
            max_message_bytes: settings.max_message_bytes,
            links: Arc::new(Links::new(connector, origin, settings.keep_alive)),
        })
    }

    /// A channel for one call, and the record of how that call went.
    pub(crate) fn grpc(&self) -> (Grpc<Channel>, Arc<Record>) {
        let record = Arc::new(Record::default());
        let channel = Channel::new(self.links.clone(), record.clone());
        let grpc = Grpc::with_origin(channel, self.links.origin());
        (grpc.max_decoding_message_size(self.max_message_bytes), record)
    }

    /// Asks for Falco's version.
    pub(crate) async fn version(
        &self,
        metadata: &MetadataMap,
        timeout: Option<Duration>,
    ) -> Result<version::Response, Error> {
        let (grpc, record) = self.grpc();
        match ask_version(grpc, metadata, timeout).await {
            Ok(version) => Ok(version),
            Err(status) => Err(self.error("version", status, &record)),
        }
    }

    /// Fails with [`Code::Unimplemented`] if Falco's own server answers. That server would ignore the options, and hand
    /// out alerts before this client could know. Only an answer that it could have sent counts as Falco's; any other
    /// answer without our header comes from a proxy.
    pub(crate) async fn assert_our_server(
        &self,
        metadata: &MetadataMap,
        timeout: Option<Duration>,
    ) -> Result<(), Error> {
        self.links.get().await.map_err(|failure| Error::from(failure).tried(self.tried("version")))?;
        let (grpc, record) = self.grpc();
        let call = ask_version(grpc, metadata, timeout);
        let Ok(answer) = tokio::time::timeout(self.connect_timeout, call).await else {
            // The server may be frozen. Running streams are watched by their own heartbeats.
            record.retire_connection();
            let message = format!("no answer came within {:?}", self.connect_timeout);
            return Err(Error::new(Code::Unavailable, message).tried(self.tried("version")));
        };
        match answer {
            _ if record.is_ours() => Ok(()),
            Err(status) if !record.has_status(&status) => Err(self.error("version", status, &record)),
            Err(status) if status.code() != tonic::Code::Unimplemented => {
                let code = Code::from_number(status.code().into());
                let message = format!("a proxy answered instead of the server: {code} {}", status.message());
                let error = Error::new(Code::Unavailable, message.trim_end());
                Err(error.tried(self.tried("version")).caused_by(status))
            }
            _ => {
                let message = "this server is Falco's own, which has only the shared queue: leave out group, broadcast, after, follow and acknowledge (filter_locally filters on this side)";
                Err(Error::new(Code::Unimplemented, message).tried(self.tried("version")))
            }
        }
    }

    /// Explains why a call failed.
    pub(crate) fn error(&self, method: &str, status: Status, record: &Record) -> Error {
        explain::explain(status, record).tried(self.tried(method))
    }

    /// The error of a call whose deadline passed.
    pub(crate) fn timed_out(&self, method: &str) -> Error {
        Error::new(Code::DeadlineExceeded, "the operation timed out").tried(self.tried(method))
    }

    pub(crate) fn tried(&self, method: &str) -> String {
        format!("{method} on {}", self.links)
    }
}

async fn ask_version(
    mut grpc: Grpc<Channel>,
    metadata: &MetadataMap,
    timeout: Option<Duration>,
) -> Result<version::Response, Status> {
    let request = request(version::Request {}, metadata, timeout);
    let path = PathAndQuery::from_static("/falco.version.service/version");
    Ok(grpc.unary(request, path, ProstCodec::default()).await?.into_inner())
}

/// A request with its headers, including the one by which our server recognizes its clients.
pub(crate) fn request<T>(message: T, metadata: &MetadataMap, timeout: Option<Duration>) -> Request<T> {
    let mut request = Request::new(message);
    *request.metadata_mut() = metadata.clone();
    request.metadata_mut().insert(VERSION_HEADER, tonic::metadata::MetadataValue::from_static("1"));
    if let Some(timeout) = timeout {
        request.set_timeout(timeout.min(MAX_TIMEOUT));
    }
    request
}
