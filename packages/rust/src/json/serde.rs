//! Serialize and Deserialize in the form of Falco's JSON. Numbers among the fields are read as the format's own
//! numbers, of 64 bits; [`Alert::from_json`] keeps every digit of any number.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::ser::{SerializeStruct as _, Serializer};
use serde::{Deserialize, Serialize};

use super::ABSENT;
use crate::alert::Alert;
use crate::priority::Priority;
use crate::source::deprecated_source;
use crate::time::Timestamp;

impl Serialize for Alert {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let source = self.source_name();
        let time = self.time.filter(|time| time.is_valid());
        let mut json = serializer.serialize_struct("Alert", 9)?;
        if !self.hostname.is_empty() {
            json.serialize_field("hostname", &self.hostname)?;
        }
        json.serialize_field("output", &self.output)?;
        json.serialize_field("output_fields", &self.output_fields)?;
        json.serialize_field("priority", &self.priority)?;
        json.serialize_field("rule", &self.rule)?;
        if self.sequence != 0 {
            json.serialize_field("sequence", &self.sequence)?;
        }
        if !source.is_empty() {
            json.serialize_field("source", source)?;
        }
        if source != "internal" {
            json.serialize_field("tags", &self.tags)?;
        }
        if let Some(time) = time {
            json.serialize_field("time", &time)?;
        }
        json.end()
    }
}

#[derive(Deserialize)]
struct FalcoJson {
    time: Option<Timestamp>,
    priority: Priority,
    rule: String,
    output: Option<String>,
    message: Option<String>,
    output_fields: Option<BTreeMap<String, FieldText>>,
    hostname: Option<String>,
    tags: Option<Vec<String>>,
    source: Option<String>,
    #[serde(default)]
    sequence: Sequence,
}

impl<'de> Deserialize<'de> for Alert {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = FalcoJson::deserialize(deserializer)?;
        let fields = json.output_fields.unwrap_or_default();
        let source = json.source.unwrap_or_default();
        Ok(Self {
            time: json.time,
            output: json.output.or(json.message).unwrap_or_default(),
            output_fields: fields.into_iter().map(|(name, FieldText(text))| (name, text)).collect(),
            hostname: json.hostname.unwrap_or_default(),
            tags: json.tags.unwrap_or_default(),
            source_deprecated: deprecated_source(&source),
            source,
            sequence: json.sequence.0,
            ..Self::new(json.rule, json.priority)
        })
    }
}

/// The name, e.g. `Warning`.
impl Serialize for Priority {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Priority {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error: crate::Error| de::Error::custom(error.message()))
    }
}

/// RFC 3339, as Falco writes it.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error: crate::Error| de::Error::custom(error.message()))
    }
}

/// A number, or its digits: `to_json` writes one above 2^53 as text.
#[derive(Default, Deserialize)]
#[serde(try_from = "NumberOrText")]
struct Sequence(u64);

#[derive(Deserialize)]
#[serde(untagged)]
enum NumberOrText {
    Number(u64),
    Text(String),
}

impl TryFrom<NumberOrText> for Sequence {
    type Error = std::num::ParseIntError;

    fn try_from(value: NumberOrText) -> Result<Self, Self::Error> {
        Ok(Self(match value {
            NumberOrText::Number(number) => number,
            NumberOrText::Text(text) => text.parse()?,
        }))
    }
}

/// Any value that Falco writes as the text that its gRPC API has for it.
struct FieldText(String);

impl<'de> Deserialize<'de> for FieldText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor).map(Self)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a number, a boolean, null, or a list of them")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
        Ok(text.into())
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<String, E> {
        Ok(text)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_unit<E: de::Error>(self) -> Result<String, E> {
        Ok(ABSENT.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<String, A::Error> {
        let mut items = Vec::new();
        while let Some(FieldText(item)) = list.next_element()? {
            items.push(item);
        }
        Ok(format!("({})", items.join(",")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"hostname":"h","output":"o","output_fields":{"a":"(1,<NA>,true)","evt.time":"1780391647123456789"},"priority":"Warning","rule":"r","source":"syscall","tags":["t"],"time":"2026-01-31T23:59:59.123456789Z"}"#;

    #[test]
    fn is_falco_s_json() {
        let read = Alert::from_json(LINE).unwrap();
        assert_eq!(serde_json::from_str::<Alert>(LINE).unwrap(), read);
        assert_eq!(serde_json::to_string(&read).unwrap(), LINE);
        let line = LINE
            .replace(r#""(1,<NA>,true)""#, "[1,null,true]")
            .replace(r#""1780391647123456789""#, "1780391647123456789");
        assert_eq!(serde_json::from_str::<Alert>(&line).unwrap(), read);
    }

    #[test]
    fn comes_back_with_its_sequence_number() {
        for sequence in [0, 1, u64::MAX] {
            let alert = Alert { sequence, ..Alert::new("r", Priority::from(5)) };
            assert_eq!(
                serde_json::from_str::<Alert>(&serde_json::to_string(&alert).unwrap()).unwrap(),
                alert
            );
            assert_eq!(serde_json::from_str::<Alert>(&alert.to_json()).unwrap(), alert);
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, message) in [
            (r#"{"rule":"r"}"#, "missing field `priority`"),
            (r#"{"rule":"r","priority":"x"}"#, "priority: \"x\", expected one of"),
            (r#"{"rule":"r","priority":"Error","time":"x"}"#, "time: \"x\", expected RFC 3339"),
        ] {
            let error = serde_json::from_str::<Alert>(text).unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
    }
}
