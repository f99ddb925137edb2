use std::io;

use tokio_rustls::rustls::{AlertDescription, CertificateError, Error as TlsError};

pub(in crate::connection) const NO_HTTP2: &str = "the other side speaks TLS here, but not HTTP/2";
const NO_TLS: &str = "the other side does not speak TLS here";
const UNTRUSTED: &str = "the server's certificate is signed by none of the authorities in tls.ca";
const REFUSED: &str =
    "the server refuses this client's certificate: has one of its authorities signed tls.cert?";

/// Explains a TLS error; `None` for an error of another kind.
pub(in crate::connection) fn explain(error: &io::Error) -> Option<String> {
    let message = match error.get_ref()?.downcast_ref::<TlsError>()? {
        TlsError::InvalidCertificate(reason) => match reason {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the server's certificate has expired, or an authority's: renew it"
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "the server's certificate is not valid yet: compare the clocks"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "the server's certificate is for another name: use that name in the address, or give it as tls.server_name"
            }
            CertificateError::UnknownIssuer | CertificateError::BadSignature => UNTRUSTED,
            other => return Some(format!("the server's certificate is not accepted: {other}")),
        },
        TlsError::AlertReceived(alert) => match alert {
            AlertDescription::NoApplicationProtocol => NO_HTTP2,
            AlertDescription::CertificateRequired => "the server requires a client certificate",
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
