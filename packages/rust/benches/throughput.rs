//! How many alerts a second the client gets, beside a bare loop over its own stubs: one JSON object on standard output.
//!
//! `cargo bench --bench throughput -- --address unix:///falco.sock [--rounds N]`, against a server that retains alerts.
//! Each round gets all of them by both, in turn.

use std::env;
use std::hint::black_box;
use std::time::{Duration, Instant};

use falco_outputs::contract::outputs::Request;
use falco_outputs::contract::outputs::service_client::ServiceClient;
use falco_outputs::{Client, contract};
use serde_json::json;
use tonic::transport::{Channel, Endpoint};

const WINDOW: u32 = 1024 * 1024;

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let address = argument("--address").ok_or("--address: missing, expected the server's unix:///path")?;
    let rounds = argument("--rounds").map_or(Ok(5), |rounds| rounds.parse())?;
    let client = Client::new(&address)?;
    let channel = connect(&address).await?;
    // Whatever is done once.
    let alerts = by_client(&client).await?;
    by_stubs(&channel).await?;
    let mut times = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let started = Instant::now();
        by_stubs(&channel).await?;
        times.0.push(started.elapsed());
        let started = Instant::now();
        by_client(&client).await?;
        times.1.push(started.elapsed());
    }
    let (stubs, client) = (median(times.0), median(times.1));
    let per_second = |time: Duration| (alerts as f64 / time.as_secs_f64()).round();
    println!(
        "{}",
        json!({
            "alerts": alerts,
            "rounds": rounds,
            "client": { "alerts_per_second": per_second(client), "us_per_alert": us(client, alerts) },
            "stubs": { "alerts_per_second": per_second(stubs), "us_per_alert": us(stubs, alerts) },
            "ratio": client.as_secs_f64() / stubs.as_secs_f64(),
        })
    );
    Ok(())
}

async fn by_client(client: &Client) -> Result<usize, Failure> {
    let mut alerts = client.get().broadcast().stream()?;
    let mut count = 0;
    while let Some(alert) = alerts.next().await {
        black_box(alert?);
        count += 1;
    }
    Ok(count)
}

async fn by_stubs(channel: &Channel) -> Result<usize, Failure> {
    let mut request = tonic::Request::new(Request { broadcast: true, ..Request::default() });
    request.metadata_mut().insert(contract::VERSION_HEADER, "1".parse()?);
    let mut alerts = ServiceClient::new(channel.clone()).get(request).await?.into_inner();
    let mut count = 0;
    while let Some(alert) = alerts.message().await? {
        black_box(alert);
        count += 1;
    }
    Ok(count)
}

/// With the windows that the client has, so that only what it does itself differs.
async fn connect(address: &str) -> Result<Channel, Failure> {
    let endpoint = Endpoint::from_shared(address.to_owned())?
        .initial_connection_window_size(4 * WINDOW)
        .initial_stream_window_size(WINDOW);
    Ok(endpoint.connect().await?)
}

fn argument(name: &str) -> Option<String> {
    env::args().skip_while(|argument| argument != name).nth(1)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn us(time: Duration, alerts: usize) -> f64 {
    time.as_secs_f64() * 1e6 / alerts as f64
}
