//! How calls reach the server, and what is known when they do not.

mod connector;
mod explain;
mod failure;
mod headers;
#[cfg(feature = "tls")]
mod tls;
mod watched;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Request, Response, Status};

use crate::address::Address;
use crate::code::Code;
use crate::contract::outputs::service_client::ServiceClient;
use crate::contract::version::service_client::ServiceClient as VersionClient;
use crate::contract::{VERSION_HEADER, version};
use crate::error::Error;
use connector::Connector;
use failure::LastFailure;
pub(crate) use headers::Headers;
#[cfg(feature = "tls")]
pub use tls::Tls;

/// What all streams of a connection, and one stream, may have on their way, in bytes.
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;
const STREAM_WINDOW: u32 = 1024 * 1024;
/// In bytes; the server's own limit for an alert is a quarter of it.
const MAX_MESSAGE: usize = 4 * 1024 * 1024;
/// The longest that gRPC can say.
const MAX_TIMEOUT: Duration = Duration::from_secs(99_999_999 * 3600);
const MAX_PING_TIMEOUT: Duration = Duration::from_secs(15);

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<Tls>,
    pub(crate) insecure: bool,
    pub(crate) connect_timeout: Duration,
    pub(crate) keep_alive: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            #[cfg(feature = "tls")]
            tls: None,
            insecure: false,
            connect_timeout: Duration::from_secs(5),
            keep_alive: Duration::from_secs(30),
        }
    }
}

/// One HTTP/2 connection to the server, made anew by the next call when it was lost.
#[derive(Debug)]
pub(crate) struct Connection {
    address: Address,
    endpoint: Endpoint,
    connector: Connector,
    /// Made by the first call, for it needs a runtime.
    channel: OnceLock<Channel>,
    failure: Arc<LastFailure>,
    pub(crate) connect_timeout: Duration,
}

impl Connection {
    pub(crate) fn new(address: Address, settings: Settings) -> Result<Self, Error> {
        let failure = Arc::new(LastFailure::default());
        let connector = Connector::new(&address, &settings, failure.clone())?;
        let origin = origin_of(&address, connector.is_secure())?;
        // The connector knows where to: what tonic itself takes for the address must have no scheme that it would act on.
        let endpoint = Endpoint::from_static("http://localhost")
            .origin(origin)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .initial_stream_window_size(STREAM_WINDOW)
            .http2_keep_alive_interval(settings.keep_alive)
            .keep_alive_timeout(settings.keep_alive.min(MAX_PING_TIMEOUT))
            .user_agent(concat!("falco-outputs-rust/", env!("CARGO_PKG_VERSION")))
            .map_err(|error| Error::invalid("user agent: no header's value").caused_by(error))?;
        Ok(Self {
            address,
            endpoint,
            connector,
            channel: OnceLock::new(),
            failure,
            connect_timeout: settings.connect_timeout,
        })
    }

    pub(crate) fn outputs(&self) -> ServiceClient<Channel> {
        ServiceClient::new(self.channel()).max_decoding_message_size(MAX_MESSAGE)
    }

    /// Asks for Falco's version.
    pub(crate) async fn version(
        &self,
        metadata: &MetadataMap,
        timeout: Option<Duration>,
    ) -> Result<Response<version::Response>, Status> {
        let mut client = VersionClient::new(self.channel()).max_decoding_message_size(MAX_MESSAGE);
        client.version(request(version::Request {}, metadata, timeout)).await
    }

    /// Fails with [`Code::Unimplemented`] if it is not our server that answers. Falco's own server would take the
    /// options for an empty request, and hand alerts out before we knew.
    pub(crate) async fn assert_our_server(
        &self,
        metadata: &MetadataMap,
        timeout: Option<Duration>,
    ) -> Result<(), Error> {
        let call = self.version(metadata, timeout);
        let is_ours = match tokio::time::timeout(self.connect_timeout, call).await {
            Ok(Ok(response)) => response.metadata().contains_key(VERSION_HEADER),
            // An answer all the same, also where Falco's version is not known; without any, the reason counts.
            Ok(Err(status)) if explain::is_from_server(&status) => {
                status.metadata().contains_key(VERSION_HEADER)
            }
            Ok(Err(status)) => return Err(self.error("version", status)),
            Err(_) => {
                let message = format!("no answer came within {:?}", self.connect_timeout);
                return Err(Error::new(Code::Unavailable, message).tried(self.tried("version")));
            }
        };
        if is_ours {
            return Ok(());
        }
        let message = "this server is Falco's own, which has the shared queue only: leave out group, broadcast, after, follow and acknowledge (filter_locally filters on this side)";
        Err(Error::new(Code::Unimplemented, message).tried(self.tried("version")))
    }

    /// The reason of a failed call in words.
    pub(crate) fn error(&self, method: &str, status: Status) -> Error {
        explain::explain(status, &self.failure).tried(self.tried(method))
    }

    /// A call's deadline passed.
    pub(crate) fn timed_out(&self, method: &str) -> Error {
        Error::new(Code::DeadlineExceeded, "the operation timed out").tried(self.tried(method))
    }

    pub(crate) fn tried(&self, method: &str) -> String {
        format!("{method} on {}", self.address)
    }

    fn channel(&self) -> Channel {
        self.channel.get_or_init(|| self.endpoint.connect_with_connector_lazy(self.connector.clone())).clone()
    }
}

/// A request with its headers, the one among them by which our server knows our clients.
pub(crate) fn request<T>(message: T, metadata: &MetadataMap, timeout: Option<Duration>) -> Request<T> {
    let mut request = Request::new(message);
    *request.metadata_mut() = metadata.clone();
    request.metadata_mut().insert(VERSION_HEADER, tonic::metadata::MetadataValue::from_static("1"));
    if let Some(timeout) = timeout {
        request.set_timeout(timeout.min(MAX_TIMEOUT));
    }
    request
}

/// Where requests say that they go; on a unix socket a mere placeholder.
fn origin_of(address: &Address, secure: bool) -> Result<Uri, Error> {
    let authority = match address {
        Address::Unix(_) => "localhost".into(),
        // An authority has no place for an IPv6 address's zone.
        Address::Tcp { host, port } => {
            let host = host.split('%').next().unwrap_or_default().to_owned();
            Address::Tcp { host, port: *port }.to_string()
        }
    };
    let scheme = if secure { "https" } else { "http" };
    Uri::builder().scheme(scheme).authority(authority).path_and_query("/").build().map_err(|error| {
        Error::invalid(format!("address: {:?} has no valid host", address.to_string())).caused_by(error)
    })
}
