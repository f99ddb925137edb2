use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

use super::watched::Socket;

type Opened = Pin<Box<dyn Future<Output = io::Result<Box<dyn Socket>>> + Send>>;

/// Opens connections with the caller's function.
#[derive(Clone)]
pub(crate) struct CustomConnector(Arc<dyn Fn() -> Opened + Send + Sync>);

impl CustomConnector {
    pub(crate) fn new<C, F, S>(connect: C) -> Self
    where
        C: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = io::Result<S>> + Send + 'static,
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        Self(Arc::new(move || {
            let opening = connect();
            Box::pin(async move { opening.await.map(|socket| Box::new(socket) as Box<dyn Socket>) })
        }))
    }

    pub(super) async fn open(&self) -> io::Result<Box<dyn Socket>> {
        (self.0)().await
    }
}

impl fmt::Debug for CustomConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomConnector").finish_non_exhaustive()
    }
}
