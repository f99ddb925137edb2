//! Handles alerts of a group, five at a time, and loses none: what this process did not finish when it dies goes to
//! another member of the group, or comes again when it is restarted.
//!
//! On SIGTERM or Ctrl-C it stops taking alerts, finishes those that it has, and acknowledges them.
//!
//!   cargo run -- [ADDRESS]        ADDRESS: unix:///path (default: where `falco-outputs serve` listens by default)

use std::env;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use falco_outputs::{Alert, Client, Error};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;

const HANDLERS: usize = 5;

#[tokio::main]
async fn main() -> ExitCode {
    match work(env::args().nth(1).as_deref()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn work(address: Option<&str>) -> Result<(), Error> {
    let falco = match address {
        Some(address) => Client::new(address)?,
        None => Client::local()?,
    };
    let mut terminated = signal(SignalKind::terminate()).expect("a handler for SIGTERM");
    let mut interrupted = signal(SignalKind::interrupt()).expect("a handler for SIGINT");
    // With one handler at a time, `acknowledge` does it all: an alert is done when the next one is asked for.
    let mut alerts = falco.sub().group("tickets").acknowledge_by_hand().stream()?;
    let free = Arc::new(Semaphore::new(HANDLERS));
    loop {
        let handler = free.clone().acquire_owned().await.expect("a semaphore that nobody closes");
        let alert = tokio::select! {
            alert = alerts.next() => alert,
            _ = terminated.recv() => break,
            _ = interrupted.recv() => break,
        };
        let Some(alert) = alert.transpose()? else { break };
        let acknowledger = alerts.acknowledger();
        tokio::spawn(async move {
            handle(&alert).await;
            match acknowledger.acknowledge(&alert) {
                Ok(true) => {}
                Ok(false) => eprintln!("{} comes again: the connection was lost meanwhile", alert.sequence),
                Err(error) => eprintln!("{error}"),
            }
            drop(handler);
        });
    }
    // Waits for the handlers, at most for `drain_timeout`, and until the server has every acknowledgement.
    alerts.close().await;
    Ok(())
}

/// Stands for a call to a slow service.
async fn handle(alert: &Alert) {
    tokio::time::sleep(Duration::from_millis(alert.sequence % 20)).await;
    println!("handled {} {}", alert.sequence, alert.rule);
}
