use std::borrow::Cow;
use std::path::{Path, PathBuf};

use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;

use crate::error::Error;

/// PEM text, or the path of a file that holds it. Text that contains `-----BEGIN ` is PEM, any other text is a path.
/// Bytes are PEM. A file is read again for each connection, so that certificates can be replaced while a client runs.
#[derive(Clone)]
pub struct Pem(Kind);

#[derive(Clone)]
enum Kind {
    File(PathBuf),
    Bytes(Vec<u8>),
}

impl Pem {
    pub(super) fn bytes(&self, name: &str) -> Result<Cow<'_, [u8]>, Error> {
        match &self.0 {
            Kind::Bytes(bytes) => Ok(bytes.into()),
            Kind::File(path) => std::fs::read(path).map(Cow::Owned).map_err(|error| {
                Error::invalid(format!("tls.{name}: {path:?} cannot be read: {error}")).caused_by(error)
            }),
        }
    }

    pub(super) fn certificates(&self, name: &str) -> Result<Vec<CertificateDer<'static>>, Error> {
        let certificates = CertificateDer::pem_slice_iter(&self.bytes(name)?)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| Error::invalid(format!("tls.{name}: not PEM: {error}")).caused_by(error))?;
        if certificates.is_empty() {
            return Err(Error::invalid(format!("tls.{name}: there is no certificate in it, expected PEM")));
        }
        Ok(certificates)
    }
}

impl From<&str> for Pem {
    fn from(text: &str) -> Self {
        Self(if text.contains("-----BEGIN ") { Kind::Bytes(text.into()) } else { Kind::File(text.into()) })
    }
}

impl From<String> for Pem {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<&String> for Pem {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<&Path> for Pem {
    fn from(path: &Path) -> Self {
        Self(Kind::File(path.into()))
    }
}

impl From<PathBuf> for Pem {
    fn from(path: PathBuf) -> Self {
        Self(Kind::File(path))
    }
}

impl From<&PathBuf> for Pem {
    fn from(path: &PathBuf) -> Self {
        path.as_path().into()
    }
}

impl From<Vec<u8>> for Pem {
    fn from(pem: Vec<u8>) -> Self {
        Self(Kind::Bytes(pem))
    }
}

impl From<&[u8]> for Pem {
    fn from(pem: &[u8]) -> Self {
        Self(Kind::Bytes(pem.into()))
    }
}
