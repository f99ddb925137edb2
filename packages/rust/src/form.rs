//! The forms that an alert has beside that of the contract: Falco's JSON, read and written, and Falco's text.

mod json_reader;
mod read_json;
mod read_text;
mod write_json;

pub(crate) use read_json::read_json;
pub(crate) use read_text::read_text;
pub(crate) use write_json::write_json;

/// The text that Falco's gRPC API has for an absent value.
const ABSENT: &str = "<NA>";
