use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tonic::transport::Uri;
use tower_service::Service;

use super::Settings;
use super::explain::{self, Peer};
use super::failure::{Failure, LastFailure};
#[cfg(feature = "tls")]
use super::tls::Handshake;
use super::watched::{Socket, Watched};
use crate::address::Address;
use crate::error::Error;

/// Makes connections to one address.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    address: Address,
    #[cfg(feature = "tls")]
    handshake: Option<Handshake>,
    timeout: Duration,
    failure: Arc<LastFailure>,
}

impl Connector {
    pub(super) fn new(
        address: &Address,
        settings: &Settings,
        failure: Arc<LastFailure>,
    ) -> Result<Self, Error> {
        #[cfg(feature = "tls")]
        let handshake = settings.tls.as_ref().map(|tls| Handshake::new(tls, address)).transpose()?;
        #[cfg(feature = "tls")]
        let is_secure = handshake.is_some();
        #[cfg(not(feature = "tls"))]
        let is_secure = false;
        if matches!(address, Address::Tcp { .. }) && !is_secure && !settings.insecure {
            return Err(Error::invalid(format!(
                "address: {address} needs tls (ca, certificate and key), or insecure"
            )));
        }
        Ok(Self {
            address: address.clone(),
            #[cfg(feature = "tls")]
            handshake,
            timeout: settings.connect_timeout,
            failure,
        })
    }

    #[cfg(feature = "tls")]
    pub(super) fn is_secure(&self) -> bool {
        self.handshake.is_some()
    }

    #[cfg(not(feature = "tls"))]
    pub(super) fn is_secure(&self) -> bool {
        false
    }

    async fn connect(self) -> Result<Watched, Failure> {
        self.failure.forget();
        let deadline = Instant::now() + self.timeout;
        let connected = match tokio::time::timeout_at(deadline, self.open()).await {
            Ok(connected) => connected,
            Err(_) => Err(explain::timed_out()),
        };
        match connected {
            Ok((socket, peer)) => Ok(Watched::new(socket, peer, deadline, self.failure)),
            Err(failure) => {
                self.failure.tell(failure.clone());
                Err(failure)
            }
        }
    }

    async fn open(&self) -> Result<(Box<dyn Socket>, Peer), Failure> {
        let (host, port) = match &self.address {
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

#[cfg(unix)]
async fn unix(path: &std::path::Path) -> Result<Box<dyn Socket>, Failure> {
    match tokio::net::UnixStream::connect(path).await {
        Ok(socket) => Ok(Box::new(socket)),
        Err(error) => Err(explain::unreachable(&error, Peer::Unix)),
    }
}

#[cfg(not(unix))]
async fn unix(_: &std::path::Path) -> Result<Box<dyn Socket>, Failure> {
    Err(Failure { code: crate::Code::Unimplemented, message: "this system has no unix sockets".into() })
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Watched>;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Failure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async { connector.connect().await.map(TokioIo::new) })
    }
}
