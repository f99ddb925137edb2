#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

mod address;
mod alert;
mod alert_codec;
mod client;
mod code;
mod connection;
pub mod contract;
mod default_address;
mod error;
mod filter;
#[cfg(feature = "json")]
mod json;
mod priority;
mod refusal;
mod source;
mod stream;
mod time;
mod version;

// Subscribing.
pub use client::{Client, ClientBuilder};
#[cfg(feature = "tls")]
pub use connection::{Pem, Tls};
pub use filter::Filter;
pub use stream::{Acknowledger, AlertStream, Reconnect, Subscription};
// Alerts.
pub use address::Address;
pub use alert::Alert;
pub use priority::Priority;
pub use time::Timestamp;
pub use version::{FalcoVersion, VersionCall};
// What happens to a stream.
pub use code::Code;
pub use error::Error;
pub use stream::{Loss, LossCause, StreamStatus};
