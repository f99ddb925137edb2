use std::time::Duration;

use falco_outputs::{Alert, Client, Error};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::line::CallLine;
use crate::neutral;
use crate::stream_call;

/// Makes the call that a line asks for; returns what was seen.
pub(crate) async fn result_of(
    client: &Result<Client, Error>,
    line: CallLine,
    cancelled: oneshot::Receiver<()>,
) -> Value {
    if line.method == "read_alert" {
        return read_alert(&line.text);
    }
    let client = match client {
        Ok(client) => client,
        Err(error) => return json!({ "status": neutral::failed(error) }),
    };
    match line.method.as_str() {
        "sub" => stream_call::run(client.sub(), line, cancelled).await,
        "get" => stream_call::run(client.get(), line, cancelled).await,
        "version" => version(client, &line).await,
        other => panic!("this client has no {other}"),
    }
}

async fn version(client: &Client, line: &CallLine) -> Value {
    let mut call = client.version();
    if let Some(timeout) = line.timeout_ms {
        call = call.timeout(Duration::from_millis(timeout));
    }
    for (name, value) in &line.headers {
        call = call.header(name, value);
    }
    match call.await {
        Ok(version) => json!({ "status": ok(), "version": neutral::version(version) }),
        Err(error) => json!({ "status": neutral::failed(&error) }),
    }
}

fn read_alert(text: &str) -> Value {
    match Alert::from_json(text) {
        Ok(alert) => json!({ "status": ok(), "alerts": [neutral::alert(&alert)] }),
        Err(error) => json!({ "status": neutral::failed(&error) }),
    }
}

pub(crate) fn ok() -> Value {
    json!({ "code": 0, "message": "" })
}
