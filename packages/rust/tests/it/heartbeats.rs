//! What it means when nothing comes from a server, and when only heartbeats do.

use std::time::{Duration, SystemTime};

use falco_outputs::contract::outputs::Response;
use falco_outputs::{Client, Code, Error};
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use crate::fake::{Fake, FakeStream};
use crate::patience::eventually;
use crate::proxy::Proxy;
use crate::reconnecting::{Reading, soon};
use crate::reference::Reference;
use crate::subscribing::take;

const SECOND: Duration = Duration::from_secs(1);

/// A client of a server that announces this interval, if any, and does on each stream what a test says.
fn client<F: Future<Output = ()> + Send + 'static>(
    interval_ms: Option<&'static str>,
    send: impl Fn(FakeStream) -> F + Clone + Send + Sync + 'static,
) -> Client {
    Fake::in_memory(move |_, mut call| {
        let send = send.clone();
        async move {
            if call.method == "version" {
                return call.trailers_only("14", &[("falco-outputs-version", "1")]);
            }
            let interval = interval_ms.map(|interval| ("falco-outputs-heartbeat-ms", interval));
            send(call.open_with(interval.as_slice())).await;
        }
    })
}

fn alert(sequence: u64) -> Response {
    Response { rule: "r".into(), sequence, ..Response::default() }
}

fn heartbeat(scanned: u64) -> Response {
    Response { scanned, ..Response::default() }
}

fn assert_is_of_silence(error: &Error, milliseconds: u64) {
    assert_eq!(
        error.message(),
        format!("nothing was heard for {milliseconds} ms: the connection is dead"),
        "{error:?}"
    );
    assert_eq!((error.code(), error.is_from_server()), (Code::Unavailable, false));
}

#[tokio::test(start_paused = true)]
async fn heartbeats_keep_a_stream() {
    let client = client(Some("1000"), |mut stream| async move {
        for scanned in 1..=100 {
            sleep(SECOND).await;
            stream.message(&heartbeat(scanned));
        }
        stream.message(&alert(101));
        stream.is_left().await;
    });
    let mut alerts = client.sub().broadcast().without_reconnect().stream().unwrap();
    assert_eq!(take(&mut alerts, 1).await[0].sequence, 101);
}

