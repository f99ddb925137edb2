use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::custom::CustomConnector;
use super::explain::{self, Peer};
use super::failure::Failure;
use super::health::Health;
use super::settings::Settings;
#[cfg(feature = "tls")]
use super::tls::Handshake;
use super::watched::{Socket, Watched};
use crate::address::Address;
use crate::default_address::default_address;
use crate::error::Error;

/// The longest wait before a reconnection, unless a stream sets another one. It is short for a unix socket, whose
/// server has only the clients of this machine.
const MAX_DELAY: Duration = Duration::from_secs(30);
const MAX_DELAY_ON_UNIX: Duration = Duration::from_secs(1);

/// Opens connections to one server.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    target: Target,
    #[cfg(feature = "tls")]
    handshake: Option<Handshake>,
    timeout: Duration,
}

#[derive(Clone, Debug)]
enum Target {
    Address(Address),
    /// Each connection looks for it again.
    Default,
    Custom(CustomConnector, Option<Address>),
}

impl Connector {
    pub(super) fn new(settings: &Settings) -> Result<Self, Error> {
        settings.check()?;
        let address = settings.address.as_deref().map(str::parse::<Address>).transpose()?;
        let target = match (&settings.connector, address) {
            (Some(custom), address) => Target::Custom(custom.clone(), address),
            (None, Some(address)) => Target::Address(address),
            (None, None) => {
                default_address()?;
                Target::Default
            }
        };
        let connector = Self {
            #[cfg(feature = "tls")]
            handshake: handshake(settings, &target)?,
            target,
            timeout: settings.connect_timeout,
        };
        match &connector.target {
            Target::Address(address @ Address::Tcp { .. })
                if !connector.is_secure() && !settings.insecure =>
            {
                Err(Error::invalid(format!("address: {address} needs tls (ca, cert and key), or insecure")))
            }
            _ => Ok(connector),
        }
    }

    /// The origin of requests. Only a TCP address has a host name; others use `localhost`.
    pub(super) fn origin(&self) -> Result<Uri, Error> {
        let authority = match &self.target {
            // An authority has no place for an IPv6 address's zone.
            Target::Address(Address::Tcp { host, port })
            | Target::Custom(_, Some(Address::Tcp { host, port })) => {
                let host = host.split('%').next().unwrap_or_default().to_owned();
                Address::Tcp { host, port: *port }.to_string()
            }
            _ => "localhost".into(),
        };
        let scheme = if self.is_secure() { "https" } else { "http" };
        Uri::builder().scheme(scheme).authority(authority).path_and_query("/").build().map_err(|error| {
            Error::invalid(format!("address: {:?} has no valid host", self.to_string())).caused_by(error)
        })
    }

    pub(super) fn default_max_delay(&self) -> Duration {
        match self.target {
            Target::Address(Address::Unix(_)) | Target::Default => MAX_DELAY_ON_UNIX,
            Target::Address(Address::Tcp { .. }) | Target::Custom(..) => MAX_DELAY,
        }
    }

    #[cfg(feature = "tls")]
    fn is_secure(&self) -> bool {
        self.handshake.is_some()
    }

    #[cfg(not(feature = "tls"))]
    fn is_secure(&self) -> bool {
        false
    }

    /// A socket, and a receiver that completes once the server speaks HTTP/2 on it. `health` records what fails later.
    pub(super) async fn connect(
        &self,
        health: Arc<Health>,
    ) -> Result<(Watched, oneshot::Receiver<()>), Failure> {
        let deadline = Instant::now() + self.timeout;
        match tokio::time::timeout_at(deadline, self.open()).await {
            Ok(Ok((socket, peer))) => Ok(Watched::new(socket, peer, deadline, health)),
            Ok(Err(failure)) => Err(failure),
            Err(_) => Err(explain::timed_out()),
        }
    }

    async fn open(&self) -> Result<(Box<dyn Socket>, Peer), Failure> {
        match &self.target {
            Target::Address(address) => self.open_address(address).await,
            Target::Default => {
                let address = default_address().map_err(|error| Failure::new(error.message()))?;
                self.open_address(&address).await
            }
            Target::Custom(custom, _) => match custom.open().await {
                Ok(socket) => Ok((socket, Peer::Custom)),
                Err(error) => Err(Failure::new(format!("the connector failed: {error}"))),
            },
        }
    }

    async fn open_address(&self, address: &Address) -> Result<(Box<dyn Socket>, Peer), Failure> {
        let (host, port) = match address {
            Address::Unix(path) => return Ok((unix(path).await?, Peer::Unix)),
            Address::Tcp { host, port } => (host.as_str(), *port),
        };
        let addresses =
            tokio::net::lookup_host((host, port)).await.map_err(|error| explain::no_host(&error))?;
        let socket = TcpStream::connect(&addresses.collect::<Vec<_>>()[..])
            .await
            .and_then(|socket| socket.set_nodelay(true).map(|()| socket))
            .map_err(|error| explain::unreachable(&error, Peer::Tcp))?;
        #[cfg(feature = "tls")]
        if let Some(handshake) = &self.handshake {
            return Ok((handshake.run(socket).await?, Peer::Tls));
        }
        Ok((Box::new(socket), Peer::Tcp))
    }
}

#[cfg(feature = "tls")]
fn handshake(settings: &Settings, target: &Target) -> Result<Option<Handshake>, Error> {
    let Some(tls) = &settings.tls else { return Ok(None) };
    match target {
        Target::Address(Address::Tcp { host, .. }) => Handshake::new(tls, host).map(Some),
        Target::Address(address) => {
            Err(Error::invalid(format!("address: {address} is a unix socket, where tls has no use")))
        }
        Target::Default => Err(Error::invalid("address: missing, expected host:port, since there is tls")),
        Target::Custom(..) => Err(Error::invalid("tls: a connector secures its connections itself")),
    }
}

#[cfg(unix)]
async fn unix(path: &std::path::Path) -> Result<Box<dyn Socket>, Failure> {
    match tokio::net::UnixStream::connect(path).await {
        Ok(socket) => Ok(Box::new(socket)),
        Err(error) => Err(explain::unreachable(&error, Peer::Unix)),
    }
}

#[cfg(not(unix))]
async fn unix(_: &std::path::Path) -> Result<Box<dyn Socket>, Failure> {
    Err(Failure::with(crate::Code::Unimplemented, "this system has no unix sockets"))
}

/// The server in errors.
impl fmt::Display for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.target {
            Target::Address(address) | Target::Custom(_, Some(address)) => address.fmt(f),
            Target::Default => match default_address() {
                Ok(address) => address.fmt(f),
                Err(_) => f.write_str("the default address"),
            },
            Target::Custom(_, None) => f.write_str("a connection of the connector"),
        }
    }
}
