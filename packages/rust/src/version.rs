use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::connection::{Connection, Headers, above_zero};
use crate::contract::version::Response;
use crate::error::Error;

/// The versions of Falco and of its engine, as text and in parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs)] // The names say it.
pub struct FalcoVersion {
    pub version: String,
    pub major: u32,
    pub minor: u32,
    pub patch: u32,
    pub prerelease: String,
    pub build: String,
    pub engine_version: String,
    pub engine_major: u32,
    /// The engine's whole version, from when it was a single number.
    pub engine_minor: u32,
    pub engine_patch: u32,
    pub engine_fields_checksum: String,
}

impl From<Response> for FalcoVersion {
    fn from(response: Response) -> Self {
        Self {
            version: response.version,
            major: response.major,
            minor: response.minor,
            patch: response.patch,
            prerelease: response.prerelease,
            build: response.build,
            engine_version: response.engine_version,
            engine_major: response.engine_major,
            engine_minor: response.engine_minor,
            engine_patch: response.engine_patch,
            engine_fields_checksum: response.engine_fields_checksum,
        }
    }
}

/// A call of [`Client::version`](crate::Client::version). Await it to make the call.
#[derive(Debug)]
#[must_use = "a call is made by awaiting it"]
pub struct VersionCall {
    connection: Arc<Connection>,
    timeout: Option<Duration>,
    headers: Headers,
}

impl VersionCall {
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        Self { connection, timeout: None, headers: Headers::default() }
    }

    /// The call's deadline, from its start. Default: none, once there is a connection.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sends a header with the call.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.add(name, value);
        self
    }
}

impl IntoFuture for VersionCall {
    type Output = Result<FalcoVersion, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { connection, timeout, headers } = self;
        Box::pin(async move {
            timeout.map_or(Ok(()), |timeout| above_zero("timeout", timeout))?;
            let metadata = headers.metadata()?;
            let call = connection.version(&metadata, timeout);
            match tokio::time::timeout(timeout.unwrap_or(Duration::MAX), call).await {
                Ok(version) => version.map(Into::into),
                Err(_) => Err(connection.timed_out("version")),
            }
        })
    }
}
