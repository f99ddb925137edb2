use std::error::Error as _;
use std::time::Duration;

use falco_outputs::{Client, ClientBuilder, Code, Error};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, UnixListener};

use crate::proxy::Proxy;
use crate::reference::Reference;
use crate::scratch::Scratch;

async fn failure(client: ClientBuilder) -> Error {
    client.build().unwrap().version().await.unwrap_err()
}

fn unix(address: &str) -> ClientBuilder {
    Client::builder().address(address)
}

/// Answers the first bytes with this text, and closes.
async fn say(socket: &mut (impl AsyncRead + AsyncWrite + Unpin), text: &str) {
    _ = socket.read(&mut [0; 1024]).await;
    _ = socket.write_all(text.as_bytes()).await;
}

fn assert_explains(error: &Error, message: &str) {
    assert_eq!(error.message(), message, "{error:?}");
    assert_eq!(error.code(), Code::Unavailable);
    assert!(!error.is_from_server());
    assert!(error.source().is_some());
}

#[tokio::test]
async fn a_unix_socket_that_is_not_there() {
    let scratch = Scratch::new();
    let missing = failure(unix(&scratch.socket("missing.sock"))).await;
    assert_explains(&missing, "there is no such socket: is the server running, and does it listen there?");
    assert_eq!(
        missing.to_string(),
        format!(
            "version on unix://{}: there is no such socket: is the server running, and does it listen there?",
            scratch.socket("missing.sock")
        )
    );
    std::fs::write(scratch.path().join("file"), "").unwrap();
    let file = failure(unix(&scratch.socket("file"))).await;
    assert_explains(
        &file,
        "nobody listens there: the server that made this socket is gone, or it is not a socket",
    );
    let below = failure(unix(&scratch.socket("file/falco.sock"))).await;
    assert_explains(&below, "there is no such socket: a part of its path is not a folder");
}

#[tokio::test]
async fn a_socket_of_another_kind_of_server() {
    let scratch = Scratch::new();
    for (name, says, message) in [
        (
            "closes",
            "",
            "the other side closed the connection without an answer: is this a server's gRPC socket?",
        ),
        (
            "chatters",
            "220 mail.example ready\r\n",
            "the other side does not speak HTTP/2: is this a server's gRPC socket?",
        ),
    ] {
        let address = scratch.socket(name);
        let listener = UnixListener::bind(&address).unwrap();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                say(&mut socket, says).await;
            }
        });
        assert_explains(&failure(unix(&address)).await, message);
    }
}

#[tokio::test]
async fn a_port_where_nobody_listens_or_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mute = unix(&address).insecure().connect_timeout(Duration::from_millis(50));
    assert_explains(
        &failure(mute).await,
        "no connection came about in time: does something answer at this address?",
    );
    drop(listener);
    assert_explains(
        &failure(unix(&address).insecure()).await,
        "connection refused: is the server running, and does it listen on this port?",
    );
}

#[tokio::test]
async fn a_host_without_an_address() {
    // No part of a host name has more than 63 characters, so that no name server is asked.
    let address = format!("{}.invalid:5060", "a".repeat(64));
    let error = failure(unix(&address).insecure()).await;
    assert!(error.message().starts_with("the host's name could not be resolved: "), "{error}");
    assert_eq!(error.code(), Code::Unavailable);
}

#[tokio::test]
async fn a_port_where_http_1_is_spoken() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            say(&mut socket, "HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    assert_explains(
        &failure(unix(&address).insecure()).await,
        "the other side does not speak HTTP/2 here: does it expect TLS?",
    );
}

#[tokio::test]
async fn a_connection_that_went_silent() {
    let server = Reference::start().await;
    let proxy = Proxy::to(&server.address);
    let client = unix(&proxy.address).keep_alive(Duration::from_millis(100)).build().unwrap();
    let mut alerts = client.sub().broadcast().without_reconnect().stream().unwrap();
    let silenced = async {
        server.has_subscribers(1).await;
        proxy.silence();
    };
    let (alert, ()) = tokio::join!(alerts.next(), silenced);
    assert_explains(
        &alert.unwrap().unwrap_err(),
        "the connection is dead: the other side does not answer pings",
    );
}

#[tokio::test]
async fn a_stream_that_is_read_too_slowly() {
    let server = Reference::with(json!({ "stallTimeoutMs": 300 })).await;
    let mut alerts = server.client().sub().without_reconnect().stream().unwrap();
    let line = json!({ "rule": "r", "priority": "Notice", "output": "x".repeat(900_000) }).to_string();
    for _ in 0..10 {
        server.publish_line(&line).await;
    }
    assert!(alerts.next().await.unwrap().is_ok());
    server.has_subscribers(0).await;
    let error = loop {
        if let Err(error) = alerts.next().await.expect("an error") {
            break error;
        }
    };
    assert_eq!(error.message(), "the server ended the stream: it was read too slowly", "{error:?}");
    assert_eq!((error.code(), error.is_from_server()), (Code::ResourceExhausted, false));
}
