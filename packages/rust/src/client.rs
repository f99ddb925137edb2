use std::sync::Arc;
use std::time::Duration;

use crate::address::Address;
use crate::connection::{Connection, Settings};
use crate::error::Error;
use crate::refusal::Method;
use crate::stream::Subscription;
use crate::version::VersionCall;

/// Falco's own default.
pub const DEFAULT_ADDRESS: &str = "unix:///run/falco/falco.sock";

/// Subscribes to a server of Falco's alerts: a Falco Outputs server, or a Falco from 0.24 to 0.43.
///
/// The connection is made by the first call, and again by the next one after it was lost. It lasts as long as the
/// client, a clone of it, or one of its streams.
#[derive(Clone, Debug)]
pub struct Client(Arc<Connection>);

impl Client {
    /// A client for a unix socket: `unix:///path` or a path. For `host:port` see [`Client::builder`].
    ///
    /// # Errors
    /// [`Code::InvalidArgument`](crate::Code::InvalidArgument) for an address that is none, or needs more.
    pub fn new(address: &str) -> Result<Self, Error> {
        Self::builder().address(address).build()
    }

    /// What a client can be told beside its address.
    pub fn builder() -> ClientBuilder {
        ClientBuilder { address: DEFAULT_ADDRESS.into(), settings: Settings::default() }
    }

    /// Subscribes: to Falco's shared queue, of which each alert goes to one subscriber, or to what the [`Subscription`]
    /// is told. The stream goes on until it is dropped, and comes back by itself when the connection is lost.
    pub fn sub(&self) -> Subscription {
        Subscription::new(self.0.clone(), Method::Sub)
    }

    /// Gets what is there; the stream ends behind the last alert, unless it [follows](Subscription::follow).
    pub fn get(&self) -> Subscription {
        Subscription::new(self.0.clone(), Method::Get)
    }

    /// The version of Falco behind the server.
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
    address: String,
    settings: Settings,
}

impl ClientBuilder {
    /// `unix:///path`, `unix:path`, a plain path, or `host:port`. Default: [`DEFAULT_ADDRESS`].
    pub fn address(mut self, address: &str) -> Self {
        self.address = address.into();
        self
    }

    /// Mutual TLS; needed for `host:port`.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: crate::Tls) -> Self {
        self.settings.tls = Some(tls);
        self
    }

    /// Allows `host:port` without TLS: whoever is on the way reads along.
    pub fn insecure(mut self) -> Self {
        self.settings.insecure = true;
        self
    }

    /// How long the server may take to answer a new connection. Default: 5 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.connect_timeout = timeout;
        self
    }

    /// After how long a quiet connection that has streams is checked with a ping, which has the same time, but at most
    /// 15 seconds, to be answered. Default: 30 seconds.
    pub fn keep_alive(mut self, interval: Duration) -> Self {
        self.settings.keep_alive = interval;
        self
    }

    /// The client. It connects with its first call, in the tokio runtime of that call.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`](crate::Code::InvalidArgument) for an address or certificates that cannot work.
    pub fn build(self) -> Result<Client, Error> {
        let address: Address = self.address.parse()?;
        Ok(Client(Arc::new(Connection::new(address, self.settings)?)))
    }
}
