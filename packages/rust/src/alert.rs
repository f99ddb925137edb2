use std::collections::BTreeMap;
use std::time::SystemTime;

use crate::contract::outputs::Response;
use crate::error::Error;
use crate::form::{read_json, read_text, write_json};
use crate::priority::Priority;
use crate::source::source_name;
use crate::time::Timestamp;

/// What Falco emits when a rule matches.
///
/// ```
/// let alert = falco_outputs::Alert::from_json(r#"{"rule":"r","priority":"Notice","output_fields":{"evt.time":1780391647123456789}}"#)?;
/// assert_eq!(alert.output_fields["evt.time"], "1780391647123456789");
/// assert_eq!(
///     alert.to_json(),
///     r#"{"output":"","output_fields":{"evt.time":"1780391647123456789"},"priority":"Notice","rule":"r","tags":[]}"#
/// );
/// # Ok::<(), falco_outputs::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alert {
    /// When the event happened.
    pub time: Option<Timestamp>,
    /// The rule's severity.
    pub priority: Priority,
    /// The source as the number that Falco had before sources had names: see [`Alert::source_name`].
    pub source_deprecated: i32,
    /// The rule's name.
    pub rule: String,
    /// The rule's output, with its fields filled in.
    pub output: String,
    /// The fields of the output as text: numbers digit for digit, an absent value as `<NA>`, a list as `(a,b)`.
    pub output_fields: BTreeMap<String, String>,
    /// The host that Falco runs on.
    pub hostname: String,
    /// The rule's tags.
    pub tags: Vec<String>,
    /// The source by name, e.g. `syscall` or `k8s_audit`.
    pub source: String,
    /// Position in the server's log; 0 from Falco itself, and in an alert that tells a loss.
    pub sequence: u64,
    pub(crate) origin: Origin,
}

/// Where an alert came from, for those that are acknowledged by hand: the call, counted from 1, and the place among the
/// call's responses.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Origin {
    pub(crate) call: u64,
    pub(crate) place: u64,
}

/// Two alerts that say the same are equal, wherever they came from.
impl PartialEq for Origin {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Alert {
    /// An alert from Falco's JSON, one line or message of it, digit for digit.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`](crate::Code::InvalidArgument) for what is no alert, with what is wrong.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        read_json(text)
    }

    /// An alert from a line of Falco's text form (`json_output: false`); nothing if it is not one. The output is the
    /// whole line, as in Falco's gRPC API; rule, source and fields are not in it. A time without a date is the local
    /// clock's nearest to now.
    pub fn from_text(line: &str) -> Option<Self> {
        read_text(line, SystemTime::now())
    }

    /// Falco's JSON of this alert, on one line: fields as text, plus `sequence`.
    pub fn to_json(&self) -> String {
        write_json(self)
    }

    /// The source's name, also of a Falco that sent only its number; empty if nobody said.
    pub fn source_name(&self) -> &str {
        source_name(&self.source, self.source_deprecated)
    }
}

/// The contract's message.
impl From<Response> for Alert {
    fn from(response: Response) -> Self {
        Self {
            time: response.time.map(|prost_types::Timestamp { seconds, nanos }| Timestamp { seconds, nanos }),
            priority: response.priority.into(),
            source_deprecated: response.source_deprecated,
            rule: response.rule,
            output: response.output,
            output_fields: response.output_fields,
            hostname: response.hostname,
            tags: response.tags,
            source: response.source,
            sequence: response.sequence,
            origin: Origin::default(),
        }
    }
}
