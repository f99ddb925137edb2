use std::collections::BTreeMap;

use serde::Deserialize;

/// Runner to testee.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum RunnerLine {
    Cancel {
        id: u64,
        #[serde(rename = "cancel")]
        _cancel: bool,
    },
    Call(Box<CallLine>),
}

#[derive(Deserialize)]
pub(crate) struct CallLine {
    pub(crate) id: u64,
    pub(crate) method: String,
    #[serde(flatten)]
    pub(crate) target: Target,
    #[serde(default)]
    pub(crate) request: Request,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) timeout_ms: Option<u64>,
    pub(crate) cancel_after_alerts: Option<usize>,
    #[serde(default)]
    pub(crate) report_progress: bool,
    #[serde(default)]
    pub(crate) filter_locally: bool,
    pub(crate) acknowledge: Option<Vec<usize>>,
    #[serde(default)]
    pub(crate) acknowledge_when_stopped: Vec<usize>,
    pub(crate) drain_timeout_ms: Option<u64>,
    #[serde(default)]
    pub(crate) reconnect: bool,
    #[serde(default)]
    pub(crate) text: String,
}

/// Where and how to connect.
#[derive(Clone, Deserialize, PartialEq)]
pub(crate) struct Target {
    #[serde(default)]
    pub(crate) address: String,
    pub(crate) tls: Option<TlsFiles>,
}

#[derive(Clone, Deserialize, PartialEq)]
pub(crate) struct TlsFiles {
    pub(crate) ca: String,
    pub(crate) cert: String,
    pub(crate) key: String,
    pub(crate) server_name: Option<String>,
}

/// A stream's options, by the contract's names; numbers of 64 bits and times are text.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Request {
    pub(crate) allow: Vec<Filter>,
    pub(crate) deny: Vec<Filter>,
    pub(crate) group: Option<String>,
    pub(crate) broadcast: bool,
    pub(crate) after: Option<String>,
    pub(crate) follow: bool,
    pub(crate) acknowledged: Option<String>,
    pub(crate) since: Option<String>,
    pub(crate) until: Option<String>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Filter {
    rules: Vec<String>,
    sources: Vec<String>,
    hostnames: Vec<String>,
    tags: Vec<String>,
    min_priority: Option<i32>,
    fields: Vec<FieldFilter>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldFilter {
    name: String,
    #[serde(default)]
    values: Vec<String>,
}

impl From<Filter> for falco_outputs::Filter {
    fn from(filter: Filter) -> Self {
        let lists = Self::new()
            .rules(filter.rules)
            .sources(filter.sources)
            .hostnames(filter.hostnames)
            .tags(filter.tags);
        let with_priority = match filter.min_priority {
            Some(priority) => lists.min_priority(priority.into()),
            None => lists,
        };
        filter
            .fields
            .into_iter()
            .fold(with_priority, |built, FieldFilter { name, values }| built.field(name, values))
    }
}
