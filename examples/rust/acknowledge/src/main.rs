//! Works off alerts of a group, five at a time, and loses none: what this process did not finish when it dies goes to
//! another member of the group, or comes again when it is restarted.
//!
//!   cargo run -- [ADDRESS]        ADDRESS: unix:///path (default: unix:///run/falco/falco.sock)

use std::env;
use std::time::Duration;

use falco_outputs::{Alert, Client, DEFAULT_ADDRESS, Error};
use tokio::signal::ctrl_c;
use tokio::task::JoinSet;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let address = env::args().nth(1);
    let falco = Client::new(address.as_deref().unwrap_or(DEFAULT_ADDRESS))?;
    // With one handler at a time, `acknowledge` does it all: an alert is done when the next one is asked for.
    let mut alerts = falco.sub().group("tickets").acknowledge_by_hand().stream()?;
    let mut handlers = JoinSet::new();
    loop {
        let alert = tokio::select! {
            alert = alerts.next() => alert,
            _ = ctrl_c() => break,
        };
        let Some(alert) = alert.transpose()? else { break };
        if handlers.len() >= 5 {
            handlers.join_next().await;
        }
        let acknowledger = alerts.acknowledger();
        handlers.spawn(async move {
            handle(&alert).await;
            acknowledger.acknowledge(&alert);
        });
    }
    handlers.join_all().await;
    alerts.close().await;
    Ok(())
}

/// The work for each alert: here, a call to a slow service.
async fn handle(alert: &Alert) {
    tokio::time::sleep(Duration::from_millis(alert.sequence % 20)).await;
    println!("handled {} {}", alert.sequence, alert.rule);
}
