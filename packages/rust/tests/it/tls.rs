use falco_outputs::{Client, Code, Error, Tls};
use serde_json::{Value, json};

use crate::reference::{Reference, identity};
use crate::scratch::Scratch;

/// A server with mutual TLS, its authority, and a folder for certificates.
struct Secure {
    server: Reference,
    /// The server's certificates.
    tls: Value,
    authority: String,
    scratch: Scratch,
}

impl Secure {
    async fn start(host: &str, names: &[&str], days: i32) -> Self {
        let scratch = Scratch::new();
        let authority = scratch.path().display().to_string();
        let tls = identity(json!({ "folder": scratch.path(), "name": "server", "authority": authority, "names": names, "days": days })).await;
        let server =
            Reference::with(json!({ "listen": [{ "address": format!("{host}:0"), "tls": tls }] })).await;
        Self { server, tls, authority, scratch }
    }

    /// Another server at the same address.
    async fn restart(self) -> Self {
        let listen = json!({ "listen": [{ "address": self.server.address, "tls": self.tls }] });
        self.server.stop().await;
        Self { server: Reference::with(listen).await, ..self }
    }

    async fn identity(&self, authority: &str, days: i32) -> Value {
        let folder = self.scratch.path().join(format!("{}-{days}", authority.len()));
        identity(json!({ "folder": folder, "name": "client", "authority": authority, "days": days })).await
    }

    async fn client(&self) -> Tls {
        files(&self.identity(&self.authority, 1).await)
    }

    fn connect(&self, tls: Tls) -> Client {
        Client::builder().address(&self.server.address).tls(tls).build().unwrap()
    }

    async fn works_with(&self, tls: Tls) {
        let published = self.server.publish(1, 3).await;
        let mut alerts = self.connect(tls).sub().broadcast().after(published[0] - 1).stream().unwrap();
        for sequence in published {
            assert_eq!(alerts.next().await.unwrap().unwrap().sequence, sequence);
        }
    }

    async fn fails_with(&self, tls: Tls, message: &str) {
        let mut alerts = self.connect(tls).sub().broadcast().stream().unwrap();
        let error = alerts.next().await.unwrap().unwrap_err();
        assert_eq!(error.message(), message, "{error:?}");
        assert_eq!((error.code(), error.is_from_server()), (Code::Unavailable, false));
    }
}

fn files(paths: &Value) -> Tls {
    let path = |name: &str| paths[name].as_str().unwrap();
    Tls::new().ca(path("ca")).cert(path("cert")).key(path("key"))
}

const UNANSWERED: &str = "the server closed the connection without an answer: most often it refuses this client's certificate, which has to be valid and signed by an authority of the server's";

#[tokio::test]
async fn works_by_name_and_by_ip_address() {
    for host in ["localhost", "127.0.0.1"] {
        let secure = Secure::start(host, &[host], 1).await;
        secure.works_with(secure.client().await).await;
    }
}

#[tokio::test]
async fn takes_pem_text() {
    let secure = Secure::start("localhost", &["localhost"], 1).await;
    let paths = secure.identity(&secure.authority, 1).await;
    let read = |name: &str| std::fs::read_to_string(paths[name].as_str().unwrap()).unwrap();
    secure.works_with(Tls::new().ca(read("ca")).cert(read("cert")).key(read("key"))).await;
}

#[tokio::test]
async fn a_certificate_for_another_name_needs_that_name() {
    let secure = Secure::start("localhost", &["falco.example"], 1).await;
    secure.works_with(secure.client().await.server_name("falco.example")).await;
    let message = "the server's certificate is for another name: use that name in the address, or give it as tls.server_name";
    secure.fails_with(secure.client().await, message).await;
}

#[tokio::test]
async fn reports_what_is_wrong_with_the_server_s_certificate() {
    let secure = Secure::start("localhost", &["localhost"], -1).await;
    let message = "the server's certificate has expired, or an authority's: renew it";
    secure.fails_with(secure.client().await, message).await;
    let secure = Secure::start("localhost", &["localhost"], 1).await;
    let stranger = files(&secure.identity("stranger", 1).await);
    let message = "the server's certificate is signed by none of the authorities in tls.ca";
    secure.fails_with(stranger, message).await;
}

#[tokio::test]
async fn reports_that_the_server_refuses_this_client() {
    let secure = Secure::start("localhost", &["localhost"], 1).await;
    let ours = secure.identity(&secure.authority, 1).await;
    for mut other in [secure.identity("stranger", 1).await, secure.identity(&secure.authority, -1).await] {
        other["ca"] = ours["ca"].clone();
        secure.fails_with(files(&other), UNANSWERED).await;
    }
}

