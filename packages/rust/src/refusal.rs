use crate::contract::outputs::Request;
use crate::priority::Priority;

/// The longest name of a group, in UTF-16 units.
const MAX_GROUP_LENGTH: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Sub,
    Get,
}

impl Method {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sub => "sub",
            Self::Get => "get",
        }
    }
}

/// Why a stream's first request makes no sense; nothing if it does. In the words that the server would use.
pub(crate) fn refusal(method: Method, request: &Request) -> Option<String> {
    let Request { group, broadcast, after, follow, acknowledged, min_priority, .. } = request;
    let group_length = group.encode_utf16().count();
    if group_length > MAX_GROUP_LENGTH {
        return Some(format!(
            "group: a name of {group_length} characters, expected at most {MAX_GROUP_LENGTH}"
        ));
    }
    let is_shared_queue = group.is_empty() && !broadcast;
    let filtered = filters_of(request);
    if is_shared_queue && !filtered.is_empty() {
        return Some(format!(
            "{}: the shared queue has no filter, for what does not match would be lost to the others: name a group, ask for a broadcast, or filter locally",
            filtered.join(", ")
        ));
    }
    let refused = if !group.is_empty() && *broadcast {
        "group, broadcast: they exclude each other: a group shares its alerts, a broadcast gets them all"
    } else if is_shared_queue && after.is_some() {
        "after: the shared queue goes on with what nobody took: name a group, or ask for a broadcast"
    } else if let Some(number) = min_priority.filter(|&number| Priority::from(number).name().is_none()) {
        return Some(format!("min_priority: {number}, expected 0 (Emergency) to 7 (Debug)"));
    } else if method == Method::Sub && *follow {
        "follow: sub follows anyway, it is for get"
    } else if acknowledged.is_some() && method == Method::Get {
        "acknowledged: get takes no acknowledgements, use sub"
    } else if acknowledged.is_some() && *broadcast {
        "acknowledged: a broadcast shares with nobody to whom its alerts could go instead"
    } else {
        return None;
    };
    Some(refused.into())
}

/// Which fields choose alerts, by their names in the contract.
fn filters_of(request: &Request) -> Vec<&'static str> {
    [
        ("tags", !request.tags.is_empty()),
        ("min_priority", request.min_priority.is_some()),
        ("rules", !request.rules.is_empty()),
        ("sources", !request.sources.is_empty()),
        ("hostnames", !request.hostnames.is_empty()),
    ]
    .into_iter()
    .filter_map(|(name, is_set)| is_set.then_some(name))
    .collect()
}
