use std::fmt::Write;

use crate::alert::Alert;

/// The highest integer that every reader of JSON holds exactly, 2^53 - 1.
const MAX_SAFE_INTEGER: u64 = 9_007_199_254_740_991;

/// Falco's JSON of an alert on one line, plus its sequence number. What is empty is left out, except `output`,
/// `output_fields` and, unless the source is Falco itself, `tags`.
pub(crate) fn write_json(alert: &Alert) -> String {
    let mut json = JsonObject::new();
    if !alert.hostname.is_empty() {
        json.string("hostname", &alert.hostname);
    }
    json.string("output", &alert.output);
    json.value("output_fields", |json| {
        let mut fields = JsonObject::new();
        for (name, value) in &alert.output_fields {
            fields.string(name, value);
        }
        json.push_str(&fields.end());
    });
    json.string("priority", &alert.priority.to_string());
    json.string("rule", &alert.rule);
    match alert.sequence {
        0 => {}
        sequence @ ..=MAX_SAFE_INTEGER => json.value("sequence", |json| json.push_str(&sequence.to_string())),
        sequence => json.string("sequence", &sequence.to_string()),
    }
    let source = alert.source_name();
    if !source.is_empty() {
        json.string("source", source);
    }
    if source != "internal" {
        json.value("tags", |json| write_array(json, &alert.tags));
    }
    if let Some(time) = alert.time.filter(|time| time.is_valid()) {
        json.string("time", &time.to_string());
    }
    json.end()
}

struct JsonObject(String);

impl JsonObject {
    fn new() -> Self {
        Self(String::from("{"))
    }

    fn string(&mut self, name: &str, value: &str) {
        self.value(name, |json| write_string(json, value));
    }

    fn value(&mut self, name: &str, write: impl FnOnce(&mut String)) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        write_string(&mut self.0, name);
        self.0.push(':');
        write(&mut self.0);
    }

    fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

fn write_array(json: &mut String, values: &[String]) {
    json.push('[');
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        write_string(json, value);
    }
    json.push(']');
}

fn write_string(json: &mut String, text: &str) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            // Writing to a String cannot fail.
            '\0'..='\u{1f}' => _ = write!(json, "\\u{:04x}", u32::from(character)),
            _ => json.push(character),
        }
    }
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::read::read_json;
    use crate::priority::Priority;
    use crate::time::Timestamp;

    #[test]
    fn is_falco_s_json_and_the_sequence_number() {
        let line = r#"{"hostname":"h","output":"o\"\\\b\f\n\r\t\u0001é🦅","output_fields":{"a":"<NA>","b":"(1,2)"},"priority":"Warning","rule":"r","source":"syscall","tags":["t","u"],"time":"2026-01-31T23:59:59.123456789Z"}"#;
        let mut alert = read_json(line).unwrap();
        assert_eq!(write_json(&alert), line);
        alert.sequence = MAX_SAFE_INTEGER;
        assert!(write_json(&alert).contains(r#","sequence":9007199254740991,"#));
        alert.sequence = u64::MAX;
        assert!(write_json(&alert).contains(r#","sequence":"18446744073709551615","#));
    }

    #[test]
    fn leaves_out_what_is_empty() {
        assert_eq!(
            write_json(&Alert::default()),
            r#"{"output":"","output_fields":{},"priority":"Emergency","rule":"","tags":[]}"#
        );
    }

    #[test]
    fn writes_the_number_of_a_priority_without_a_name() {
        let alert = Alert {
            priority: Priority::from(9),
            source_deprecated: 2,
            time: Some(Timestamp { seconds: i64::MAX, nanos: 0 }),
            ..Alert::default()
        };
        assert_eq!(
            write_json(&alert),
            r#"{"output":"","output_fields":{},"priority":"9","rule":"","source":"internal"}"#
        );
    }
}
