use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// Severity of a rule: 0 is the most severe, 7 the least. Compare them with [`Priority::is_at_least`]. There is no
/// `Ord`, because the most severe priority would be the smallest.
///
/// A number without a name is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Priority(i32);

/// As Falco writes them in its JSON, most severe first; the index is the number.
const NAMES: [&str; 8] =
    ["Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug"];

impl Priority {
    /// The system is unusable.
    pub const EMERGENCY: Self = Self(0);
    /// Action must be taken immediately.
    pub const ALERT: Self = Self(1);
    /// Critical conditions.
    pub const CRITICAL: Self = Self(2);
    /// Error conditions.
    pub const ERROR: Self = Self(3);
    /// Warning conditions.
    pub const WARNING: Self = Self(4);
    /// Normal but significant conditions.
    pub const NOTICE: Self = Self(5);
    /// Informational messages.
    pub const INFORMATIONAL: Self = Self(6);
    /// Debug-level messages.
    pub const DEBUG: Self = Self(7);

    /// The name as Falco writes it, e.g. `Warning`; `None` for a number that has none.
    pub fn name(self) -> Option<&'static str> {
        usize::try_from(self.0).ok().and_then(|index| NAMES.get(index).copied())
    }

    /// Whether this is as severe as `other`, or more severe.
    pub fn is_at_least(self, other: Self) -> bool {
        self.0 <= other.0
    }
}

/// The name, or the number where there is none.
impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => self.0.fmt(f),
        }
    }
}

/// Falco's names in any case, and `info`.
impl FromStr for Priority {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.eq_ignore_ascii_case("info") {
            return Ok(Self::INFORMATIONAL);
        }
        match (0..).zip(NAMES).find(|(_, name)| name.eq_ignore_ascii_case(text)) {
            Some((number, _)) => Ok(Self(number)),
            None => Err(Error::invalid(format!("priority: {text:?}, expected one of {}", NAMES.join(", ")))),
        }
    }
}

/// The number in the contract.
impl From<i32> for Priority {
    fn from(number: i32) -> Self {
        Self(number)
    }
}

impl From<Priority> for i32 {
    fn from(priority: Priority) -> Self {
        priority.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::schema;

    #[test]
    fn names_are_those_of_the_contract() {
        for (number, name) in (0..).zip(NAMES) {
            assert_eq!(Priority::from(number).to_string(), name);
            assert_eq!(name.parse::<Priority>().unwrap(), Priority::from(number));
            assert_eq!(name.to_uppercase().parse::<Priority>().unwrap(), Priority::from(number));
            let generated = schema::Priority::try_from(number).unwrap();
            assert_eq!(generated.as_str_name(), name.to_uppercase());
        }
        assert_eq!("iNfO".parse::<Priority>().unwrap(), Priority::INFORMATIONAL);
        assert_eq!(Priority::DEBUG.name(), Some("Debug"));
    }

    #[test]
    fn keeps_a_number_without_a_name() {
        for number in [8, 100, -1] {
            assert_eq!(Priority::from(number).name(), None);
            assert_eq!(Priority::from(number).to_string(), number.to_string());
        }
    }

    #[test]
    fn compares_severity() {
        assert!(Priority::CRITICAL.is_at_least(Priority::WARNING));
        assert!(Priority::WARNING.is_at_least(Priority::WARNING));
        assert!(!Priority::NOTICE.is_at_least(Priority::WARNING));
    }

    #[test]
    fn refuses_an_unknown_name() {
        let error = "Nonsense".parse::<Priority>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "priority: \"Nonsense\", expected one of Emergency, Alert, Critical, Error, Warning, Notice, Informational, Debug"
        );
    }
}
