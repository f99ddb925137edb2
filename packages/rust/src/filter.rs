use crate::alert::Alert;
use crate::priority::Priority;

/// Which alerts to get: every part that is set must match; of a list, one value has to match, exactly and by case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) min_priority: Option<Priority>,
    pub(crate) tags: Vec<String>,
    pub(crate) rules: Vec<String>,
    pub(crate) sources: Vec<String>,
    pub(crate) hostnames: Vec<String>,
}

impl Filter {
    /// The same decision as the server's.
    pub(crate) fn passes(&self, alert: &Alert) -> bool {
        let any = |wanted: &[String], value: &String| wanted.is_empty() || wanted.contains(value);
        self.min_priority.is_none_or(|priority| alert.priority.is_at_least(priority))
            && (self.tags.is_empty() || alert.tags.iter().any(|tag| self.tags.contains(tag)))
            && any(&self.rules, &alert.rule)
            && any(&self.sources, &alert.source)
            && any(&self.hostnames, &alert.hostname)
    }
}
