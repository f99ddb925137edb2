use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::connection::{Connection, CustomConnector, Settings};
use crate::error::Error;
use crate::refusal::Method;
use crate::stream::Subscription;
use crate::version::VersionCall;

/// Subscribes to Falco's alerts, from a Falco Outputs server or from Falco 0.24 to 0.43 itself.
///
/// The first call makes the connection; if it is lost, the next call makes another one. It lasts as long as the client,
/// a clone of it, or one of its streams.
#[derive(Clone, Debug)]
pub struct Client(Arc<Connection>);

impl Client {
    /// A client for the unix socket where `falco-outputs serve` listens by default: `/run/falco/falco.sock`, or, if
    /// only that is there, the socket of a server that the same user has started: `falco.sock` in `$XDG_RUNTIME_DIR`,
    /// or else in `falco-outputs-UID` in the folder for temporary files. Each new connection looks for it.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`](crate::Code::InvalidArgument) if only the user's socket is there, and others may have
    /// put it there.
    pub fn local() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// A client for a unix socket: `unix:///path` or a path. For `host:port` see [`Client::builder`].
    ///
    /// # Errors
    /// [`Code::InvalidArgument`](crate::Code::InvalidArgument) for an address that cannot be read, or needs TLS.
    pub fn new(address: &str) -> Result<Self, Error> {
        Self::builder().address(address).build()
    }

    /// A client with options.
    pub fn builder() -> ClientBuilder {
        ClientBuilder { settings: Settings::default() }
    }

    /// Subscribes to Falco's shared queue, from which each alert goes to one subscriber, or to a group or a broadcast,
    /// as the [`Subscription`] says. The stream lasts until it is dropped, and reconnects by itself.
    pub fn sub(&self) -> Subscription {
        Subscription::new(self.0.clone(), Method::Sub)
    }

    /// Gets the alerts that are there; the stream ends after the last one, unless it [follows](Subscription::follow).
    pub fn get(&self) -> Subscription {
        Subscription::new(self.0.clone(), Method::Get)
    }

    /// Returns the version of the Falco behind the server.
    ///
    /// ```no_run
    /// # async fn example(falco: falco_outputs::Client) -> Result<(), falco_outputs::Error> {
    /// let version = falco.version().await?;
    /// println!("{}.{}", version.major, version.minor);
    /// # Ok(())
    /// # }
    /// ```
    pub fn version(&self) -> VersionCall {
        VersionCall::new(self.0.clone())
    }
}

/// Makes a [`Client`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct ClientBuilder {
    settings: Settings,
}

impl ClientBuilder {
    /// `unix:///path`, `unix:path`, a plain path, or `host:port`. Default: see [`Client::local`].
    pub fn address(mut self, address: &str) -> Self {
        self.settings.address = Some(address.into());
        self
    }

    /// Mutual TLS; needed for `host:port`.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: crate::Tls) -> Self {
        self.settings.tls = Some(tls);
        self
    }

    /// Allows `host:port` without TLS. Anyone on the network path can read the alerts.
    pub fn insecure(mut self) -> Self {
        self.settings.insecure = true;
        self
    }

    /// Opens connections with a function of your own, e.g. through a proxy, with your own TLS, or in memory. The
    /// address, if given, then only names the server in errors and requests.
    ///
    /// ```
    /// # use falco_outputs::Client;
    /// let falco = Client::builder()
    ///     .address("falco.example:5060")
    ///     .connector(|| tokio::net::TcpStream::connect("127.0.0.1:15060"))
    ///     .build()?;
    /// # Ok::<(), falco_outputs::Error>(())
    /// ```
    pub fn connector<C, F, S>(mut self, connect: C) -> Self
    where
        C: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = io::Result<S>> + Send + 'static,
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        self.settings.connector = Some(CustomConnector::new(connect));
        self
    }

    /// How long the server may take to answer a new connection. Default: 5 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.connect_timeout = timeout;
        self
    }

    /// How long a connection with streams may be quiet before it is checked with a ping. The answer must come within
    /// the same time, but at most 15 seconds. Default: 30 seconds.
    pub fn keep_alive(mut self, interval: Duration) -> Self {
        self.settings.keep_alive = interval;
        self
    }

    /// The largest message that is accepted. A larger one ends its stream with
    /// [`Code::ResourceExhausted`](crate::Code::ResourceExhausted). Default: 4 MiB, four times the server's own limit.
    pub fn max_message_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_message_bytes = bytes;
        self
    }

    /// Makes the client. It connects with its first call, in the tokio runtime of that call.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`](crate::Code::InvalidArgument) for options or certificates that cannot work.
    pub fn build(self) -> Result<Client, Error> {
        Ok(Client(Arc::new(Connection::new(self.settings)?)))
    }
}
