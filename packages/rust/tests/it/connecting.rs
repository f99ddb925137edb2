//! How the streams of a client share its connection.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use falco_outputs::{Client, Code};
use tokio::io::DuplexStream;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixListener;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::fake::Fake;
use crate::old_falco::OldFalco;
use crate::patience::eventually;
use crate::proxy::Proxy;
use crate::reconnecting::{Reading, soon};
use crate::reference::Reference;
use crate::scratch::Scratch;

/// A client whose connections never come about, and how many it tried.
fn to_nowhere() -> (Client, Arc<AtomicUsize>) {
    let attempts = Arc::new(AtomicUsize::new(0));
    let counted = attempts.clone();
    let builder = Client::builder().connector(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        pending::<io::Result<DuplexStream>>()
    });
    (builder.connect_timeout(Duration::from_millis(500)).build().unwrap(), attempts)
}

#[tokio::test(start_paused = true)]
async fn all_calls_that_wait_share_one_attempt() {
    let (client, attempts) = to_nowhere();
    let subscriptions =
        [client.sub(), client.sub(), client.get(), client.sub().broadcast(), client.sub().group("g")];
    let readings: Vec<_> = subscriptions.map(Reading::of).into();
    let version = tokio::spawn(async move { client.version().await.unwrap_err() });
    let mut errors = vec![version.await.unwrap()];
    for mut reading in readings {
        errors.push(reading.error().await);
    }
    for error in errors {
        assert_eq!(error.code(), Code::Unavailable);
        assert_eq!(
            error.message(),
            "no connection came about in time: does something answer at this address?"
        );
    }
    assert_eq!(attempts.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn all_calls_share_one_attempt_to_a_server_that_says_nothing() {
    let scratch = Scratch::new();
    let address = scratch.socket("mute.sock");
    let listener = UnixListener::bind(&address).unwrap();
    let accepted = Arc::new(AtomicUsize::new(0));
    let counted = accepted.clone();
    tokio::spawn(async move {
        let mut sockets = Vec::new();
        while let Ok((socket, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            sockets.push(socket);
        }
    });
    let builder = Client::builder().address(&address).connect_timeout(Duration::from_millis(300));
    let client = builder.build().unwrap();
    let readings =
        [client.sub(), client.sub(), client.sub().broadcast(), client.sub().group("g")].map(Reading::of);
    for mut reading in readings {
        let error = reading.error().await;
        assert_eq!(
            error.message(),
            "no connection came about in time: does something answer at this address?"
        );
    }
    assert_eq!(accepted.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn streams_come_back_on_one_connection() {
    let server = Reference::start().await;
    let proxy = Proxy::to(&server.address);
    let client = Client::new(&proxy.address).unwrap();
    let readings: Vec<_> = (0..10).map(|_| Reading::of(client.sub().broadcast().reconnect(soon()))).collect();
    for reading in &readings {
        reading.is_told("connected", 1).await;
    }
    assert_eq!(proxy.accepted(), 1);
    for cut in 1..=3 {
        proxy.cut();
        for reading in &readings {
            reading.is_told("resumed", cut).await;
        }
        assert_eq!(proxy.accepted(), 1 + cut);
    }
}

#[tokio::test]
async fn a_connection_whose_server_does_not_answer_is_not_used_again() {
    let server = Reference::start().await;
    let proxy = Proxy::to(&server.address);
    let builder = Client::builder().address(&proxy.address).connect_timeout(Duration::from_millis(300));
    let client = builder.build().unwrap();
    assert!(client.get().stream().unwrap().next().await.is_none());
    proxy.silence();
    let reading = Reading::of(client.sub().broadcast().reconnect(soon().wait_on_first_connect()));
    reading.is_told("connected", 1).await;
    assert_eq!(reading.errors(), ["no answer came within 300ms"]);
    assert_eq!(proxy.accepted(), 2);
}

#[tokio::test(start_paused = true)]
async fn streams_wait_together() {
    // Each connection ends at once.
    let builder = Client::builder().connector(|| async { Ok(tokio::io::duplex(1).0) });
    let client = builder.build().unwrap();
    let readings: Vec<_> = (0..10)
        .map(|_| {
            Reading::of(client.sub().reconnect(falco_outputs::Reconnect::default().wait_on_first_connect()))
        })
        .collect();
    for reading in &readings {
        eventually(true, || async { reading.waits().len() >= 5 }).await;
    }
    for reading in &readings {
        assert_eq!(reading.waits()[..5], readings[0].waits()[..5]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_unix_socket_is_tried_every_second() {
    let scratch = Scratch::new();
    let reconnect = falco_outputs::Reconnect::default().wait_on_first_connect();
    let client = Client::new(&scratch.socket("missing.sock")).unwrap();
    let reading = Reading::of(client.sub().reconnect(reconnect));
    eventually(true, || async { reading.waits().len() >= 30 }).await;
    assert!(reading.waits().iter().all(|wait| *wait <= Duration::from_secs(1)), "{:?}", reading.waits());
}

/// Falco's own server in memory, and a client of it.
fn in_memory() -> (OldFalco, Client) {
    let (sockets, incoming) = mpsc::unbounded_channel();
    let connector = move || {
        let (ours, theirs) = tokio::io::duplex(1024 * 1024);
        let sent = sockets.send(io::Result::Ok(theirs));
        async move { sent.map(|()| ours).map_err(io::Error::other) }
    };
    let client = Client::builder().connector(connector).build().unwrap();
    (OldFalco::serve(tokio_stream::wrappers::UnboundedReceiverStream::new(incoming)), client)
}

#[tokio::test]
async fn works_in_memory() {
    let (falco, client) = in_memory();
    assert_eq!(client.version().await.unwrap().minor, 43);
    falco.raise(&["one"]);
    let mut alerts = client.sub().stream().unwrap();
    assert_eq!(alerts.next().await.unwrap().unwrap().rule, "one");
    let error = client.sub().broadcast().stream().unwrap().next().await.unwrap().unwrap_err();
    assert_eq!(error.what_was_tried(), Some("version on a connection of the connector"));
}

#[tokio::test(start_paused = true)]
async fn falco_is_polled_at_fixed_times_even_while_alerts_come() {
    let (falco, client) = in_memory();
    let mut alerts = client.sub().stream().unwrap();
    falco.raise(&["0"]);
    assert_eq!(alerts.next().await.unwrap().unwrap().rule, "0");
    let start = Instant::now();
    for tick in 1..=20 {
        falco.raise(&[&tick.to_string()]);
        assert_eq!(alerts.next().await.unwrap().unwrap().rule, tick.to_string());
        assert_eq!(start.elapsed().as_millis() / 100, tick, "one tick an alert");
    }
}

#[tokio::test]
async fn an_error_of_a_connector_is_reported() {
    let builder = Client::builder().address("falco.example:5060");
    let client = builder.connector(|| async { io::Result::<DuplexStream>::Err(io::Error::other("no way")) });
    let error = client.build().unwrap().version().await.unwrap_err();
    assert_eq!(error.to_string(), "version on falco.example:5060: the connector failed: no way");
    assert_eq!(error.code(), Code::Unavailable);
}

/// SETTINGS, then, once the client has asked for something, a GOAWAY with this reason and text.
async fn goodbye(reason: u32, text: &[u8]) -> falco_outputs::Error {
    let scratch = Scratch::new();
    let address = scratch.socket("goodbye.sock");
    let listener = UnixListener::bind(&address).unwrap();
    let frame = |kind: u8, payload: &[u8]| {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, 0, 0, 0, 0, 0], payload].concat()
    };
    let settings = frame(4, &[]);
    // Every stream counts as seen, so that h2 gives the reason to none of them.
    let goaway = frame(7, &[&i32::MAX.to_be_bytes(), &reason.to_be_bytes(), text].concat());
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket.write_all(&settings).await.unwrap();
        let mut read = Vec::new();
        // A HEADERS frame of the call: type 1, on stream 1.
        while !read.windows(6).any(|bytes: &[u8]| bytes[0] == 1 && bytes[2..] == [0, 0, 0, 1]) {
            assert_ne!(socket.read_buf(&mut read).await.unwrap(), 0);
        }
        socket.write_all(&goaway).await.unwrap();
    });
    Client::new(&address).unwrap().version().await.unwrap_err()
}

#[tokio::test]
async fn too_many_pings_are_reported() {
    let error = goodbye(11, b"too_many_pings").await;
    assert_eq!(
        error.message(),
        "the server closed the connection since it got too many pings: set keep_alive to a longer time"
    );
    assert_eq!((error.code(), error.is_from_server()), (Code::Unavailable, false));
    let error = goodbye(2, b"").await;
    assert_eq!(error.message(), "the server closed the connection: unexpected internal error encountered");
}

#[tokio::test]
async fn sends_its_user_agent() {
    let fake = Fake::start(|_, call| async move {
        let agent = call.request.headers()["user-agent"].to_str().unwrap();
        assert_eq!(agent, concat!("falco-outputs-rust/", env!("CARGO_PKG_VERSION")));
        call.trailers_only("5", &[("falco-outputs-version", "1")]);
    });
    let error = Client::new(&fake.address).unwrap().version().await.unwrap_err();
    assert_eq!((error.code(), error.is_from_server()), (Code::NotFound, true));
}
