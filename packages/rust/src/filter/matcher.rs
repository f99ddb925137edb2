use std::collections::HashSet;

use super::Filter;
use super::pattern::{Pattern, Value};
use crate::alert::Alert;
use crate::priority::Priority;

/// Decides which alerts pass, in the same way as the server.
#[derive(Debug)]
pub(crate) struct Matcher {
    allow: Vec<One>,
    deny: Vec<One>,
}

impl Matcher {
    pub(crate) fn new(allow: &[Filter], deny: &[Filter]) -> Self {
        Self { allow: allow.iter().map(One::new).collect(), deny: deny.iter().map(One::new).collect() }
    }

    pub(crate) fn passes(&self, alert: &Alert) -> bool {
        (self.allow.is_empty() || self.allow.iter().any(|filter| filter.matches(alert)))
            && !self.deny.iter().any(|filter| filter.matches(alert))
    }
}

/// One filter.
#[derive(Debug)]
struct One {
    min_priority: Option<Priority>,
    rules: Values,
    sources: Values,
    hostnames: Values,
    tags: Values,
    fields: Vec<(String, Values)>,
}

impl One {
    fn new(filter: &Filter) -> Self {
        Self {
            min_priority: filter.min_priority,
            rules: Values::new(&filter.rules),
            sources: Values::new(&filter.sources),
            hostnames: Values::new(&filter.hostnames),
            tags: Values::new(&filter.tags),
            fields: filter.fields.iter().map(|(name, values)| (name.clone(), Values::new(values))).collect(),
        }
    }

    fn matches(&self, alert: &Alert) -> bool {
        let has_field = |(name, values): &(String, Values)| {
            alert.output_fields.get(name).is_some_and(|value| values.match_any(value))
        };
        self.min_priority.is_none_or(|priority| alert.priority.is_at_least(priority))
            && self.rules.match_any(&alert.rule)
            && self.sources.match_any(&alert.source)
            && self.hostnames.match_any(&alert.hostname)
            && (self.tags.is_empty() || alert.tags.iter().any(|tag| self.tags.match_any(tag)))
            && self.fields.iter().all(has_field)
    }
}

/// Values of which one must match. Without values, every text matches.
#[derive(Debug, Default)]
struct Values {
    exact: HashSet<String>,
    patterns: Vec<Pattern>,
}

impl Values {
    fn new(values: &[String]) -> Self {
        let mut read = Self::default();
        for value in values {
            match Value::read(value) {
                Value::Exact(text) => _ = read.exact.insert(text),
                Value::Pattern(pattern) => read.patterns.push(pattern),
            }
        }
        read
    }

    fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.patterns.is_empty()
    }

    fn match_any(&self, text: &str) -> bool {
        self.is_empty()
            || self.exact.contains(text)
            || self.patterns.iter().any(|pattern| pattern.matches(text))
    }
}
