//! Takes alerts from the shared queue of a server, for packages/bench: with the client, or with a bare loop over its
//! stubs. Prints the elapsed time and the processor time, in seconds, as JSON.
//!
//! `cargo bench --bench throughput -- client|stubs ADDRESS COUNT`

use std::env;
use std::time::{Duration, Instant};

use falco_outputs::contract::outputs::Request;
use falco_outputs::contract::outputs::service_client::ServiceClient;
use falco_outputs::{Client, contract};
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;
use tonic::transport::Endpoint;

const WINDOW: u32 = 1024 * 1024;

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    // Cargo adds `--bench`.
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [by, address, count] = &arguments[..] else {
        return Err("usage: throughput client|stubs ADDRESS COUNT".into());
    };
    let mut received = Received { alerts: 0, rule_characters: 0, count: count.parse()? };
    let (start, start_cpu) = (Instant::now(), cpu_time());
    match by.as_str() {
        "client" => by_client(address, &mut received).await?,
        "stubs" => by_stubs(address, &mut received).await?,
        _ => return Err(format!("{by}: expected client or stubs").into()),
    }
    let (elapsed, cpu) = (start.elapsed(), cpu_time() - start_cpu);
    println!(
        "{}",
        json!({
            "alerts": received.alerts,
            "ruleCharacters": received.rule_characters,
            "seconds": elapsed.as_secs_f64(),
            "cpuSeconds": cpu.as_secs_f64(),
        })
    );
    Ok(())
}

struct Received {
    alerts: usize,
    rule_characters: usize,
    /// How many alerts to take.
    count: usize,
}

impl Received {
    /// Counts an alert; returns whether it was the last one.
    fn add(&mut self, rule: &str) -> bool {
        self.alerts += 1;
        self.rule_characters += rule.chars().count();
        self.alerts == self.count
    }
}

async fn by_client(address: &str, received: &mut Received) -> Result<(), Failure> {
    let mut alerts = Client::new(address)?.sub().stream()?;
    while let Some(alert) = alerts.next().await {
        if received.add(&alert?.rule) {
            break;
        }
    }
    Ok(())
}

/// Uses the same windows and header as the client, so that only the client's own work differs.
async fn by_stubs(address: &str, received: &mut Received) -> Result<(), Failure> {
    let endpoint = Endpoint::from_shared(address.to_owned())?
        .initial_connection_window_size(4 * WINDOW)
        .initial_stream_window_size(WINDOW);
    let mut request = tonic::Request::new(tokio_stream::once(Request::default()));
    request.metadata_mut().insert(contract::VERSION_HEADER, "1".parse()?);
    let mut alerts = ServiceClient::new(endpoint.connect().await?).sub(request).await?.into_inner();
    while let Some(alert) = alerts.message().await? {
        if received.add(&alert.rule) {
            break;
        }
    }
    Ok(())
}

/// The processor time of all threads, user and system.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}
