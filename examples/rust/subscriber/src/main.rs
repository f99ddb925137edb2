//! Prints Falco's alerts as they arrive, until Ctrl-C. It takes nothing from other subscribers.
//!
//!   cargo run -- [ADDRESS]        ADDRESS: unix:///path (default: where `falco-outputs serve` listens by default)

use std::env;
use std::process::ExitCode;

use falco_outputs::{Alert, Client, Error, StreamStatus};
use tokio::signal::ctrl_c;

#[tokio::main]
async fn main() -> ExitCode {
    let address = env::args().nth(1);
    tokio::select! {
        result = subscribe(address.as_deref()) => match result {
            Ok(()) => ExitCode::SUCCESS,
            // It says what was tried and what to do.
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        },
        _ = ctrl_c() => ExitCode::SUCCESS,
    }
}

async fn subscribe(address: Option<&str>) -> Result<(), Error> {
    let falco = match address {
        Some(address) => Client::new(address)?,
        None => Client::local()?,
    };
    // Falco's own server, of 0.24 to 0.43, has no broadcast: leave it out there.
    let mut alerts = falco.sub().broadcast().on_status(report).stream()?;
    while let Some(alert) = alerts.next().await {
        print(&alert?);
    }
    Ok(())
}

/// The stream reconnects by itself; this only reports it.
fn report(status: StreamStatus) {
    match status {
        StreamStatus::Disconnected { error, retry_in, .. } => {
            eprintln!("{error}; next attempt in {retry_in:?}")
        }
        StreamStatus::Resumed => eprintln!("connected again"),
        StreamStatus::Lost { loss, .. } => {
            let count = loss.lost.map_or("unknown".into(), |lost| lost.to_string());
            eprintln!("alerts lost: {count} ({})", loss.cause);
        }
        _ => {}
    }
}

fn print(alert: &Alert) {
    let time = alert.time.map(|time| time.to_string()).unwrap_or_default();
    // An alert quotes what an attacker typed: {:?} keeps control characters away from the terminal.
    println!("{time} {:<13} {} {:?}", alert.priority, alert.rule, alert.output);
}
