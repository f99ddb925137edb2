use std::time::{Duration, Instant};

use falco_outputs::{Client, Code};

use crate::old_falco::OldFalco;
use crate::patience::eventually;
use crate::reconnecting::{Reading, soon};
use crate::scratch::Scratch;
use crate::subscribing::take;

fn start() -> (OldFalco, Client, Scratch) {
    let scratch = Scratch::new();
    let address = scratch.socket("falco.sock");
    (OldFalco::start(&address), Client::new(&address).unwrap(), scratch)
}

#[tokio::test]
async fn sub_polls_and_gets_what_is_queued() {
    let (falco, client, _scratch) = start();
    falco.raise(&["one", "two"]);
    let mut alerts = client.sub().poll_interval(Duration::from_millis(10)).stream().unwrap();
    let taken = take(&mut alerts, 2).await;
    assert_eq!([&*taken[0].rule, &*taken[1].rule], ["one", "two"]);
    assert_eq!(taken[0].sequence, 0);
    for rule in ["three", "four"] {
        falco.raise(&[rule]);
        assert_eq!(take(&mut alerts, 1).await[0].rule, rule);
    }
    assert_eq!(falco.calls(), ["sub"]);
    assert!(falco.polls() > 2);
}

#[tokio::test]
async fn polls_ten_times_a_second() {
    let (falco, client, _scratch) = start();
    let started = Instant::now();
    let reading = Reading::of(client.sub());
    eventually(true, || async { falco.polls() >= 4 }).await;
    // The first request comes at once.
    assert!(started.elapsed() >= Duration::from_millis(295), "{:?}", started.elapsed());
    assert_eq!(reading.statuses(), ["connecting"]);
}

#[tokio::test]
async fn get_drains_the_queue() {
    let (falco, client, _scratch) = start();
    assert!(client.get().stream().unwrap().next().await.is_none());
    falco.raise(&["one", "two"]);
    let mut alerts = client.get().stream().unwrap();
    assert_eq!(take(&mut alerts, 2).await[1].rule, "two");
    assert!(alerts.next().await.is_none());
}

#[tokio::test]
async fn what_needs_our_server_takes_no_alert_from_falco() {
    let (falco, client, _scratch) = start();
    falco.raise(&["one"]);
    for subscription in [
        client.sub().group("g"),
        client.sub().broadcast(),
        client.sub().acknowledge(),
        client.sub().acknowledge_by_hand(),
        client.get().follow(),
    ] {
        let mut alerts = subscription.reconnect(soon().wait_on_first_connect()).stream().unwrap();
        let error = alerts.next().await.unwrap().unwrap_err();
        assert_eq!((error.code(), error.is_from_server()), (Code::Unimplemented, false));
        assert!(error.message().starts_with("this server is Falco's own"), "{error}");
        assert!(error.what_was_tried().unwrap().starts_with("version on unix:///"), "{error}");
        assert!(alerts.next().await.is_none());
    }
    assert_eq!(falco.calls(), ["version"; 5]);
    assert_eq!(falco.queued(), 1);
}

#[tokio::test]
async fn an_alert_without_a_sequence_number_is_not_a_loss() {
    let (falco, client, _scratch) = start();
    falco.raise(&["Falco Outputs internal: alerts lost"]);
    let reading = Reading::of(client.sub().poll_interval(Duration::from_millis(5)));
    reading.has_seen(&[0]).await;
    assert_eq!(reading.statuses(), ["connecting", "connected"]);
}

#[tokio::test]
async fn comes_back_after_a_restart_of_falco() {
    let (falco, client, scratch) = start();
    let reading = Reading::of(client.sub().poll_interval(Duration::from_millis(5)).reconnect(soon()));
    falco.raise(&["one"]);
    reading.has_seen(&[0]).await;
    falco.stop();
    reading.is_told("disconnected", 1).await;
    let again = OldFalco::start(&scratch.socket("falco.sock"));
    again.raise(&["two"]);
    reading.is_told("resumed", 1).await;
    reading.has_seen(&[0, 0]).await;
}

#[tokio::test]
async fn a_connection_that_lasted_counts_although_falco_sent_nothing() {
    let scratch = Scratch::new();
    let address = scratch.socket("falco.sock");
    let connect_timeout = Duration::from_millis(150);
    let client = Client::builder().address(&address).connect_timeout(connect_timeout).build().unwrap();
    let falco = OldFalco::start(&address);
    let reading = Reading::of(client.sub().poll_interval(Duration::from_millis(5)).reconnect(soon()));
    tokio::time::sleep(2 * connect_timeout + Duration::from_millis(20)).await;
    assert!(falco.polls() > 0);
    falco.stop();
    reading.is_told("disconnected", 1).await;
    let again = OldFalco::start(&address);
    again.raise(&["one"]);
    reading.is_told("connected", 1).await;
}

#[tokio::test]
async fn a_stream_that_is_dropped_stops_polling() {
    let (falco, client, _scratch) = start();
    for has_headers in [false, true] {
        let mut alerts = client.sub().poll_interval(Duration::from_millis(2)).stream().unwrap();
        if has_headers {
            falco.raise(&["one"]);
            take(&mut alerts, 1).await;
        } else {
            let polled = eventually(true, || async { falco.polls() > 3 });
            tokio::select! {
                () = polled => {}
                alert = alerts.next() => panic!("nobody raised {alert:?}"),
            }
        }
        drop(alerts);
        tokio::time::sleep(Duration::from_millis(50)).await;
        let polls = falco.polls();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(falco.polls(), polls);
    }
}

#[tokio::test]
async fn returns_the_version() {
    let (_falco, client, _scratch) = start();
    let version = client.version().await.unwrap();
    assert_eq!((version.version.as_str(), version.minor), ("0.43.0", 43));
}
