use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use falco_outputs::{Client, Code, Error, Loss, LossCause, Reconnect, StreamStatus, Subscription};
use serde_json::json;
use tokio::net::UnixListener;
use tokio::task::JoinHandle;

use crate::patience::eventually;
use crate::proxy::Proxy;
use crate::reference::Reference;
use crate::scratch::Scratch;

pub(crate) fn soon() -> Reconnect {
    Reconnect::default().initial_delay(Duration::from_millis(1)).max_delay(Duration::from_millis(5))
}

/// A stream that is read to its end in the background.
pub(crate) struct Reading {
    seen: Arc<Mutex<Seen>>,
    task: JoinHandle<Result<(), Error>>,
}

#[derive(Default)]
struct Seen {
    statuses: Vec<&'static str>,
    attempts: Vec<u32>,
    waits: Vec<Duration>,
    codes: Vec<Code>,
    errors: Vec<String>,
    heard: Vec<Option<SystemTime>>,
    losses: Vec<Loss>,
    sequences: Vec<u64>,
}

impl Reading {
    pub(crate) fn of(subscription: Subscription) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let told = seen.clone();
        let mut alerts = subscription
            .on_status(move |status| {
                let mut seen = told.lock().unwrap();
                let name = match status {
                    StreamStatus::Connecting { attempt, .. } => {
                        seen.attempts.push(attempt);
                        "connecting"
                    }
                    StreamStatus::Connected => "connected",
                    StreamStatus::Disconnected { error, retry_in, last_heard_at, .. } => {
                        seen.waits.push(retry_in);
                        seen.codes.push(error.code());
                        seen.errors.push(error.message().into());
                        seen.heard.push(last_heard_at);
                        "disconnected"
                    }
                    StreamStatus::Resumed => "resumed",
                    StreamStatus::Lost { loss, alert, .. } => {
                        assert_eq!(alert.output_fields["cause"], loss.cause.to_string());
                        seen.losses.push(loss);
                        "lost"
                    }
                    _ => "another",
                };
                seen.statuses.push(name);
            })
            .stream()
            .unwrap();
        let got = seen.clone();
        let task = tokio::spawn(async move {
            while let Some(alert) = alerts.next().await {
                let sequence = alert?.sequence;
                got.lock().unwrap().sequences.push(sequence);
            }
            Ok(())
        });
        Self { seen, task }
    }

    pub(crate) fn statuses(&self) -> Vec<&'static str> {
        self.seen.lock().unwrap().statuses.clone()
    }

    pub(crate) async fn is_told(&self, status: &str, times: usize) {
        let enough = |statuses: &[&str]| statuses.iter().filter(|&&told| told == status).count() >= times;
        // The statuses themselves, for the message of a failed test.
        eventually(Ok(()), || async {
            let statuses = self.statuses();
            if enough(&statuses) { Ok(()) } else { Err(statuses) }
        })
        .await;
    }

    pub(crate) async fn has_seen(&self, sequences: &[u64]) {
        eventually(sequences.to_vec(), || async { self.sequences() }).await;
    }

    /// The codes of the errors with which connections were lost.
    pub(crate) fn codes(&self) -> Vec<Code> {
        self.seen.lock().unwrap().codes.clone()
    }

    /// The messages of these errors.
    pub(crate) fn errors(&self) -> Vec<String> {
        self.seen.lock().unwrap().errors.clone()
    }

    /// When the stream had last heard from the server, each time that a connection was lost.
    pub(crate) fn heard(&self) -> Vec<Option<SystemTime>> {
        self.seen.lock().unwrap().heard.clone()
    }

    pub(crate) fn waits(&self) -> Vec<Duration> {
        self.seen.lock().unwrap().waits.clone()
    }

    fn sequences(&self) -> Vec<u64> {
        self.seen.lock().unwrap().sequences.clone()
    }

    pub(crate) async fn error(&mut self) -> Error {
        (&mut self.task).await.unwrap().unwrap_err()
    }
}

fn broadcast(address: &str) -> Subscription {
    Client::new(address).unwrap().sub().broadcast().reconnect(soon())
}

