use std::time::{Duration, Instant};

use falco_outputs::{Client, Code};
use serde_json::json;

use crate::reference::Reference;
use crate::scratch::Scratch;

#[test]
fn is_built_without_a_runtime() {
    let client = Client::new("/run/falco/falco.sock").unwrap();
    drop(client.sub().stream().unwrap());
}

#[test]
fn tcp_needs_tls_or_insecure() {
    let error = Client::new("falco.example:5060").unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    assert_eq!(error.to_string(), "address: falco.example:5060 needs tls (ca, cert and key), or insecure");
    assert!(Client::builder().address("falco.example:5060").insecure().build().is_ok());
    let error = Client::builder().address("a\"b:5060").insecure().build().unwrap_err();
    assert_eq!(error.message(), "address: \"a\\\"b:5060\" has no valid host");
}

#[tokio::test]
async fn works_over_tcp() {
    let server =
        Reference::with(json!({ "listen": [{ "address": "127.0.0.1:0", "insecure": true }], "falco": { "version": "0.44.1" } })).await;
    let client = Client::builder().address(&server.address).insecure().build().unwrap();
    let version = client.version().timeout(Duration::from_secs(5)).header("a", "b").await.unwrap();
    assert_eq!((version.major, version.minor, version.patch), (0, 44, 1));
}

#[tokio::test]
async fn reports_that_the_version_is_not_known() {
    let server = Reference::start().await;
    let error = server.client().version().await.unwrap_err();
    assert_eq!((error.code(), error.is_from_server()), (Code::Unavailable, true));
    assert_eq!(error.what_was_tried(), Some(&*format!("version on {}", server.address)));
}

#[tokio::test]
async fn a_version_call_has_a_deadline() {
    let scratch = Scratch::new();
    let address = scratch.socket("mute.sock");
    let _mute = tokio::net::UnixListener::bind(&address).unwrap();
    let started = Instant::now();
    let call = Client::new(&address).unwrap().version().timeout(Duration::from_millis(100));
    assert_eq!(call.await.unwrap_err().code(), Code::DeadlineExceeded);
    assert!(started.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn the_next_call_connects_again() {
    let scratch = Scratch::new();
    let listen = json!({ "listen": [scratch.socket("falco.sock")] });
    let first = Reference::with(listen.clone()).await;
    let client = first.client();
    assert!(client.get().stream().unwrap().next().await.is_none());
    first.stop().await;
    assert_eq!(client.get().stream().unwrap().next().await.unwrap().unwrap_err().code(), Code::Unavailable);
    let second = Reference::with(listen).await;
    let published = second.publish(1, 1).await;
    let alert = client.get().stream().unwrap().next().await.unwrap().unwrap();
    assert_eq!(alert.sequence, published[0]);
}

#[test]
fn types_can_be_sent_to_other_tasks() {
    fn is_send<T: Send + 'static>() {}
    fn is_shared<T: Clone + Send + Sync + 'static>() {}
    is_shared::<Client>();
    is_shared::<falco_outputs::Acknowledger>();
    is_send::<falco_outputs::AlertStream>();
    is_send::<falco_outputs::Subscription>();
    fn is_error<T: std::error::Error + Send + Sync + 'static>() {}
    is_error::<falco_outputs::Error>();
}

#[test]
fn a_time_or_a_limit_of_zero_is_refused() {
    let builder = || Client::builder().address("/nowhere.sock");
    for (builder, message) in [
        (builder().connect_timeout(Duration::ZERO), "connect_timeout: 0, expected more"),
        (builder().keep_alive(Duration::ZERO), "keep_alive: 0, expected more"),
        (builder().max_message_bytes(0), "max_message_bytes: 0, expected more"),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!((error.code(), error.message()), (Code::InvalidArgument, message));
    }
}

#[tokio::test]
async fn a_version_call_with_a_timeout_of_zero_is_refused() {
    let error = Client::new("/nowhere.sock").unwrap().version().timeout(Duration::ZERO).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::InvalidArgument, "timeout: 0, expected more"));
}
