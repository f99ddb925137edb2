use std::collections::BTreeMap;

use super::reader::{JsonReader, JsonSyntax};
use crate::alert::Alert;
use crate::error::Error;
use crate::source::deprecated_source;

impl From<JsonSyntax> for Error {
    fn from(JsonSyntax { expected, position }: JsonSyntax) -> Self {
        not_an_alert(format_args!("JSON: expected {expected} at position {position}"))
    }
}

/// Reads one alert as Falco writes it with `json_output: true`. `rule` and `priority` are required. Other members
/// are ignored; of duplicates, the last one counts. `message` is used if Falco is configured to leave `output` out.
pub(crate) fn read_json(text: &str) -> Result<Alert, Error> {
    let mut alert = Alert::default();
    let mut has_rule = false;
    let mut has_priority = false;
    let mut output = None;
    let mut message = None;
    let mut reader = JsonReader::new(text);
    reader.object::<Error>(|reader, key| {
        match key.as_str() {
            "time" => {
                alert.time = optional(reader)?
                    .map(|text| text.parse())
                    .transpose()
                    .map_err(|error: Error| not_an_alert(error.message()))?
            }
            "priority" => {
                alert.priority =
                    reader.string()?.parse().map_err(|error: Error| not_an_alert(error.message()))?;
                has_priority = true;
            }
            "rule" => {
                alert.rule = reader.string()?;
                has_rule = true;
            }
            "output" => output = optional(reader)?,
            "message" => message = optional(reader)?,
            "output_fields" => alert.output_fields = output_fields(reader)?,
            "hostname" => alert.hostname = optional(reader)?.unwrap_or_default(),
            "tags" => alert.tags = tags(reader)?,
            "source" => alert.source = optional(reader)?.unwrap_or_default(),
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    reader.end()?;
    for (name, is_there) in [("rule", has_rule), ("priority", has_priority)] {
        if !is_there {
            return Err(not_an_alert(format_args!("{name:?} is missing")));
        }
    }
    alert.output = output.or(message).unwrap_or_default();
    alert.source_deprecated = deprecated_source(&alert.source);
    Ok(alert)
}

fn optional(reader: &mut JsonReader<'_>) -> Result<Option<String>, JsonSyntax> {
    if reader.null() { Ok(None) } else { reader.string().map(Some) }
}

fn output_fields(reader: &mut JsonReader<'_>) -> Result<BTreeMap<String, String>, JsonSyntax> {
    let mut fields = BTreeMap::new();
    if !reader.null() {
        reader.object::<JsonSyntax>(|reader, name| {
            fields.insert(name, reader.field_text()?);
            Ok(())
        })?;
    }
    Ok(fields)
}

fn tags(reader: &mut JsonReader<'_>) -> Result<Vec<String>, JsonSyntax> {
    let mut tags = Vec::new();
    if !reader.null() {
        reader.array(|reader| {
            tags.push(reader.string()?);
            Ok(())
        })?;
    }
    Ok(tags)
}

fn not_an_alert(why: impl std::fmt::Display) -> Error {
    Error::invalid(format!("not an alert: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"hostname":"h","output":"o \u00e9","output_fields":{"evt.time":1780391647123456789,"a":[null,"é"]},"priority":"Warning","rule":"r","source":"syscall","tags":["t"],"time":"2026-01-31T23:59:59.123456789Z"}"#;

    #[test]
    fn a_part_of_a_line_is_not_an_alert() {
        assert_eq!(read_json(LINE).unwrap().output_fields["evt.time"], "1780391647123456789");
        for end in 0..LINE.len() {
            if let Some(part) = LINE.get(..end) {
                assert!(read_json(part).is_err(), "{part}");
            }
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, message) in [
            ("nonsense", "not an alert: JSON: expected an object at position 0"),
            ("{}", "not an alert: \"rule\" is missing"),
            (r#"{"rule":"r"}"#, "not an alert: \"priority\" is missing"),
            (
                r#"{"rule":"r","priority":"x"}"#,
                "not an alert: priority: \"x\", expected one of Emergency, Alert, Critical, Error, Warning, Notice, Informational, Debug",
            ),
            (
                r#"{"time":"x"}"#,
                "not an alert: time: \"x\", expected RFC 3339, e.g. \"2026-01-31T23:59:59.123456789Z\"",
            ),
        ] {
            assert_eq!(read_json(text).unwrap_err().message(), message);
        }
    }
}
