mod explain;
mod pem;

use std::fmt;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, Error as TlsError, RootCertStore};

use super::explain::{Peer, lost};
use super::failure::Failure;
use super::watched::Socket;
use crate::error::Error;
pub(super) use explain::{NO_HTTP2, explain};
pub use pem::Pem;

const HTTP2: &[u8] = b"h2";

/// Mutual TLS (1.2 or 1.3), as Falco requires it: `ca`, `cert` and `key` must be set.
///
/// ```
/// use falco_outputs::Tls;
///
/// let tls = Tls::new().ca("ca.crt").cert("client.crt").key("client.key");
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct Tls {
    ca: Option<Pem>,
    cert: Option<Pem>,
    key: Option<Pem>,
    server_name: Option<String>,
}

impl Tls {
    /// Options without any value.
    pub fn new() -> Self {
        Self::default()
    }

    /// The authorities that sign the server's certificate.
    pub fn ca(mut self, ca: impl Into<Pem>) -> Self {
        self.ca = Some(ca.into());
        self
    }

    /// This client's certificate.
    pub fn cert(mut self, cert: impl Into<Pem>) -> Self {
        self.cert = Some(cert.into());
        self
    }

    /// This client's private key.
    pub fn key(mut self, key: impl Into<Pem>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// The name that the server's certificate must have. Default: the host of the address.
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    fn config(&self) -> Result<ClientConfig, Error> {
        let mut authorities = RootCertStore::empty();
        for authority in given(&self.ca, "ca")?.certificates("ca")? {
            authorities
                .add(authority)
                .map_err(|error| invalid("ca", "not an authority's certificate", error))?;
        }
        let certificates = given(&self.cert, "cert")?.certificates("cert")?;
        let key = PrivateKeyDer::from_pem_slice(&given(&self.key, "key")?.bytes("key")?)
            .map_err(|error| invalid("key", "not a private key in PEM", error))?;
        // The default provider of the process may be another one.
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::invalid(format!("tls: {error}")).caused_by(error))?
            .with_root_certificates(authorities)
            .with_client_auth_cert(certificates, key)
            .map_err(|error| invalid("cert", refusal_of(&error), error))?;
        config.alpn_protocols = vec![HTTP2.into()];
        Ok(config)
    }
}

/// Leaves out the key.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("server_name", &self.server_name).finish_non_exhaustive()
    }
}

fn given<'a>(pem: &'a Option<Pem>, name: &str) -> Result<&'a Pem, Error> {
    pem.as_ref().ok_or_else(|| Error::invalid(format!("tls.{name}: missing, expected PEM or a file's path")))
}

/// Why rustls refuses a certificate.
fn refusal_of(error: &TlsError) -> &'static str {
    // The reason is in a webpki error, which rustls does not export.
    if error.to_string().contains("UnsupportedCertVersion") {
        "an X.509 certificate of version 1, where TLS in Rust takes version 3 only (openssl x509 -req needs -extfile)"
    } else {
        "does not belong to tls.key"
    }
}

fn invalid(name: &str, what: &str, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::invalid(format!("tls.{name}: {what}: {error}")).caused_by(error)
}

/// Adds TLS to a TCP connection.
#[derive(Clone)]
pub(super) struct Handshake {
    tls: Tls,
    name: ServerName<'static>,
}

impl Handshake {
    /// Fails for certificates that cannot work now.
    pub(super) fn new(tls: &Tls, host: &str) -> Result<Self, Error> {
        let name = tls.server_name.as_deref().unwrap_or_else(|| host.split('%').next().unwrap_or(host));
        let name = ServerName::try_from(name.to_owned()).map_err(|error| {
            Error::invalid(format!("tls.server_name: {name:?} is neither a host's name nor an IP address"))
                .caused_by(error)
        })?;
        tls.config()?;
        Ok(Self { tls: tls.clone(), name })
    }

    /// Reads the files again. Files that do not match now may do so soon: they may be in the middle of being replaced.
    pub(super) async fn run(&self, socket: TcpStream) -> Result<Box<dyn Socket>, Failure> {
        let tls = self.tls.clone();
        let config = tokio::task::spawn_blocking(move || tls.config())
            .await
            .map_err(|error| Failure::new(error.to_string()))?
            .map_err(|error| Failure::new(error.message()))?;
        let secure = TlsConnector::from(Arc::new(config))
            .connect(self.name.clone(), socket)
            .await
            .map_err(|error| lost(&error, Peer::Tls, false))?;
        if secure.get_ref().1.alpn_protocol() != Some(HTTP2) {
            return Err(Failure::new(NO_HTTP2));
        }
        Ok(Box::new(secure))
    }
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake").field("name", &self.name).finish_non_exhaustive()
    }
}