#[tokio::test(start_paused = true)]
async fn three_intervals_of_silence_end_a_call() {
    let client = client(Some("1000"), |mut stream| async move {
        stream.message(&alert(1));
        stream.is_left().await;
    });
    for subscription in
        [client.sub(), client.sub().group("g"), client.sub().broadcast(), client.get(), client.get().follow()]
    {
        let mut alerts = subscription.without_reconnect().stream().unwrap();
        take(&mut alerts, 1).await;
        let start = Instant::now();
        assert_is_of_silence(&alerts.next().await.unwrap().unwrap_err(), 3000);
        assert_eq!(start.elapsed().as_secs(), 3);
        assert!(alerts.next().await.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_next_that_is_given_up_again_and_again_hears_the_silence_too() {
    let client = client(Some("1000"), |mut stream| async move { stream.is_left().await });
    let mut alerts = client.sub().broadcast().without_reconnect().stream().unwrap();
    let error = loop {
        if let Ok(alert) = timeout(SECOND / 10, alerts.next()).await {
            break alert.unwrap().unwrap_err();
        }
    };
    assert_is_of_silence(&error, 3000);
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_is_busy_does_not_count_as_silence() {
    for sends_heartbeats in [true, false] {
        let client = client(Some("1000"), move |mut stream| async move {
            stream.message(&alert(1));
            for scanned in 1..=10 {
                sleep(SECOND).await;
                if sends_heartbeats {
                    stream.message(&heartbeat(scanned));
                }
            }
            stream.message(&alert(11));
            stream.is_left().await;
        });
        let mut alerts = client.sub().broadcast().without_reconnect().stream().unwrap();
        take(&mut alerts, 1).await;
        sleep(SECOND * 17 / 2).await;
        assert_eq!(take(&mut alerts, 1).await[0].sequence, 11);
    }
}

#[tokio::test(start_paused = true)]
async fn only_an_interval_of_100_ms_to_an_hour_counts() {
    for interval in [None, Some("99"), Some("3600001"), Some(""), Some("-1000"), Some("soon")] {
        let client = client(interval, |mut stream| async move {
            sleep(24 * 3600 * SECOND).await;
            stream.message(&alert(1));
            stream.is_left().await;
        });
        let mut alerts = client.sub().broadcast().without_reconnect().stream().unwrap();
        assert_eq!(take(&mut alerts, 1).await[0].sequence, 1, "{interval:?}");
    }
    for (interval, silence) in [("100", 300), ("3600000", 3 * 3_600_000)] {
        let client = client(Some(interval), |mut stream| async move { stream.is_left().await });
        let mut alerts = client.sub().broadcast().without_reconnect().stream().unwrap();
        assert_is_of_silence(&alerts.next().await.unwrap().unwrap_err(), silence);
    }
}

#[tokio::test]
async fn streams_leave_a_connection_that_is_open_and_dead() {
    let server = Reference::with(json!({ "heartbeatIntervalMs": 100 })).await;
    let proxy = Proxy::to(&server.address);
    let client = Client::new(&proxy.address).unwrap();
    let started = SystemTime::now();
    let readings = [client.sub(), client.sub().group("g"), client.sub().broadcast()]
        .map(|subscription| Reading::of(subscription.reconnect(soon())));
    for reading in &readings {
        reading.is_told("connected", 1).await;
    }
    proxy.silence();
    for reading in &readings {
        reading.is_told("resumed", 1).await;
        assert_eq!(reading.errors(), ["nothing was heard for 300 ms: the connection is dead"]);
        assert_eq!(reading.codes(), [Code::Unavailable]);
        let heard = reading.heard()[0].unwrap();
        assert!((started..SystemTime::now()).contains(&heard));
    }
    assert_eq!(proxy.accepted(), 2);
    let published = server.publish(1, 1).await;
    let [_, _, broadcast] = &readings;
    broadcast.has_seen(&published).await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_server_that_is_frozen_is_left_for_the_next_one_at_its_address() {
    let scratch = crate::scratch::Scratch::new();
    let socket = scratch.socket("falco.sock");
    let options = json!({ "listen": [socket], "heartbeatIntervalMs": 200 });
    let frozen = Reference::apart(options.clone()).await;
    let client =
        Client::builder().address(&socket).connect_timeout(Duration::from_millis(300)).build().unwrap();
    let reading = Reading::of(client.sub().broadcast().reconnect(soon()));
    reading.is_told("connected", 1).await;
    let published = frozen.publish(1, 1).await;
    reading.has_seen(&published).await;
    frozen.freeze();
    // Until then its socket accepts connections, and answers none.
    reading.is_told("disconnected", 2).await;
    assert_eq!(reading.errors()[0], "nothing was heard for 600 ms: the connection is dead");
    std::fs::remove_file(&socket).unwrap();
    let next = Reference::with(options).await;
    reading.is_told("resumed", 1).await;
    reading.is_told("lost", 1).await;
    let published_next = next.publish(1, 1).await;
    // The next server has another log, which is told as a loss.
    reading.has_seen(&[published, vec![0], published_next].concat()).await;
}

#[tokio::test]
async fn heartbeats_are_not_acknowledged() {
    let server = Reference::with(json!({ "heartbeatIntervalMs": 100 })).await;
    let proxy = Proxy::to(&server.address);
    let client = Client::new(&proxy.address).unwrap();
    let mut alerts = client.sub().group("pager").after(0).acknowledge_by_hand().stream().unwrap();
    for count in 1..=3 {
        server.publish(count, count).await;
        let alert = take(&mut alerts, 1).await.remove(0);
        let forwarded = proxy.forwarded();
        tokio::select! {
            () = eventually(true, || async { proxy.forwarded() >= forwarded + 2 }) => {}
            alert = alerts.next() => panic!("nobody sent {alert:?}"),
        }
        assert!(alerts.acknowledge(&alert).unwrap());
        eventually(count, || server.group("pager", "delivered")).await;
    }
}
