//! The contract's generated stubs, for calls that the client does not make, over a tonic channel of your own.
//!
//! A subscriber needs none of it. The stubs depend on tonic and prost: a new major version of those means a new major
//! version of this crate.

/// `falco.outputs`: alerts.
#[allow(missing_docs, rustdoc::invalid_html_tags)]
pub mod outputs {
    include!("gen/falco.outputs.rs");
}

/// `falco.schema`: the enums that every Falco API shares. Of each value's three spellings, prost keeps the first.
#[allow(missing_docs)]
pub mod schema {
    include!("gen/falco.schema.rs");
}

/// `falco.version`: the version of Falco.
#[allow(missing_docs)]
pub mod version {
    include!("gen/falco.version.rs");
}

/// Request and response header by which our clients and our server know each other; its value is `1`.
pub const VERSION_HEADER: &str = "falco-outputs-version";
/// Response header: the sequence number after which a stream starts.
pub const POSITION_HEADER: &str = "falco-outputs-position";
/// Response header: how many responses may be unacknowledged; 0 without acknowledgement.
pub const WINDOW_HEADER: &str = "falco-outputs-window";
/// Response header, to our clients: the longest time between two messages of a stream, in milliseconds. Without an
/// alert the server sends `scanned`.
pub const HEARTBEAT_HEADER: &str = "falco-outputs-heartbeat-ms";
