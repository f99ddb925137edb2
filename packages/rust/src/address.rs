use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::error::Error;

/// Where a server listens.
///
/// Read as Falco and gRPC write it: `unix:///path`, `unix:path`, a plain path (anything with a slash), or `host:port`
/// (`[::1]:5060` for IPv6).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// A unix socket.
    Unix(PathBuf),
    /// TCP. The host is a name or an IP address, an IPv6 one without its brackets.
    Tcp {
        /// The host's name or IP address.
        host: String,
        /// The port.
        port: u16,
    },
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let path = text.strip_prefix("unix://").or_else(|| text.strip_prefix("unix:"));
        let address = match path {
            Some(path) => unix(path),
            None if text.contains('/') => unix(text),
            None => tcp(text),
        };
        address.ok_or_else(|| {
            Error::invalid(format!(
                "address: {text:?}, expected unix:///path, a path with a slash, or host:port"
            ))
        })
    }
}

fn unix(path: &str) -> Option<Address> {
    let is_url = path.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_lowercase())
    });
    (!path.is_empty() && !is_url).then(|| Address::Unix(path.into()))
}

fn tcp(text: &str) -> Option<Address> {
    let (host, port) = text.rsplit_once(':')?;
    if port.len() > 5 || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let port = port.parse().ok()?;
    let host = match host.strip_prefix('[') {
        Some(bracketed) => bracketed.strip_suffix(']').filter(|host| is_ip_literal(host))?,
        None => host,
    };
    let is_bracketed = text.starts_with('[');
    let is_name =
        !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || ":[]?#@\\%<>^|".contains(c));
    (is_bracketed || is_name).then(|| Address::Tcp { host: host.into(), port })
}

/// An address in digits, optionally with a zone: `fe80::1%eth0`.
fn is_ip_literal(host: &str) -> bool {
    let (digits, zone) = host.split_once('%').unwrap_or((host, "0"));
    !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':' || byte == b'.')
        && !zone.is_empty()
        && zone.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) if path.is_absolute() => write!(f, "unix://{}", path.display()),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(host: &str, port: u16) -> Address {
        Address::Tcp { host: host.into(), port }
    }

    #[test]
    fn reads_what_falco_and_grpc_write() {
        for (text, address, written) in [
            ("unix:///run/falco/falco.sock", Address::Unix("/run/falco/falco.sock".into()), None),
            ("unix:falco.sock", Address::Unix("falco.sock".into()), None),
            ("/run/falco.sock", Address::Unix("/run/falco.sock".into()), Some("unix:///run/falco.sock")),
            ("./falco.sock", Address::Unix("./falco.sock".into()), Some("unix:./falco.sock")),
            ("falco.example:5060", tcp("falco.example", 5060), None),
            ("127.0.0.1:0", tcp("127.0.0.1", 0), None),
            ("[::1]:5060", tcp("::1", 5060), None),
            ("[fe80::1%eth0]:5060", tcp("fe80::1%eth0", 5060), None),
        ] {
            assert_eq!(text.parse::<Address>().unwrap(), address);
            assert_eq!(address.to_string(), written.unwrap_or(text));
        }
    }

    #[test]
    fn refuses_the_rest_and_says_what_would_be_right() {
        for text in [
            "",
            "unix:",
            "unix://",
            "falco.example",
            "5060",
            ":5060",
            "host:",
            "host:65536",
            "host:1e3",
            "host:+5",
            "::1:5060",
            "[::1]",
            "[host]:5060",
            "[]:5060",
            "a b:5060",
            "a%b:5060",
            "https://falco.example:5060",
            "[::1:5060",
            "::1]:5060",
        ] {
            let error = text.parse::<Address>().unwrap_err();
            assert_eq!(
                error.message(),
                format!("address: {text:?}, expected unix:///path, a path with a slash, or host:port")
            );
        }
    }
}
