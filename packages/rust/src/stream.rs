//! Streams of alerts, across the connections that they take.

mod acknowledgements;
mod acknowledger;
mod alert_stream;
mod backoff;
mod call;
mod plan;
mod reconnect;
mod requests;
mod status;
mod subscription;

pub use acknowledger::Acknowledger;
pub use alert_stream::AlertStream;
pub use reconnect::Reconnect;
pub use status::{Loss, Status};
pub use subscription::Subscription;
