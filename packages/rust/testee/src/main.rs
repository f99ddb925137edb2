//! The conformance testee for falco-outputs. It uses only the public API. `packages/conformance` explains the lines.

mod call;
mod line;
mod neutral;
mod stream_call;

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;

use falco_outputs::{Client, Error, Tls};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::oneshot;

use line::{CallLine, RunnerLine, Target};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut connected: Option<(Target, Arc<Result<Client, Error>>)> = None;
    let mut running: HashMap<u64, oneshot::Sender<()>> = HashMap::new();
    while let Some(text) = lines.next_line().await.expect("stdin") {
        match serde_json::from_str(&text).expect("a line of the runner's") {
            RunnerLine::Cancel { id, .. } => {
                if let Some(cancel) = running.remove(&id) {
                    // It fails if the call is already over.
                    _ = cancel.send(());
                }
            }
            RunnerLine::Call(line) => {
                if connected.as_ref().is_none_or(|(target, _)| *target != line.target) {
                    connected = Some((line.target.clone(), Arc::new(connect(&line.target))));
                }
                let Some((_, client)) = &connected else { continue };
                let (cancel, cancelled) = oneshot::channel();
                running.insert(line.id, cancel);
                tokio::spawn(run(client.clone(), *line, cancelled));
            }
        }
    }
}

async fn run(client: Arc<Result<Client, Error>>, line: CallLine, cancelled: oneshot::Receiver<()>) {
    let id = line.id;
    let result = call::result_of(&client, line, cancelled).await;
    write(&json!({ "id": id, "result": result }));
}

fn connect(target: &Target) -> Result<Client, Error> {
    let builder = Client::builder().address(&target.address);
    let Some(files) = &target.tls else {
        return if target.address.starts_with("unix:") {
            builder.build()
        } else {
            builder.insecure().build()
        };
    };
    let tls = Tls::new().ca(&files.ca).cert(&files.cert).key(&files.key);
    let tls = match &files.server_name {
        Some(name) => tls.server_name(name),
        None => tls,
    };
    builder.tls(tls).build()
}

fn write(line: &Value) {
    writeln!(std::io::stdout(), "{line}").expect("stdout");
}
