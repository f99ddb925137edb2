//! Answers of a proxy whose server is away, and streams that were cut on the way.

use falco_outputs::contract::outputs::Response;
use falco_outputs::{Client, Code};

use crate::fake::{Fake, FakeCall};
use crate::reconnecting::{Reading, soon};

fn client(fake: &Fake) -> Client {
    Client::new(&fake.address).unwrap()
}

fn alert(sequence: u64) -> Response {
    Response { rule: "r".into(), sequence, ..Response::default() }
}

/// Answers as our server does. It does not know the version, and sends one alert on each stream.
async fn serve(mut call: FakeCall, sequence: u64) {
    match call.method.as_str() {
        "version" => call.trailers_only("14", &[("falco-outputs-version", "1")]),
        _ => {
            let mut stream = call.open();
            stream.message(&alert(sequence));
            stream.is_left().await;
        }
    }
}

async fn is_away(answer: &str, call: FakeCall) {
    match answer {
        "trailers only" => call.trailers_only("14", &[]),
        status => call.http(status.parse().unwrap()),
    }
}

const ANSWERS: [&str; 4] = ["trailers only", "502", "503", "404"];

#[tokio::test]
async fn a_proxy_whose_server_is_away_is_tried_again() {
    for answer in ANSWERS {
        let fake = Fake::start(move |number, call| async move {
            if number <= 3 { is_away(answer, call).await } else { serve(call, 1).await }
        });
        let subscription = client(&fake).sub().broadcast().reconnect(soon().wait_on_first_connect());
        let reading = Reading::of(subscription);
        reading.has_seen(&[1]).await;
        let attempt = ["connecting", "disconnected"];
        let statuses = [attempt.as_slice(), &attempt, &attempt, &["connecting", "connected"]].concat();
        assert_eq!(reading.statuses(), statuses, "{answer}");
        assert_eq!(reading.codes(), [Code::Unavailable; 3], "{answer}");
    }
}

#[tokio::test]
async fn a_proxy_is_tried_again_for_the_shared_queue_too() {
    for answer in ANSWERS {
        let fake = Fake::start(move |number, call| async move {
            if number <= 3 { is_away(answer, call).await } else { serve(call, 1).await }
        });
        let reading = Reading::of(client(&fake).sub().reconnect(soon().wait_on_first_connect()));
        reading.has_seen(&[1]).await;
        assert_eq!(reading.codes(), [Code::Unavailable; 3], "{answer}");
    }
}

#[tokio::test]
async fn falco_s_own_server_is_recognized_by_its_answer() {
    let unimplemented = Fake::start(|_, call| async { call.trailers_only("12", &[]) });
    let version = Fake::start(|_, mut call| async move {
        let mut stream = call.open_as_falco();
        stream.raw(&[]);
        stream.end("0");
    });
    for fake in [unimplemented, version] {
        let mut reading =
            Reading::of(client(&fake).sub().broadcast().reconnect(soon().wait_on_first_connect()));
        let error = reading.error().await;
        assert_eq!(error.code(), Code::Unimplemented);
        assert!(error.message().starts_with("this server is Falco's own"), "{error}");
        assert_eq!(fake.calls(), 1);
    }
}

#[tokio::test]
async fn a_stream_that_is_cut_without_a_status_comes_back() {
    let fake = Fake::start(|number, mut call| async move {
        match (number, call.method.as_str()) {
            (_, "version") | (4.., _) => serve(call, 2).await,
            _ => {
                let mut stream = call.open();
                stream.message(&alert(1));
                stream.cut();
            }
        }
    });
    let reading = Reading::of(client(&fake).sub().broadcast().reconnect(soon()));
    reading.has_seen(&[1, 2]).await;
    assert_eq!(reading.statuses(), ["connecting", "connected", "disconnected", "connecting", "resumed"]);
    assert_eq!(reading.codes(), [Code::Unavailable]);
}

#[tokio::test]
async fn a_get_that_is_cut_short_does_not_look_complete() {
    let fake = Fake::start(|_, mut call| async move {
        let mut stream = call.open();
        stream.message(&alert(1));
        stream.cut();
    });
    let mut alerts = client(&fake).get().stream().unwrap();
    assert_eq!(alerts.next().await.unwrap().unwrap().sequence, 1);
    let error = alerts.next().await.unwrap().unwrap_err();
    assert_eq!((error.code(), error.is_from_server()), (Code::Unavailable, false));
    assert!(alerts.next().await.is_none());
}

#[tokio::test]
async fn a_call_that_the_peer_cancelled_is_not_tried_again() {
    let fake = Fake::start(|number, mut call| async move {
        if number == 1 {
            call.open().end("1");
        } else {
            serve(call, 1).await;
        }
    });
    let mut reading = Reading::of(client(&fake).sub().reconnect(soon()));
    let error = reading.error().await;
    assert_eq!((error.code(), error.is_from_server()), (Code::Cancelled, true));
    assert_eq!(error.message(), "the fake's words");
}
