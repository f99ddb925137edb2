mod matcher;
mod pattern;

use crate::contract::outputs;
use crate::priority::Priority;
pub(crate) use matcher::Matcher;

/// Chooses alerts. Every part that is set must match; of several values, any.
///
/// A value is compared with the whole text, and case matters. In a value, `*` matches any run of characters, including
/// an empty one, and `\*` matches a star. Calling a method again adds values.
///
/// Use it with [`Subscription::allow`](crate::Subscription::allow) and
/// [`Subscription::deny`](crate::Subscription::deny). It must have at least one part.
///
/// ```
/// use falco_outputs::{Filter, Priority};
///
/// // Warnings and worse in the namespace shop, and in those that begin with "shop-".
/// let shop = Filter::new().min_priority(Priority::WARNING).field("k8s.ns.name", ["shop", "shop-*"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "a filter does nothing until a subscription has it"]
pub struct Filter {
    min_priority: Option<Priority>,
    fields: Vec<(String, Vec<String>)>,
    tags: Vec<String>,
    rules: Vec<String>,
    sources: Vec<String>,
    hostnames: Vec<String>,
}

impl Filter {
    /// A filter without any part.
    pub fn new() -> Self {
        Self::default()
    }

    /// Alerts that are at least this severe.
    pub fn min_priority(mut self, priority: Priority) -> Self {
        self.min_priority = Some(priority);
        self
    }

    /// Alerts that have any of these tags.
    pub fn tags(mut self, tags: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.tags.extend(strings(tags));
        self
    }

    /// Alerts of any of these rules.
    pub fn rules(mut self, rules: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.rules.extend(strings(rules));
        self
    }

    /// Alerts from any of these sources, e.g. `syscall` or `k8s_audit`.
    pub fn sources(mut self, sources: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.sources.extend(strings(sources));
        self
    }

    /// Alerts from any of these hosts.
    pub fn hostnames(mut self, hostnames: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.hostnames.extend(strings(hostnames));
        self
    }

    /// Alerts with an output field of exactly this name, e.g. `k8s.ns.name`, and any of these values. With an empty
    /// list, e.g. `[""; 0]`, any value will do, `<NA>` included. Of several fields, each must match.
    pub fn field(
        mut self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.fields.push((name.into(), strings(values).collect()));
        self
    }

    /// The parts that are set, each by the name of the method that sets it.
    pub(crate) fn parts(&self) -> Vec<&'static str> {
        [
            ("min_priority", self.min_priority.is_some()),
            ("field", !self.fields.is_empty()),
            ("tags", !self.tags.is_empty()),
            ("rules", !self.rules.is_empty()),
            ("sources", !self.sources.is_empty()),
            ("hostnames", !self.hostnames.is_empty()),
        ]
        .into_iter()
        .filter_map(|(name, is_set)| is_set.then_some(name))
        .collect()
    }
}

fn strings(values: impl IntoIterator<Item = impl Into<String>>) -> impl Iterator<Item = String> {
    values.into_iter().map(Into::into)
}

/// The contract's message.
impl From<Filter> for outputs::Filter {
    fn from(filter: Filter) -> Self {
        let field = |(name, values)| outputs::FieldFilter { name, values };
        Self {
            rules: filter.rules,
            sources: filter.sources,
            hostnames: filter.hostnames,
            tags: filter.tags,
            min_priority: filter.min_priority.map(i32::from),
            fields: filter.fields.into_iter().map(field).collect(),
        }
    }
}
