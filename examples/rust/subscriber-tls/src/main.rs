//! Prints Falco's alerts as JSON from a server on another machine, over mutual TLS, until Ctrl-C.
//! It takes nothing from other subscribers.
//!
//!   cargo run -- [ADDRESS [FOLDER]]    ADDRESS: host:port; FOLDER holds ca.crt, client.crt and client.key

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

use falco_outputs::{Client, Error, Tls};
use tokio::signal::ctrl_c;

#[tokio::main]
async fn main() -> ExitCode {
    let mut args = env::args().skip(1);
    let address = args.next().unwrap_or_else(|| "localhost:5060".into());
    let folder = PathBuf::from(args.next().unwrap_or_else(|| "/etc/falco/certs".into()));
    let tls =
        Tls::new().ca(folder.join("ca.crt")).cert(folder.join("client.crt")).key(folder.join("client.key"));
    tokio::select! {
        result = subscribe(&address, tls) => match result {
            Ok(()) => ExitCode::SUCCESS,
            // It says what was tried and what to do, e.g. about an expired certificate.
            Err(error) => {
                eprintln!("{}: {error}", error.code());
                ExitCode::FAILURE
            }
        },
        _ = ctrl_c() => ExitCode::SUCCESS,
    }
}

async fn subscribe(address: &str, tls: Tls) -> Result<(), Error> {
    let falco = Client::builder().address(address).tls(tls).build()?;
    let mut alerts = falco.sub().broadcast().stream()?;
    while let Some(alert) = alerts.next().await {
        println!("{}", alert?.to_json());
    }
    Ok(())
}
