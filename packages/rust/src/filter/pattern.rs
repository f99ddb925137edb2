/// A filter's value that has stars: a text matches if it begins with the first of these texts, ends with the last one,
/// and has the others in between, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    first: String,
    between: Vec<String>,
    last: String,
}

/// A filter's value, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Exact(String),
    Pattern(Pattern),
}

impl Value {
    /// `*` is any run of characters, `\*` a star; no other character is special.
    pub(super) fn read(value: &str) -> Self {
        let mut texts = vec![String::new()];
        let mut rest = value;
        while let Some(star) = rest.find('*') {
            let (before, after) = (&rest[..star], &rest[star + 1..]);
            let text = texts.last_mut().expect("there is always one");
            if let Some(unescaped) = before.strip_suffix('\\') {
                text.push_str(unescaped);
                text.push('*');
            } else {
                text.push_str(before);
                texts.push(String::new());
            }
            rest = after;
        }
        let last = texts.pop().expect("there is always one") + rest;
        if texts.is_empty() {
            return Self::Exact(last);
        }
        let first = texts.remove(0);
        Self::Pattern(Pattern { first, between: texts, last })
    }
}

impl Pattern {
    /// Takes time in proportion to the text's length: each text in between is taken at its first place, and never
    /// again.
    pub(super) fn matches(&self, text: &str) -> bool {
        let Some(rest) = text.strip_prefix(&*self.first) else { return false };
        let Some(mut rest) = rest.strip_suffix(&*self.last) else { return false };
        for between in &self.between {
            let Some(place) = rest.find(&**between) else { return false };
            rest = &rest[place + between.len()..];
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(value: &str, text: &str) -> bool {
        match Value::read(value) {
            Value::Exact(exact) => exact == text,
            Value::Pattern(pattern) => pattern.matches(text),
        }
    }

    #[test]
    fn a_star_is_any_run_of_characters() {
        for (value, matching, others) in [
            ("", &[""][..], &["a", "*"][..]),
            ("a", &["a"], &["", "A", "aa", " a"]),
            ("*", &["", "a", "*", "🦅", "a\nb"], &[]),
            ("**", &["", "a"], &[]),
            ("a*", &["a", "ab", "a*"], &["", "ba", "A"]),
            ("*a", &["a", "ba", "aa"], &["", "ab"]),
            ("a*a", &["aa", "aba"], &["a", "ab"]),
            ("*a*b*", &["ab", "xaxbx", "aab"], &["ba", "a", "b"]),
            ("ab*bc", &["abbc", "abxbc"], &["abc"]),
            ("a*b*b", &["abb", "axbxb"], &["ab"]),
            ("*ab*ab*", &["abab", "abxab"], &["aba", "ab"]),
            ("🦅*é", &["🦅é", "🦅 é"], &["é🦅", "🦅"]),
        ] {
            for text in matching {
                assert!(matches(value, text), "{value:?} {text:?}");
            }
            for text in others {
                assert!(!matches(value, text), "{value:?} {text:?}");
            }
        }
    }

    #[test]
    fn nothing_but_a_star_and_its_backslash_is_special() {
        for (value, text) in [
            (r"\*", "*"),
            (r"a\*b", "a*b"),
            (r"\\*", r"\*"),
            (r"\a", r"\a"),
            (r"a\", r"a\"),
            (r"\**", "*x"),
            (r"*\*", "x*"),
            ("[a].?+", "[a].?+"),
        ] {
            assert!(matches(value, text), "{value} {text}");
        }
        assert!(!matches(r"\*", "a"));
        assert!(!matches(r"\*", r"\*"));
        assert!(!matches(r"a\*b", "axb"));
    }

    #[test]
    fn no_pattern_explodes() {
        let text = "a".repeat(1_000_000);
        for value in ["a*".repeat(500) + "b", "*a".repeat(500) + "*b*", "*".repeat(1000) + "b"] {
            assert!(!matches(&value, &text));
        }
        assert!(matches(&("a*".repeat(500) + "a"), &text));
        assert!(!matches(&("*".to_owned() + &"a".repeat(1000) + "b*"), &text));
    }
}
