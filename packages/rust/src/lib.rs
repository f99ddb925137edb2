#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

mod address;
mod alert;
mod client;
mod code;
mod connection;
pub mod contract;
mod error;
mod filter;
mod form;
mod priority;
mod refusal;
mod source;
mod stream;
mod time;
mod version;

// Subscribing.
pub use client::{Client, ClientBuilder, DEFAULT_ADDRESS};
#[cfg(feature = "tls")]
pub use connection::Tls;
pub use stream::{Acknowledger, AlertStream, Reconnect, Subscription};
// Alerts.
pub use address::Address;
pub use alert::Alert;
pub use priority::Priority;
pub use time::Timestamp;
pub use version::{FalcoVersion, VersionCall};
// What becomes of a stream.
pub use code::Code;
pub use error::Error;
pub use stream::{Loss, Status};
