use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Uri;
use tokio::sync::watch;

use super::connector::Connector;
use super::failure::Failure;
use super::link::Link;

type Attempt = watch::Receiver<Option<Result<Link, Failure>>>;

/// The connections of a client, one after the other. One attempt runs at a time. All calls that wait share it, and its
/// failure.
#[derive(Debug)]
pub(super) struct Links {
    connector: Arc<Connector>,
    origin: Uri,
    keep_alive: Duration,
    current: Mutex<Option<Attempt>>,
}

impl Links {
    pub(super) fn new(connector: Connector, origin: Uri, keep_alive: Duration) -> Self {
        Self { connector: Arc::new(connector), origin, keep_alive, current: Mutex::default() }
    }

    pub(super) fn origin(&self) -> Uri {
        self.origin.clone()
    }

    /// The current connection, or a new one.
    pub(super) async fn get(&self) -> Result<Link, Failure> {
        loop {
            let mut attempt = self.attempt();
            let made = attempt.wait_for(Option::is_some).await.ok().and_then(|made| made.clone());
            // `None` if the runtime of the attempt has ended.
            if let Some(made) = made {
                return made;
            }
        }
    }

    fn attempt(&self) -> Attempt {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        match &*current {
            Some(attempt) if is_usable(attempt) => attempt.clone(),
            _ => current.insert(self.begin()).clone(),
        }
    }

    /// Runs in its own task, which continues if the calls that wait for it are dropped.
    fn begin(&self) -> Attempt {
        let (sender, attempt) = watch::channel(None);
        let (connector, keep_alive) = (self.connector.clone(), self.keep_alive);
        tokio::spawn(async move {
            let made = Link::open(&connector, keep_alive).await;
            sender.send_replace(Some(made));
        });
        attempt
    }
}

/// Whether an attempt is running, or has made a connection that still works.
fn is_usable(attempt: &Attempt) -> bool {
    match &*attempt.borrow() {
        None => attempt.has_changed().is_ok(),
        Some(Ok(link)) => link.is_usable(),
        Some(Err(_)) => false,
    }
}

/// The server's name in errors.
impl fmt::Display for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.connector.fmt(f)
    }
}
