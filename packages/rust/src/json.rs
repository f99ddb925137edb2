//! Falco's JSON of an alert, read and written, and its times in RFC 3339.

mod read;
mod reader;
mod rfc3339;
#[cfg(feature = "serde")]
mod serde;
mod write;

use crate::alert::Alert;
use crate::error::Error;

/// The text that Falco's gRPC API has for an absent value.
const ABSENT: &str = "<NA>";

/// ```
/// let alert = falco_outputs::Alert::from_json(r#"{"rule":"r","priority":"Notice","output_fields":{"evt.time":1780391647123456789}}"#)?;
/// assert_eq!(alert.output_fields["evt.time"], "1780391647123456789");
/// assert_eq!(
///     alert.to_json(),
///     r#"{"output":"","output_fields":{"evt.time":"1780391647123456789"},"priority":"Notice","rule":"r","tags":[]}"#
/// );
/// # Ok::<(), falco_outputs::Error>(())
/// ```
impl Alert {
    /// An alert from Falco's JSON, as one line or message; numbers keep every digit.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`](crate::Code::InvalidArgument) for a text that is not an alert, with the reason.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        read::read_json(text)
    }

    /// Falco's JSON of this alert, on one line: fields as text, plus `sequence`.
    pub fn to_json(&self) -> String {
        write::write_json(self)
    }
}
