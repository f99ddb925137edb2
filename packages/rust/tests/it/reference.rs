use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};
use std::thread;

use falco_outputs::Client;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::patience::eventually;

/// One process of Node's for all tests; it ends with this one, by the end of its standard input.
static NODE: LazyLock<Node> = LazyLock::new(Node::start);
static NEXT: AtomicU64 = AtomicU64::new(1);

struct Node {
    stdin: Mutex<ChildStdin>,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Value>>>,
}

impl Node {
    fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/reference.mjs");
        let mut node = Command::new("node")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node on the PATH, and the workspace built");
        let stdin = Mutex::new(node.stdin.take().unwrap());
        thread::spawn(move || {
            let stdout = BufReader::new(node.stdout.take().unwrap());
            for line in stdout.lines().map_while(Result::ok) {
                let answer: Value = serde_json::from_str(&line).unwrap();
                let id = answer["id"].as_u64().unwrap();
                if let Some(waiting) = NODE.waiting.lock().unwrap().remove(&id) {
                    _ = waiting.send(answer);
                }
            }
            // Tests that wait for an answer fail, as do those that ask later.
            NODE.waiting.lock().unwrap().clear();
            panic!("the reference server ended: {:?}", node.wait());
        });
        Self { stdin, waiting: Mutex::default() }
    }

    async fn ask(&self, command: &str, mut parameters: Value) -> Value {
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        parameters["id"] = id.into();
        parameters["command"] = command.into();
        let (sender, answer) = oneshot::channel();
        self.waiting.lock().unwrap().insert(id, sender);
        writeln!(self.stdin.lock().unwrap(), "{parameters}").unwrap();
        let answer = answer.await.unwrap();
        assert_eq!(answer.get("error"), None, "{command}");
        answer["answer"].clone()
    }
}

/// A reference server. It stops when the tests end.
pub(crate) struct Reference {
    server: u64,
    pub(crate) address: String,
}

impl Reference {
    pub(crate) async fn start() -> Self {
        Self::with(json!({})).await
    }

    /// `options` of `startServer`.
    pub(crate) async fn with(options: Value) -> Self {
        let server = NEXT.fetch_add(1, Ordering::Relaxed);
        let address = NODE.ask("start", json!({ "server": server, "options": options })).await;
        Self { server, address: address.as_str().unwrap().into() }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.address).unwrap()
    }

    /// Alerts of the rules "Rule FROM" to "Rule TO"; returns their sequence numbers.
    pub(crate) async fn publish(&self, from: u64, to: u64) -> Vec<u64> {
        let answer = NODE.ask("publish", json!({ "server": self.server, "from": from, "to": to })).await;
        answer.as_array().unwrap().iter().map(|sequence| sequence.as_u64().unwrap()).collect()
    }

    pub(crate) async fn publish_line(&self, line: &str) {
        NODE.ask("line", json!({ "server": self.server, "line": line })).await;
    }

    pub(crate) async fn has_subscribers(&self, count: u64) {
        eventually(Some(count), || async { self.stats().await["subscribers"].as_u64() }).await;
    }

    /// A group's number of that name.
    pub(crate) async fn group(&self, group: &str, name: &str) -> u64 {
        self.stats().await["groups"][group][name].as_u64().unwrap_or(0)
    }

    async fn stats(&self) -> Value {
        NODE.ask("stats", json!({ "server": self.server })).await
    }

    pub(crate) async fn stop(self) {
        NODE.ask("stop", json!({ "server": self.server })).await;
    }
}

/// Paths of PEM files: ca, cert and key.
#[cfg(feature = "tls")]
pub(crate) async fn identity(parameters: Value) -> Value {
    NODE.ask("identity", parameters).await
}
