//! The client against real servers: the reference server in Node, and one that behaves as Falco 0.43 did.

mod fake;
mod old_falco;
mod patience;
mod proxy;
mod reference;
mod scratch;

mod acknowledging;
mod client;
mod connecting;
#[cfg(unix)]
mod deploying;
mod explaining;
mod falco;
mod filtering;
mod heartbeats;
mod messages;
mod proxied;
mod reconnecting;
mod refusing;
mod subscribing;
#[cfg(feature = "tls")]
mod tls;
