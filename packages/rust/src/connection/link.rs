use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tonic::body::Body;

use super::connector::Connector;
use super::failure::Failure;
use super::health::Health;

/// How many bytes may be in flight to all streams of a connection, and to one stream.
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;
const STREAM_WINDOW: u32 = 1024 * 1024;
const MAX_PING_TIMEOUT: Duration = Duration::from_secs(15);

/// One HTTP/2 connection. It lasts as long as one of its clones, or a call on it.
#[derive(Clone, Debug)]
pub(super) struct Link {
    sender: SendRequest<Body>,
    pub(super) health: Arc<Health>,
}

impl Link {
    /// A connection on which the server speaks HTTP/2.
    pub(super) async fn open(connector: &Connector, keep_alive: Duration) -> Result<Self, Failure> {
        let health = Arc::new(Health::default());
        let (socket, spoke) = connector.connect(health.clone()).await?;
        let (sender, connection) = Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .initial_connection_window_size(CONNECTION_WINDOW)
            .initial_stream_window_size(STREAM_WINDOW)
            .keep_alive_interval(keep_alive)
            .keep_alive_timeout(keep_alive.min(MAX_PING_TIMEOUT))
            .handshake(TokioIo::new(socket))
            .await
            .map_err(|error| health.failure().unwrap_or_else(|| Failure::new(error.to_string())))?;
        // When it ends, every call on it fails, and `health` has the reason.
        tokio::spawn(connection);
        if spoke.await.is_err() {
            return Err(health.failure().unwrap_or_else(|| Failure::new("the connection was lost")));
        }
        Ok(Self { sender, health })
    }

    /// Whether new calls can be made on it.
    pub(super) fn is_usable(&self) -> bool {
        !self.sender.is_closed() && !self.health.is_retired()
    }

    /// The error returns a request that was not sent.
    pub(super) async fn send(
        &mut self,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, TrySendError<Request<Body>>> {
        let sent = self.sender.try_send_request(request).await;
        if sent.as_ref().is_err_and(|error| error.message().is_some()) {
            self.health.retire();
        }
        sent
    }
}
