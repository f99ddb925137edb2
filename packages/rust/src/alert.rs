use std::collections::BTreeMap;

use crate::contract::outputs::Response;
use crate::priority::Priority;
use crate::source::source_name;
use crate::time::Timestamp;

/// What Falco emits when a rule matches.
///
/// ```
/// use falco_outputs::{Alert, Priority};
///
/// // For a test of your own.
/// let mut alert = Alert::new("Terminal shell in container", Priority::NOTICE);
/// alert.output_fields.insert("proc.name".into(), "bash".into());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alert {
    /// When the event happened.
    pub time: Option<Timestamp>,
    /// The rule's severity.
    pub priority: Priority,
    /// The source as a number, from before sources had names: see [`Alert::source_name`].
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
    /// Position in the server's log; 0 from Falco itself, and in an alert that reports a loss.
    pub sequence: u64,
    pub(crate) origin: Origin,
}

/// Where an alert that is to be acknowledged by hand came from: the stream and its call, both counted from 1, and the
/// place among the call's responses.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Origin {
    pub(crate) stream: u64,
    pub(crate) call: u64,
    pub(crate) place: u64,
}

/// Two alerts with the same content are equal, wherever they came from.
impl PartialEq for Origin {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Alert {
    /// An alert of this rule; everything else in it is empty.
    pub fn new(rule: impl Into<String>, priority: Priority) -> Self {
        Self { rule: rule.into(), priority, ..Self::default() }
    }

    /// The source's name, also of a Falco that sent only its number; empty if it is not known.
    pub fn source_name(&self) -> &str {
        source_name(&self.source, self.source_deprecated)
    }
}

/// The contract's message.
impl From<Response> for Alert {
    fn from(response: Response) -> Self {
        Self {
            time: response.time.map(Timestamp::from),
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