#[tokio::test]
async fn reports_that_one_side_does_not_speak_tls() {
    let secure = Secure::start("localhost", &["localhost"], 1).await;
    let plain = Client::builder().address(&secure.server.address).insecure().build().unwrap();
    let error = plain.version().await.unwrap_err();
    assert_eq!(error.message(), "the server closed the connection without an answer: does it expect TLS?");
    let insecure =
        Reference::with(json!({ "listen": [{ "address": "127.0.0.1:0", "insecure": true }] })).await;
    let client = Client::builder().address(&insecure.address).tls(secure.client().await).build().unwrap();
    let error = client.version().await.unwrap_err();
    assert_eq!(error.message(), "the other side does not speak TLS here");
}

#[tokio::test]
async fn files_that_cannot_work_are_refused_when_the_client_is_built() {
    let secure = Secure::start("localhost", &["localhost"], 1).await;
    let paths = secure.identity(&secure.authority, 1).await;
    let path = |name: &str| paths[name].as_str().unwrap();
    let build =
        |tls: Tls| -> Error { Client::builder().address("localhost:5060").tls(tls).build().unwrap_err() };
    for (tls, message) in [
        (files(&paths).ca("/missing"), "tls.ca: \"/missing\" cannot be read: "),
        (files(&paths).key(path("cert")), "tls.key: not a private key in PEM: "),
        (Tls::new().cert(path("cert")).key(path("key")), "tls.ca: missing, expected PEM or a file's path"),
        (Tls::new().ca(path("ca")).key(path("key")), "tls.cert: missing, expected PEM or a file's path"),
        (Tls::new().ca(path("ca")).cert(path("cert")), "tls.key: missing, expected PEM or a file's path"),
        (files(&paths).ca(path("key")), "tls.ca: there is no certificate in it, expected PEM"),
        (files(&paths).ca(&b"nonsense"[..]), "tls.ca: there is no certificate in it, expected PEM"),
        (
            files(&paths).server_name("a b"),
            "tls.server_name: \"a b\" is neither a host's name nor an IP address",
        ),
    ] {
        let error = build(tls);
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(error.message().starts_with(message), "{error}");
    }
    let other = secure.identity("stranger", 1).await;
    let mixed = files(&paths).key(other["key"].as_str().unwrap());
    assert!(build(mixed).message().starts_with("tls.cert: does not belong to tls.key: "));
    let old = files(&paths).cert(OLD_CERTIFICATE);
    assert!(build(old).message().starts_with("tls.cert: an X.509 certificate of version 1, "));
    let error = Client::builder().address("/falco.sock").tls(files(&paths)).build().unwrap_err();
    assert_eq!(error.message(), "address: unix:///falco.sock is a unix socket, where tls has no use");
    assert!(!format!("{:?}", files(&paths)).contains("key"));
}

#[tokio::test]
async fn certificates_are_read_again_for_each_connection() {
    let secure = Secure::start("localhost", &["localhost"], 1).await;
    let folder = Scratch::new();
    let write = async |authority: &str| {
        let parameters =
            json!({ "folder": folder.path(), "name": "client", "authority": authority, "days": 1 });
        identity(parameters).await
    };
    let authority = secure.authority.clone();
    let ours = write(&authority).await;
    let ca = std::fs::read(ours["ca"].as_str().unwrap()).unwrap();
    let client = secure.connect(files(&ours).ca(ca));
    let version = async || client.version().await.unwrap_err();
    assert!(version().await.is_from_server());
    // Replaced by one that the server does not accept, then by a broken one, then by a good one.
    write("stranger").await;
    let _restarted = secure.restart().await;
    assert_eq!(version().await.message(), UNANSWERED);
    std::fs::write(ours["key"].as_str().unwrap(), "half a k").unwrap();
    let broken = version().await;
    assert!(broken.message().starts_with("tls.key: not a private key in PEM: "), "{broken}");
    assert_eq!(broken.code(), Code::Unavailable);
    write(&authority).await;
    assert!(version().await.is_from_server());
}

/// A certificate of X.509 version 1, as `openssl x509 -req` makes it without extensions.
const OLD_CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIBFzCBvwIURQn0ZNNdTT9aVTR6I49iq/jm9KowCgYIKoZIzj0EAwIwDjEMMAoG
A1UEAwwDb2xkMCAXDTI2MTEyNzA5MjM0NFoYDzIxMjYxMTAzMDkyMzQ0WjAOMQww
CgYDVQQDDANvbGQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASZcr3fZ+qFwiEi
Klpl2lOL2/cT2xOQtcdtKMu/q2TFW0yLBsQWMLufzgOW9X3ZQiwbiSuaiUUuXaZU
F5fsYHLhMAoGCCqGSM49BAMCA0cAMEQCIB+HhT21OcVJhh1Bj4bIfOn7y+lWs7IR
Sts6URBb8X+fAiB2ftzz96Opf0LBXpuBWNoOnIOf3cLzeDU9mv/+5wfN+Q==
-----END CERTIFICATE-----
";
