//! Streams of alerts, across the connections that they take.

mod acknowledgements;
mod acknowledger;
mod alert_stream;
mod call;
mod loss;
mod plan;
mod reconnect;
mod requests;
mod session;
mod silence;
mod status;
mod subscription;

pub use acknowledger::Acknowledger;
pub use alert_stream::AlertStream;
pub use loss::{Loss, LossCause};
pub use reconnect::Reconnect;
pub use status::StreamStatus;
pub use subscription::Subscription;
