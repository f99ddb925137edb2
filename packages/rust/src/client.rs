use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::connection::{Connection, CustomConnector, Settings};
use crate::error::Error;
use crate::refusal::Method;
use crate::stream::Subscription;
use crate::version::VersionCall;

/// Subscribes to a server of Falco's alerts: a Falco Outputs server, or Falco 0.24 to 0.43 itself.
///
/// The connection is made by the first call, and again by the next one after it was lost. It lasts as long as the
/// client, a clone of it, or one of its streams.
#[derive(Clone, Debug)]
pub struct Client(Arc<Connection>);

impl Client {
    /// A client for the unix socket where `falco-outputs serve` listens by default: `/run/falco/falco.sock`, or, if only
    /// that is there, the socket of a server that the same user has started: `falco.sock` in `$XDG_RUNTIME_DIR`, or else
    /// in `falco-outputs-UID` in the folder for temporary files. It is looked for by each connection.
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

    /// Subscribes: to Falco's shared queue, of which each alert goes to one subscriber, or to a group or a broadcast, as
    /// the [`Subscription`] says. The stream goes on until it is dropped, and reconnects by itself.
    pub fn sub(&self) -> Subscription {
        Subscription::new(self.0.clone(), Method::Sub)
    }

    /// Gets the alerts that are there; the stream ends after the last one, unless it [follows](Subscription::follow).
    pub fn get(&self) -> Subscription {
        Subscription::new(self.0.clone(), Method::Get)
    }

    /// The version of the Falco behind the server.
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

    /// Allows `host:port` without TLS: anyone on the way can read along.
    pub fn insecure(mut self) -> Self {
        self.settings.insecure = true;
        self
    }

    /// Opens connections by a function of your own, e.g. through a proxy, with TLS of your own, or in memory. The
    /// address, if one is given, then only names the server: in errors and in requests.
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

    /// After how long a quiet connection that has streams is checked with a ping. The ping has the same time, but at most
    /// 15 seconds, to be answered. Default: 30 seconds.
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

    /// The client. It connects with its first call, in the tokio runtime of that call.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`](crate::Code::InvalidArgument) for options or certificates that cannot work.
    pub fn build(self) -> Result<Client, Error> {
        Ok(Client(Arc::new(Connection::new(self.settings)?)))
    }
}
