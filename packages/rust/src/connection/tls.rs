use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{
    AlertDescription, CertificateError, ClientConfig, Error as TlsError, RootCertStore,
};

use super::explain::{self, Peer};
use super::failure::Failure;
use super::watched::Socket;
use crate::address::Address;
use crate::error::Error;

const HTTP2: &[u8] = b"h2";

/// Mutual TLS (1.2 or 1.3), as Falco demands it: the authorities that sign the server's certificate, and this client's
/// certificate and private key.
#[derive(Clone)]
pub struct Tls {
    ca: Pem,
    certificate: Pem,
    key: Pem,
    server_name: Option<String>,
}

#[derive(Clone)]
enum Pem {
    File(PathBuf),
    Bytes(Vec<u8>),
}

impl Tls {
    /// From PEM files, which are read when the client is built.
    pub fn from_files(ca: impl AsRef<Path>, certificate: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        let file = |path: &Path| Pem::File(path.into());
        Self::new(file(ca.as_ref()), file(certificate.as_ref()), file(key.as_ref()))
    }

    /// From PEM text.
    pub fn from_pem(ca: impl AsRef<[u8]>, certificate: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        let bytes = |pem: &[u8]| Pem::Bytes(pem.into());
        Self::new(bytes(ca.as_ref()), bytes(certificate.as_ref()), bytes(key.as_ref()))
    }

    /// The name that the server's certificate has to carry. Default: the host of the address.
    #[must_use]
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    fn new(ca: Pem, certificate: Pem, key: Pem) -> Self {
        Self { ca, certificate, key, server_name: None }
    }

    fn config(&self) -> Result<ClientConfig, Error> {
        let mut authorities = RootCertStore::empty();
        for authority in certificates(&self.ca, "ca")? {
            authorities.add(authority).map_err(|error| invalid("ca", "no authority's certificate", error))?;
        }
        let key = PrivateKeyDer::from_pem_slice(&self.key.bytes("key")?)
            .map_err(|error| invalid("key", "no private key in PEM", error))?;
        // The process may have another provider by default, which this client does not rely on.
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::invalid(format!("tls: {error}")).caused_by(error))?
            .with_root_certificates(authorities)
            .with_client_auth_cert(certificates(&self.certificate, "certificate")?, key)
            .map_err(|error| invalid("certificate", refusal_of(&error), error))?;
        config.alpn_protocols = vec![HTTP2.into()];
        Ok(config)
    }
}

/// Without the key.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("server_name", &self.server_name).finish_non_exhaustive()
    }
}

impl Pem {
    fn bytes(&self, name: &str) -> Result<Vec<u8>, Error> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.clone()),
            Self::File(path) => std::fs::read(path).map_err(|error| {
                Error::invalid(format!("tls: the {name} file {path:?} cannot be read: {error}"))
                    .caused_by(error)
            }),
        }
    }
}

/// What a certificate is that rustls does not take.
fn refusal_of(error: &tokio_rustls::rustls::Error) -> &'static str {
    // The reason is in an error of webpki's, which rustls does not export.
    if error.to_string().contains("UnsupportedCertVersion") {
        "an X.509 certificate of version 1, where TLS in Rust takes version 3 only (openssl x509 -req needs -extfile)"
    } else {
        "no pair with the key"
    }
}

fn certificates(pem: &Pem, name: &'static str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let certificates = CertificateDer::pem_slice_iter(&pem.bytes(name)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| invalid(name, "no PEM", error))?;
    if certificates.is_empty() {
        return Err(Error::invalid(format!("tls: the {name} holds no certificate, expected PEM")));
    }
    Ok(certificates)
}

fn invalid(name: &str, what: &str, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::invalid(format!("tls: the {name} is {what}: {error}")).caused_by(error)
}

/// Makes a TCP connection a secure one.
#[derive(Clone)]
pub(super) struct Handshake {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Handshake {
    pub(super) fn new(tls: &Tls, address: &Address) -> Result<Self, Error> {
        let Address::Tcp { host, .. } = address else {
            return Err(Error::invalid(format!("address: {address} is a unix socket, where tls has no use")));
        };
        let name = tls.server_name.as_deref().unwrap_or_else(|| host.split('%').next().unwrap_or(host));
        let name = ServerName::try_from(name.to_owned()).map_err(|error| {
            Error::invalid(format!(
                "tls: the server name {name:?} is neither a host's name nor an IP address"
            ))
            .caused_by(error)
        })?;
        Ok(Self { connector: TlsConnector::from(Arc::new(tls.config()?)), name })
    }

    pub(super) async fn run(&self, socket: TcpStream) -> Result<Box<dyn Socket>, Failure> {
        let secure = self
            .connector
            .connect(self.name.clone(), socket)
            .await
            .map_err(|error| explain::lost(&error, Peer::Tls, false))?;
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

pub(super) const NO_HTTP2: &str = "the other side speaks TLS here, but not HTTP/2";
const NO_TLS: &str = "the other side does not speak TLS here";
const UNTRUSTED: &str = "the server's certificate is signed by none of the authorities in the ca";
const REFUSED: &str = "the server refuses this client's certificate: has one of its authorities signed it?";

/// What TLS reports of a failed connection in words; nothing for an error that is not its own.
pub(super) fn explain(error: &io::Error) -> Option<String> {
    let message = match error.get_ref()?.downcast_ref::<TlsError>()? {
        TlsError::InvalidCertificate(reason) => match reason {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the server's certificate has expired, or an authority's: renew it"
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "the server's certificate is not valid yet: compare the clocks"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "the server's certificate is for another name: use that name in the address, or give it as the server name"
            }
            CertificateError::UnknownIssuer | CertificateError::BadSignature => UNTRUSTED,
            other => return Some(format!("the server's certificate is not accepted: {other}")),
        },
        TlsError::AlertReceived(alert) => match alert {
            AlertDescription::NoApplicationProtocol => NO_HTTP2,
            AlertDescription::CertificateRequired => "the server demands a client certificate",
            AlertDescription::CertificateExpired => {
                "the server says that this client's certificate has expired: renew it"
            }
            AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::DecryptError
            | AlertDescription::AccessDenied => REFUSED,
            other => return Some(format!("the server ends the TLS connection: {other:?}")),
        },
        TlsError::NoApplicationProtocol => NO_HTTP2,
        TlsError::InvalidMessage(_) => NO_TLS,
        other => return Some(other.to_string()),
    };
    Some(message.into())
}
