const K8S_AUDIT: i32 = 1;
const INTERNAL: i32 = 2;
const PLUGIN: i32 = 3;

/// The value of `source_deprecated` that Falco sends with a source's name; upper and lower case as in the contract's
/// aliases. A name without a number has that of plugins.
#[cfg(any(feature = "json", test))]
pub(crate) fn deprecated_source(name: &str) -> i32 {
    match name {
        "" | "SYSCALL" | "syscall" | "Syscall" => 0,
        "K8S_AUDIT" | "k8s_audit" | "K8s_audit" | "K8S_audit" => K8S_AUDIT,
        "INTERNAL" | "internal" | "Internal" => INTERNAL,
        _ => PLUGIN,
    }
}

/// The source's name. An old Falco, without the field `source`, sent only the number. Its zero may mean anything, so
/// the name is then empty.
pub(crate) fn source_name(source: &str, deprecated: i32) -> &str {
    match deprecated {
        _ if !source.is_empty() => source,
        K8S_AUDIT => "k8s_audit",
        INTERNAL => "internal",
        PLUGIN => "plugin",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::schema::Source;

    #[test]
    fn numbers_are_those_of_the_contract() {
        for source in [Source::Syscall, Source::K8sAudit, Source::Internal, Source::Plugin] {
            assert_eq!(deprecated_source(source.as_str_name()), source as i32);
        }
        assert_eq!(deprecated_source("aws_cloudtrail"), Source::Plugin as i32);
        assert_eq!(deprecated_source("sYsCaLl"), Source::Plugin as i32);
        assert_eq!(deprecated_source(""), Source::Syscall as i32);
    }

    #[test]
    fn an_old_falco_sends_only_the_number() {
        assert_eq!(source_name("aws_cloudtrail", PLUGIN), "aws_cloudtrail");
        assert_eq!(source_name("", K8S_AUDIT), "k8s_audit");
        assert_eq!(source_name("", INTERNAL), "internal");
        assert_eq!(source_name("", PLUGIN), "plugin");
        assert_eq!(source_name("", 0), "");
        assert_eq!(source_name("", 9), "");
    }
}
