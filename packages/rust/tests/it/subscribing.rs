use std::time::Duration;

use falco_outputs::{Alert, AlertStream, Code, Error, Priority};
use futures_util::StreamExt as _;
use futures_util::stream::FusedStream as _;

use crate::old_falco::OldFalco;
use crate::reference::Reference;
use crate::scratch::Scratch;

pub(crate) async fn take(alerts: &mut AlertStream, count: usize) -> Vec<Alert> {
    let mut taken = Vec::new();
    while taken.len() < count {
        taken.push(alerts.next().await.expect("an alert").unwrap());
    }
    taken
}

pub(crate) fn sequences(alerts: &[Alert]) -> Vec<u64> {
    alerts.iter().map(|alert| alert.sequence).collect()
}

async fn refused(alerts: Result<AlertStream, Error>) -> Error {
    match alerts {
        Ok(mut alerts) => alerts.next().await.expect("an error").unwrap_err(),
        Err(error) => error,
    }
}

#[tokio::test]
async fn an_alert_is_what_falco_wrote() {
    let server = Reference::start().await;
    let line = r#"{"hostname":"node-1","output":"o","output_fields":{"evt.time":1780391647123456789,"user.name":null},"priority":"Critical","rule":"r","source":"k8s_audit","tags":["a","b"],"time":"2026-06-02T09:14:07.123456789Z"}"#;
    server.publish_line(line).await;
    let mut alerts = server.client().get().broadcast().stream().unwrap();
    let mut alert = take(&mut alerts, 1).await.remove(0);
    assert!(alert.sequence > 0);
    assert_eq!(alert.priority, Priority::CRITICAL);
    alert.sequence = 0;
    assert_eq!(alert, Alert::from_json(line).unwrap());
    assert!(!alerts.is_terminated());
    assert!(alerts.next().await.is_none());
    assert!(alerts.is_terminated());
    assert!(alerts.next().await.is_none());
}

#[tokio::test]
async fn works_with_the_futures_crate() {
    let server = Reference::start().await;
    let published = server.publish(1, 5).await;
    let alerts = server.client().get().stream().unwrap();
    let seen: Vec<_> = alerts.map(|alert| alert.unwrap().sequence).collect().await;
    assert_eq!(seen, published);
}

#[tokio::test]
async fn each_alert_of_the_shared_queue_goes_to_one_subscriber() {
    let server = Reference::start().await;
    let published = server.publish(1, 10).await;
    let client = server.client();
    let mut alerts = client.sub().stream().unwrap();
    assert_eq!(sequences(&take(&mut alerts, 10).await), published);
    assert!(client.get().stream().unwrap().next().await.is_none());
}

#[tokio::test]
async fn every_broadcast_gets_every_alert() {
    let server = Reference::start().await;
    let client = server.client();
    let mut first = client.sub().broadcast().stream().unwrap();
    let mut second = client.sub().broadcast().rules(["Rule 2"]).stream().unwrap();
    let (published, first, second) = tokio::join!(
        async {
            server.has_subscribers(2).await;
            server.publish(1, 3).await
        },
        take(&mut first, 3),
        take(&mut second, 1),
    );
    assert_eq!(sequences(&first), published);
    assert_eq!(sequences(&second), published[1..2]);
}

#[tokio::test]
async fn starts_after_a_sequence_number() {
    let server = Reference::start().await;
    let published = server.publish(1, 5).await;
    let mut alerts = server.client().get().broadcast().after(published[2]).follow().stream().unwrap();
    assert_eq!(sequences(&take(&mut alerts, 2).await), published[3..]);
    let more = server.publish(6, 6).await;
    assert_eq!(sequences(&take(&mut alerts, 1).await), more);
}

#[tokio::test]
async fn a_batch_has_all_alerts_that_arrived() {
    let server = Reference::start().await;
    let published = server.publish(1, 3000).await;
    let mut alerts = server.client().get().stream().unwrap();
    let mut seen = Vec::new();
    let mut batches = 0;
    while let Some(batch) = alerts.next_batch().await {
        let batch = batch.unwrap();
        assert!((1..=1024).contains(&batch.len()));
        seen.extend(sequences(&batch));
        batches += 1;
    }
    assert_eq!(seen, published);
    assert!(batches < 3000, "{batches}");
}

#[tokio::test]
async fn an_error_comes_after_the_batch_before_it() {
    let scratch = Scratch::new();
    let falco = OldFalco::start(&scratch.socket("falco.sock"));
    falco.raise(&["one", "two"]);
    let client = falco_outputs::Client::new(&scratch.socket("falco.sock")).unwrap();
    let mut alerts = client
        .sub()
        .poll_interval(Duration::from_millis(5))
        .timeout(Duration::from_millis(500))
        .stream()
        .unwrap();
    let mut count = 0;
    let error = loop {
        match alerts.next_batch().await.expect("an error at last") {
            Ok(batch) => count += batch.len(),
            Err(error) => break error,
        }
    };
    assert_eq!((count, error.code()), (2, Code::DeadlineExceeded));
    assert!(alerts.next_batch().await.is_none());
}

#[tokio::test]
async fn dropping_a_stream_cancels_it() {
    let server = Reference::start().await;
    let client = server.client();
    let mut streams = Vec::new();
    for subscription in [
        client.sub(),
        client.sub().broadcast(),
        client.sub().group("g"),
        client.sub().group("h").acknowledge(),
    ] {
        let mut alerts = subscription.stream().unwrap();
        streams.push(tokio::spawn(async move { alerts.next().await.is_none() }));
    }
    server.has_subscribers(4).await;
    for stream in streams {
        stream.abort();
    }
    server.has_subscribers(0).await;
}

#[tokio::test]
async fn dropping_a_waiting_next_loses_no_alert() {
    let server = Reference::start().await;
    let mut alerts = server.client().sub().broadcast().stream().unwrap();
    for _ in 0..20 {
        assert!(tokio::time::timeout(Duration::from_millis(5), alerts.next()).await.is_err());
    }
    tokio::select! {
        () = server.has_subscribers(1) => {}
        alert = alerts.next() => panic!("nobody sent {alert:?}"),
    }
    let published = server.publish(1, 3).await;
    assert_eq!(sequences(&take(&mut alerts, 3).await), published);
}

#[tokio::test]
async fn has_one_deadline() {
    let server = Reference::start().await;
    let error = refused(server.client().sub().timeout(Duration::from_millis(300)).stream()).await;
    assert_eq!(error.code(), Code::DeadlineExceeded);
    assert_eq!(error.to_string(), format!("sub on {}: the operation timed out", server.address));
    let unlimited = server.client().get().timeout(Duration::MAX).stream().unwrap().next().await;
    assert!(unlimited.is_none());
}

#[tokio::test]
async fn sends_headers() {
    let server = Reference::start().await;
    // gRPC's own header sets a deadline on the server's side.
    let error = refused(server.client().sub().header("Grpc-Timeout", "200m").stream()).await;
    assert_eq!((error.code(), error.is_from_server()), (Code::DeadlineExceeded, true));
    for (name, value) in [("a b", "c"), ("a", "\n"), ("a-bin", "c")] {
        let error = refused(server.client().sub().header(name, value).stream()).await;
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(error.message().starts_with("header"), "{error}");
    }
}
