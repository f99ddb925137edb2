//! Prints Falco's alerts as they arrive, until Ctrl-C.
//!
//!   cargo run -- [ADDRESS]        ADDRESS: unix:///path (default: unix:///run/falco/falco.sock)

use std::env;

use falco_outputs::{Alert, Client, DEFAULT_ADDRESS, Error};
use tokio::signal::ctrl_c;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let address = env::args().nth(1);
    let falco = Client::new(address.as_deref().unwrap_or(DEFAULT_ADDRESS))?;
    let mut alerts = falco.sub().stream()?;
    loop {
        tokio::select! {
            alert = alerts.next() => match alert {
                Some(alert) => print(&alert?),
                None => return Ok(()),
            },
            _ = ctrl_c() => return Ok(()),
        }
    }
}

fn print(alert: &Alert) {
    let time = alert.time.map(|time| time.to_string()).unwrap_or_default();
    // An alert quotes what an attacker typed: {:?} keeps control characters away from the terminal.
    println!("{time} {:<13} {} {:?}", alert.priority, alert.rule, alert.output);
}
