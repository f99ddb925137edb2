use falco_outputs::{Alert, Error, FalcoVersion, Loss, StreamStatus};
use serde_json::{Map, Value, json};

pub(crate) fn alert(alert: &Alert) -> Value {
    let mut neutral = json!({
        "priority": i32::from(alert.priority),
        "source_deprecated": alert.source_deprecated,
        "rule": alert.rule,
        "output": alert.output,
        "output_fields": alert.output_fields,
        "hostname": alert.hostname,
        "tags": alert.tags,
        "source": alert.source,
        "json": alert.to_json(),
    });
    if let Some(time) = alert.time {
        neutral["time"] = time.to_string().into();
    }
    if alert.sequence != 0 {
        neutral["sequence"] = alert.sequence.to_string().into();
    }
    neutral
}

/// `alerts` is the number of alerts that were reported before.
pub(crate) fn status(status: &StreamStatus, alerts: usize) -> Value {
    let name = match status {
        StreamStatus::Connecting { .. } => "connecting",
        StreamStatus::Connected => "connected",
        StreamStatus::Disconnected { last_heard_at: Some(_), .. } => {
            return json!({ "type": "disconnected", "alerts": alerts, "last_heard": true });
        }
        StreamStatus::Disconnected { .. } => "disconnected",
        StreamStatus::Resumed => "resumed",
        StreamStatus::Lost { loss: lost, .. } => {
            return json!({ "type": "lost", "alerts": alerts, "loss": loss(lost) });
        }
        other => panic!("a status unknown to conformance: {other:?}"),
    };
    json!({ "type": name, "alerts": alerts })
}

fn loss(loss: &Loss) -> Value {
    let numbers =
        [("lost", loss.lost), ("first_sequence", loss.first_sequence), ("last_sequence", loss.last_sequence)];
    let mut neutral = Map::from_iter([("cause".to_owned(), loss.cause.to_string().into())]);
    neutral.extend(
        numbers.into_iter().filter_map(|(name, number)| Some((name.to_owned(), number?.to_string().into()))),
    );
    neutral.into()
}

pub(crate) fn version(version: FalcoVersion) -> Value {
    json!({
        "version": version.version,
        "major": version.major,
        "minor": version.minor,
        "patch": version.patch,
        "prerelease": version.prerelease,
        "build": version.build,
        "engine_version": version.engine_version,
        "engine_major": version.engine_major,
        "engine_minor": version.engine_minor,
        "engine_patch": version.engine_patch,
        "engine_fields_checksum": version.engine_fields_checksum,
    })
}

pub(crate) fn failed(error: &Error) -> Value {
    json!({ "code": i32::from(error.code()), "message": error.message() })
}
