use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

use crate::scratch::Scratch;

/// Forwards connections to a server on a unix socket, and breaks them as a network can.
pub(crate) struct Proxy {
    pub(crate) address: String,
    cuts: watch::Sender<()>,
    silences: watch::Sender<()>,
    refusing: Arc<AtomicBool>,
    accepted: Arc<AtomicUsize>,
    forwarded: Arc<AtomicUsize>,
    _scratch: Scratch,
}

impl Proxy {
    pub(crate) fn to(address: &str) -> Self {
        let path = address.strip_prefix("unix://").unwrap().to_owned();
        let scratch = Scratch::new();
        let address = scratch.socket("proxy.sock");
        let listener = UnixListener::bind(&address).unwrap();
        let (cuts, cut) = watch::channel(());
        let (silences, silence) = watch::channel(());
        let refusing = Arc::new(AtomicBool::new(false));
        let refuses = refusing.clone();
        let accepted = Arc::new(AtomicUsize::new(0));
        let counted = accepted.clone();
        let forwarded = Arc::new(AtomicUsize::new(0));
        let forwards = forwarded.clone();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                if refuses.load(Ordering::Relaxed) {
                    continue;
                }
                let Ok(mut server) = UnixStream::connect(&path).await else { continue };
                let mut cut = cut.clone();
                cut.mark_unchanged();
                let mut silence = silence.clone();
                silence.mark_unchanged();
                let forwards = forwards.clone();
                tokio::spawn(async move {
                    let (mut from_client, to_client) = client.split();
                    let (from_server, mut to_server) = server.split();
                    tokio::select! {
                        _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
                        _ = forward(from_server, to_client, &forwards) => {}
                        _ = cut.changed() => {}
                        _ = silence.changed() => { _ = cut.changed().await; }
                    }
                });
            }
        });
        Self { address, cuts, silences, refusing, accepted, forwarded, _scratch: scratch }
    }

    /// How often something from the server was forwarded.
    pub(crate) fn forwarded(&self) -> usize {
        self.forwarded.load(Ordering::Relaxed)
    }

    /// How many connections there were.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Closes the current connections.
    pub(crate) fn cut(&self) {
        self.cuts.send(()).unwrap();
    }

    /// Keeps the current connections open, but forwards nothing on them from now on.
    pub(crate) fn silence(&self) {
        self.silences.send(()).unwrap();
    }

    /// Sets whether new connections are closed at once.
    pub(crate) fn refuse(&self, refusing: bool) {
        self.refusing.store(refusing, Ordering::Relaxed);
    }
}

async fn forward(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    count: &AtomicUsize,
) -> io::Result<()> {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let length = from.read(&mut bytes).await?;
        if length == 0 {
            return Ok(());
        }
        to.write_all(&bytes[..length]).await?;
        count.fetch_add(1, Ordering::Relaxed);
    }
}
