use std::fmt;
use std::time::Duration;

use super::CustomConnector;
#[cfg(feature = "tls")]
use super::Tls;
use crate::error::Error;

/// The options of a client's connection.
#[derive(Clone)]
pub(crate) struct Settings {
    /// `None`: where a server listens by default.
    pub(crate) address: Option<String>,
    pub(crate) connector: Option<CustomConnector>,
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<Tls>,
    pub(crate) insecure: bool,
    pub(crate) connect_timeout: Duration,
    pub(crate) keep_alive: Duration,
    pub(crate) max_message_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            address: None,
            connector: None,
            #[cfg(feature = "tls")]
            tls: None,
            insecure: false,
            connect_timeout: Duration::from_secs(5),
            keep_alive: Duration::from_secs(30),
            max_message_bytes: 4 * 1024 * 1024,
        }
    }
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), Error> {
        above_zero("connect_timeout", self.connect_timeout)?;
        above_zero("keep_alive", self.keep_alive)?;
        if self.max_message_bytes == 0 {
            return Err(Error::invalid("max_message_bytes: 0, expected more"));
        }
        Ok(())
    }
}

/// Refuses a duration of zero.
pub(crate) fn above_zero(option: &str, time: Duration) -> Result<(), Error> {
    if time.is_zero() { Err(Error::invalid(format!("{option}: 0, expected more"))) } else { Ok(()) }
}

/// Only the address: a connector has no text, and TLS has secrets.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("address", &self.address).finish_non_exhaustive()
    }
}
