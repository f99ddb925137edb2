use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::{BufMut, Bytes, BytesMut};
use falco_outputs::Client;
use h2::RecvStream;
use h2::server::SendResponse;
use http::{HeaderMap, HeaderValue, Request, Response};
use prost::Message;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixListener;

use crate::scratch::Scratch;

/// One call to a [`Fake`]: its request, and where the answer goes.
pub(crate) struct FakeCall {
    /// The method, e.g. `sub`.
    pub(crate) method: String,
    pub(crate) request: Request<RecvStream>,
    pub(crate) respond: SendResponse<Bytes>,
}

/// An HTTP/2 server that answers each call as a test says: a proxy, or a server that misbehaves.
pub(crate) struct Fake {
    pub(crate) address: String,
    calls: Arc<AtomicUsize>,
    _scratch: Scratch,
}

impl Fake {
    /// `answer` gets each call with its number, which counts from 1.
    pub(crate) fn start<F: Future<Output = ()> + Send + 'static>(
        answer: impl Fn(usize, FakeCall) -> F + Send + Sync + 'static,
    ) -> Self {
        let scratch = Scratch::new();
        let address = scratch.socket("fake.sock");
        let listener = UnixListener::bind(&address).unwrap();
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let answer = Arc::new(answer);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, counted.clone(), answer.clone()));
            }
        });
        Self { address, calls, _scratch: scratch }
    }

    /// A client of such a server in memory, for a test whose clock is paused.
    pub(crate) fn in_memory<F: Future<Output = ()> + Send + 'static>(
        answer: impl Fn(usize, FakeCall) -> F + Send + Sync + 'static,
    ) -> Client {
        let calls = Arc::new(AtomicUsize::new(0));
        let answer = Arc::new(answer);
        let connector = move || {
            let (ours, theirs) = tokio::io::duplex(1024 * 1024);
            tokio::spawn(serve(theirs, calls.clone(), answer.clone()));
            async { Ok(ours) }
        };
        Client::builder().connector(connector).build().unwrap()
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

async fn serve<F: Future<Output = ()> + Send + 'static>(
    socket: impl AsyncRead + AsyncWrite + Unpin,
    calls: Arc<AtomicUsize>,
    answer: Arc<impl Fn(usize, FakeCall) -> F>,
) {
    let Ok(mut connection) = h2::server::handshake(socket).await else { return };
    while let Some(Ok((request, respond))) = connection.accept().await {
        let number = calls.fetch_add(1, Ordering::Relaxed) + 1;
        let method = request.uri().path().rsplit('/').next().unwrap().to_owned();
        tokio::spawn(answer(number, FakeCall { method, request, respond }));
    }
}

impl FakeCall {
    /// Answers as a proxy does, with an HTTP status and a page.
    pub(crate) fn http(mut self, status: u16) {
        let response =
            Response::builder().status(status).header("content-type", "text/html").body(()).unwrap();
        let mut body = self.respond.send_response(response, false).unwrap();
        body.send_data(Bytes::from_static(b"<html>Bad Gateway</html>"), true).unwrap();
    }

    /// Answers with headers only, which have a gRPC status.
    pub(crate) fn trailers_only(mut self, status: &'static str, headers: &[(&'static str, &'static str)]) {
        let mut response = grpc(headers);
        response.headers_mut().insert("grpc-status", HeaderValue::from_static(status));
        response.headers_mut().insert("grpc-message", HeaderValue::from_static("the fake's words"));
        self.respond.send_response(response, true).unwrap();
    }

    /// Opens a stream as our server does.
    pub(crate) fn open(&mut self) -> FakeStream {
        self.open_with(&[])
    }

    /// Opens a stream as our server does, with additional headers.
    pub(crate) fn open_with(&mut self, headers: &[(&'static str, &'static str)]) -> FakeStream {
        let ours = [("falco-outputs-version", "1"), ("falco-outputs-position", "0")];
        FakeStream(self.respond.send_response(grpc(&[&ours, headers].concat()), false).unwrap())
    }

    /// Opens a stream as Falco's own server does.
    pub(crate) fn open_as_falco(&mut self) -> FakeStream {
        FakeStream(self.respond.send_response(grpc(&[]), false).unwrap())
    }
}

fn grpc(headers: &[(&'static str, &'static str)]) -> Response<()> {
    let mut response = Response::new(());
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    for (name, value) in headers {
        response.headers_mut().insert(*name, HeaderValue::from_static(value));
    }
    response
}

/// The open answer to a call.
pub(crate) struct FakeStream(h2::SendStream<Bytes>);

impl FakeStream {
    pub(crate) fn message(&mut self, message: &impl Message) {
        self.raw(&message.encode_to_vec());
    }

    /// Sends these bytes as a gRPC message.
    pub(crate) fn raw(&mut self, message: &[u8]) {
        let mut frame = BytesMut::new();
        frame.put_u8(0);
        frame.put_u32(u32::try_from(message.len()).unwrap());
        frame.put_slice(message);
        self.0.send_data(frame.freeze(), false).unwrap();
    }

    /// Waits until the client has cancelled the call.
    pub(crate) async fn is_left(&mut self) {
        _ = std::future::poll_fn(|cx| self.0.poll_reset(cx)).await;
    }

    /// Ends the stream with a gRPC status.
    pub(crate) fn end(mut self, status: &'static str) {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static(status));
        trailers.insert("grpc-message", HeaderValue::from_static("the fake's words"));
        self.0.send_trailers(trailers).unwrap();
    }

    /// Ends the stream without a status.
    pub(crate) fn cut(mut self) {
        self.0.send_data(Bytes::new(), true).unwrap();
    }
}
