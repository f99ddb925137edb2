use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

use crate::scratch::Scratch;

/// What a network can do to the connections between a client and a server on a unix socket.
pub(crate) struct Proxy {
    pub(crate) address: String,
    cuts: watch::Sender<()>,
    silences: watch::Sender<()>,
    refusing: Arc<AtomicBool>,
    accepted: Arc<AtomicUsize>,
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
                tokio::spawn(async move {
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
                        _ = cut.changed() => {}
                        _ = silence.changed() => { _ = cut.changed().await; }
                    }
                });
            }
        });
        Self { address, cuts, silences, refusing, accepted, _scratch: scratch }
    }

    /// How many connections there were.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Ends the connections that there are.
    pub(crate) fn cut(&self) {
        self.cuts.send(()).unwrap();
    }

    /// Passes nothing on from now on, and closes nothing, on the connections that there are.
    pub(crate) fn silence(&self) {
        self.silences.send(()).unwrap();
    }

    /// Whether new connections are ended at once.
    pub(crate) fn refuse(&self, refusing: bool) {
        self.refusing.store(refusing, Ordering::Relaxed);
    }
}
