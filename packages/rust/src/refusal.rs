use crate::contract::outputs::{Filter, Request};
use crate::error::Error;
use crate::priority::Priority;
use crate::time::Timestamp;

/// The longest name of a group, in UTF-16 units.
const MAX_GROUP_LENGTH: usize = 256;

/// How many filters a request may have, `allow` and `deny` together.
const MAX_FILTERS: usize = 100;
/// How many texts they may have: names of rules, sources, hosts, tags and fields, and the fields' values.
const MAX_VALUES: usize = 1000;
/// How long these texts may be together, in bytes.
const MAX_VALUE_BYTES: usize = 64 * 1024;

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

/// What the caller typed for the parts of a request.
#[derive(Debug)]
pub(crate) struct Names {
    /// The parts of the one filter in `allow` that the caller gave without writing `allow`.
    pub(crate) short_forms: Vec<&'static str>,
    pub(crate) acknowledged: &'static str,
}

/// A stream's first request, and what is needed to judge it.
#[derive(Debug)]
pub(crate) struct FirstRequest<'a> {
    pub(crate) method: Method,
    pub(crate) request: &'a Request,
    /// The filters stay on this side.
    pub(crate) filters_locally: bool,
    pub(crate) names: &'a Names,
}

impl FirstRequest<'_> {
    /// Refuses a request that makes no sense, in the server's words and in its order.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`](crate::Code::InvalidArgument).
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.check_mode()?;
        self.check_times()?;
        self.check_filters()?;
        self.check_use()
    }

    fn check_mode(&self) -> Result<(), Error> {
        let Request { group, broadcast, after, .. } = self.request;
        let group_length = group.encode_utf16().count();
        if group_length > MAX_GROUP_LENGTH {
            return refuse(format!(
                "group: a name of {group_length} characters, expected at most {MAX_GROUP_LENGTH}"
            ));
        }
        if !group.is_empty() && *broadcast {
            return refuse(
                "group, broadcast: they exclude each other: a group shares its alerts, a broadcast gets them all",
            );
        }
        if !group.is_empty() || *broadcast {
            return Ok(());
        }
        let filters = self.filters();
        if !filters.is_empty() && !self.filters_locally {
            return refuse(format!(
                "{filters}: the shared queue has no filter, for what does not match would be lost to the others: name a group, ask for a broadcast, or filter locally"
            ));
        }
        if after.is_some() {
            return refuse(
                "after: the shared queue goes on with what nobody took: name a group, or ask for a broadcast",
            );
        }
        Ok(())
    }

    fn check_times(&self) -> Result<(), Error> {
        let Request { broadcast, follow, since, until, .. } = self.request;
        if since.is_some() && !broadcast {
            return refuse(
                "since: only a broadcast can start at a time: a group keeps its place, and the shared queue goes on with what nobody took",
            );
        }
        if until.is_some() && (!broadcast || self.method == Method::Sub || *follow) {
            return refuse("until: only a get of a broadcast that does not follow can end at a time");
        }
        let [since, until] = [since, until].map(|time| time.map(Timestamp::from));
        for (name, time) in [("since", since), ("until", until)] {
            if time.is_some_and(|time| !time.is_valid()) {
                return refuse(format!(
                    "{name}: expected a time from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z"
                ));
            }
        }
        if since.zip(until).is_some_and(|(since, until)| until <= since) {
            return refuse("until: it is not later than since");
        }
        Ok(())
    }

    fn check_filters(&self) -> Result<(), Error> {
        let Request { allow, deny, .. } = self.request;
        let texts: Vec<&String> = allow.iter().chain(deny).flat_map(texts_of).collect();
        for (count, what, max) in
            [(allow.len() + deny.len(), "filters", MAX_FILTERS), (texts.len(), "values", MAX_VALUES)]
        {
            if count > max {
                return refuse(format!("{}: {count} {what}, expected at most {max}", self.filters()));
            }
        }
        let bytes: usize = texts.iter().map(|text| text.len()).sum();
        if bytes > MAX_VALUE_BYTES {
            return refuse(format!(
                "{}: values of {bytes} bytes, expected at most {MAX_VALUE_BYTES}",
                self.filters()
            ));
        }
        for (list, filters) in [("allow", allow), ("deny", deny)] {
            for (index, filter) in filters.iter().enumerate() {
                self.check_filter(filter, &format!("{list}[{index}]"))?;
            }
        }
        Ok(())
    }

    fn check_filter(&self, filter: &Filter, path: &str) -> Result<(), Error> {
        let part = |name: &str| {
            if self.names.short_forms.is_empty() || path.starts_with("deny") {
                format!("{path}.{name}")
            } else {
                name.to_owned()
            }
        };
        if *filter == Filter::default() {
            return refuse(format!("{path}: an empty filter, which every alert would match"));
        }
        if let Some(number) = filter.min_priority.filter(|&number| Priority::from(number).name().is_none()) {
            return refuse(format!(
                "{}: {number}, expected 0 (Emergency) to 7 (Debug)",
                part("min_priority")
            ));
        }
        if let Some(unnamed) = filter.fields.iter().position(|field| field.name.is_empty()) {
            return refuse(format!(
                "{}: empty, expected the name of an output field",
                part(&format!("field[{unnamed}].name"))
            ));
        }
        Ok(())
    }

    fn check_use(&self) -> Result<(), Error> {
        let Request { broadcast, follow, acknowledged, .. } = self.request;
        if self.method == Method::Sub && *follow {
            return refuse("follow: sub follows anyway, it is for get");
        }
        if acknowledged.is_none() {
            return Ok(());
        }
        let name = self.names.acknowledged;
        if self.method == Method::Get {
            return refuse(format!("{name}: get takes no acknowledgements, use sub"));
        }
        if *broadcast {
            return refuse(format!(
                "{name}: a broadcast shares with nobody to whom its alerts could go instead"
            ));
        }
        Ok(())
    }

    /// What the caller typed to choose alerts.
    fn filters(&self) -> String {
        let Request { allow, deny, .. } = self.request;
        let mut names = self.names.short_forms.clone();
        if names.is_empty() && !allow.is_empty() {
            names.push("allow");
        }
        if !deny.is_empty() {
            names.push("deny");
        }
        names.join(", ")
    }
}

/// Every text that a filter has.
fn texts_of(filter: &Filter) -> impl Iterator<Item = &String> {
    let Filter { rules, sources, hostnames, tags, fields, .. } = filter;
    let lists = [rules, sources, hostnames, tags].into_iter().flatten();
    lists.chain(fields.iter().flat_map(|field| std::iter::once(&field.name).chain(&field.values)))
}

fn refuse(why: impl Into<String>) -> Result<(), Error> {
    Err(Error::invalid(why))
}