#[tokio::test]
async fn a_first_connection_that_fails_ends_the_stream() {
    let scratch = Scratch::new();
    let mut reading = Reading::of(broadcast(&scratch.socket("falco.sock")));
    let error = reading.error().await;
    assert_eq!((error.code(), error.is_from_server()), (Code::Unavailable, false));
    assert_eq!(reading.statuses(), ["connecting"]);
}

#[tokio::test]
async fn a_first_connection_that_nobody_answers_times_out() {
    let scratch = Scratch::new();
    let address = scratch.socket("mute.sock");
    let _mute = UnixListener::bind(&address).unwrap();
    let client =
        Client::builder().address(&address).connect_timeout(Duration::from_millis(300)).build().unwrap();
    for subscription in [client.sub(), client.sub().group("g")] {
        let started = Instant::now();
        let mut reading = Reading::of(subscription.reconnect(soon()));
        assert_eq!(reading.error().await.code(), Code::Unavailable);
        assert_eq!(reading.statuses(), ["connecting"]);
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn wait_on_first_connect_keeps_trying() {
    let scratch = Scratch::new();
    let address = scratch.socket("falco.sock");
    let reading = Reading::of(broadcast(&address).reconnect(soon().wait_on_first_connect()));
    reading.is_told("disconnected", 2).await;
    let server = Reference::with(json!({ "listen": [address] })).await;
    reading.is_told("connected", 1).await;
    reading.has_seen(&server.publish(1, 1).await).await;
    assert_eq!(reading.statuses().last(), Some(&"connected"));
}

#[tokio::test]
async fn max_attempts_limits_the_failures_in_a_row() {
    let server = Reference::start().await;
    let mut reading = Reading::of(broadcast(&server.address).reconnect(soon().max_attempts(3)));
    reading.is_told("connected", 1).await;
    server.stop().await;
    assert_eq!(reading.error().await.code(), Code::Unavailable);
    let attempt = ["disconnected", "connecting"];
    assert_eq!(reading.statuses(), [["connecting", "connected"], attempt, attempt, attempt].concat());
    let seen = reading.seen.lock().unwrap();
    assert_eq!(seen.attempts, [1, 1, 2, 3]);
    assert!(seen.waits.iter().all(|wait| *wait <= Duration::from_millis(5)), "{:?}", seen.waits);
}

#[tokio::test]
async fn a_success_resets_the_count_of_attempts() {
    let server = Reference::start().await;
    let proxy = Proxy::to(&server.address);
    let reading = Reading::of(broadcast(&proxy.address).reconnect(soon().max_attempts(1)));
    reading.is_told("connected", 1).await;
    for cut in 1..=5 {
        proxy.cut();
        reading.is_told("resumed", cut).await;
    }
    server.has_subscribers(1).await;
    reading.has_seen(&server.publish(1, 1).await).await;
    assert_eq!(reading.seen.lock().unwrap().attempts, [1; 6]);
}

#[tokio::test]
async fn without_reconnect_the_error_ends_the_stream() {
    for without in
        [Subscription::without_reconnect as fn(_) -> _, |s: Subscription| s.reconnect(soon().max_attempts(0))]
    {
        let server = Reference::start().await;
        let mut reading = Reading::of(without(broadcast(&server.address)));
        reading.is_told("connected", 1).await;
        server.stop().await;
        let error = reading.error().await;
        assert_eq!((error.code(), error.is_from_server()), (Code::Unavailable, true));
        assert_eq!(error.message(), "the server is stopping");
        assert_eq!(reading.statuses(), ["connecting", "connected"]);
    }
}

#[tokio::test]
async fn a_refusal_is_not_tried_again() {
    let server = Reference::start().await;
    let group = || server.client().sub().group("pager");
    let first = Reading::of(group().rules(["a"]));
    server.has_subscribers(1).await;
    let mut second = Reading::of(group().rules(["b"]).reconnect(soon().wait_on_first_connect()));
    let error = second.error().await;
    assert_eq!((error.code(), error.is_from_server()), (Code::FailedPrecondition, true));
    assert_eq!(second.statuses(), ["connecting"]);
    assert_eq!(first.statuses(), ["connecting", "connected"]);
}

#[tokio::test]
async fn the_deadline_includes_reconnections() {
    let server = Reference::start().await;
    let proxy = Proxy::to(&server.address);
    let deadline = Duration::from_secs(3);
    let mut cut = Reading::of(broadcast(&proxy.address).timeout(deadline));
    let waits =
        Reconnect::default().initial_delay(Duration::from_secs(600)).max_delay(Duration::from_secs(600));
    let mut waiting = Reading::of(broadcast(&proxy.address).reconnect(waits).timeout(deadline));
    waiting.is_told("connected", 1).await;
    cut.is_told("connected", 1).await;
    for resumed in 1..=2 {
        proxy.cut();
        cut.is_told("resumed", resumed).await;
    }
    assert_eq!(cut.error().await.code(), Code::DeadlineExceeded);
    assert_eq!(waiting.error().await.code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn a_broadcast_misses_and_repeats_no_alert_over_many_cuts() {
    let server = Reference::start().await;
    let proxy = Proxy::to(&server.address);
    let reading = Reading::of(broadcast(&proxy.address));
    server.has_subscribers(1).await;
    let mut published = Vec::new();
    for cut in 1..=20 {
        published.extend(server.publish(1, 500).await);
        // Together with what is in flight.
        proxy.cut();
        reading.is_told("resumed", cut).await;
    }
    reading.has_seen(&published).await;
}

#[tokio::test]
async fn nothing_is_missed_after_a_cut_before_the_first_alert() {
    let server = Reference::start().await;
    let proxy = Proxy::to(&server.address);
    let reading = Reading::of(broadcast(&proxy.address));
    reading.is_told("connected", 1).await;
    proxy.refuse(true);
    proxy.cut();
    server.has_subscribers(0).await;
    let published = server.publish(1, 10).await;
    proxy.refuse(false);
    reading.has_seen(&published).await;
}

#[tokio::test]
async fn a_restart_is_reported_and_the_numbers_of_the_new_log_count() {
    let scratch = Scratch::new();
    let listen = json!({ "listen": [scratch.socket("falco.sock")] });
    let first = Reference::with(listen.clone()).await;
    let proxy = Proxy::to(&first.address);
    let reading = Reading::of(broadcast(&proxy.address));
    reading.is_told("connected", 1).await;
    let old = first.publish(1, 1).await;
    reading.has_seen(&old).await;
    first.stop().await;
    let second = Reference::with(listen).await;
    reading.is_told("lost", 1).await;
    assert_eq!(reading.seen.lock().unwrap().losses[0].cause, LossCause::Restart);
    assert_eq!(reading.seen.lock().unwrap().losses[0].lost, None);
    // Cut before the new log's first alert: its position counts, not the old one's.
    proxy.refuse(true);
    proxy.cut();
    second.has_subscribers(0).await;
    let new = second.publish(1, 10).await;
    proxy.refuse(false);
    reading.has_seen(&[old, vec![0], new].concat()).await;
}

#[tokio::test]
async fn alerts_that_the_log_dropped_meanwhile_are_reported() {
    let server = Reference::with(json!({ "maxAlerts": 3 })).await;
    let proxy = Proxy::to(&server.address);
    let reading = Reading::of(broadcast(&proxy.address));
    reading.is_told("connected", 1).await;
    proxy.refuse(true);
    proxy.cut();
    server.has_subscribers(0).await;
    let published = server.publish(1, 10).await;
    proxy.refuse(false);
    reading.is_told("lost", 1).await;
    let loss = reading.seen.lock().unwrap().losses[0].clone();
    assert_eq!(loss.cause, LossCause::Slow);
    assert_eq!(
        (loss.lost, loss.first_sequence, loss.last_sequence),
        (Some(7), Some(published[0]), Some(published[6]))
    );
    reading.has_seen(&[vec![0], published[7..].to_vec()].concat()).await;
}
