use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread;

use falco_outputs::Client;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::patience::eventually;

/// The Node process that most tests share. It ends with this process, when its standard input ends.
static NODE: LazyLock<Arc<Node>> = LazyLock::new(Node::start);
static NEXT: AtomicU64 = AtomicU64::new(1);

/// A process that runs reference servers. It is killed when it is dropped.
struct Node {
    process: Mutex<Child>,
    stdin: Mutex<ChildStdin>,
    waiting: Arc<Waiting>,
}

/// Who waits for which answer; `None` once the process has ended.
type Waiting = Mutex<Option<HashMap<u64, oneshot::Sender<Value>>>>;

impl Node {
    fn start() -> Arc<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/reference.mjs");
        let mut process = Command::new("node")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node on the PATH, and the workspace built");
        let stdin = Mutex::new(process.stdin.take().unwrap());
        let stdout = BufReader::new(process.stdout.take().unwrap());
        let waiting = Arc::new(Mutex::new(Some(HashMap::new())));
        let answered: Arc<Waiting> = waiting.clone();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let answer: Value = serde_json::from_str(&line).unwrap();
                let id = answer["id"].as_u64().unwrap();
                if let Some(waiting) = answered.lock().unwrap().as_mut().and_then(|all| all.remove(&id)) {
                    _ = waiting.send(answer);
                }
            }
            // Tests that wait for an answer fail, and so do those that ask later.
            *answered.lock().unwrap() = None;
        });
        Arc::new(Self { process: Mutex::new(process), stdin, waiting })
    }

    async fn ask(&self, command: &str, mut parameters: Value) -> Value {
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        parameters["id"] = id.into();
        parameters["command"] = command.into();
        let (sender, answer) = oneshot::channel();
        self.waiting.lock().unwrap().as_mut().expect("a process that runs").insert(id, sender);
        writeln!(self.stdin.lock().unwrap(), "{parameters}").unwrap();
        let answer = answer.await.expect("a process that runs");
        assert_eq!(answer.get("error"), None, "{command}");
        answer["answer"].clone()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let process = self.process.get_mut().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }
}

/// A reference server. It stops when the tests end.
pub(crate) struct Reference {
    node: Arc<Node>,
    server: u64,
    pub(crate) address: String,
}

impl Reference {
    pub(crate) async fn start() -> Self {
        Self::with(json!({})).await
    }

    /// `options` of `startServer`.
    pub(crate) async fn with(options: Value) -> Self {
        Self::on(NODE.clone(), options).await
    }

    /// Starts a server in its own process, which is killed when this is dropped.
    pub(crate) async fn apart(options: Value) -> Self {
        Self::on(Node::start(), options).await
    }

    async fn on(node: Arc<Node>, options: Value) -> Self {
        let server = NEXT.fetch_add(1, Ordering::Relaxed);
        let address = node.ask("start", json!({ "server": server, "options": options })).await;
        Self { node, server, address: address.as_str().unwrap().into() }
    }

    /// Suspends the process. Its connections stay open, and nothing comes from them.
    #[cfg(unix)]
    pub(crate) fn freeze(&self) {
        let pid = rustix::process::Pid::from_child(&self.node.process.lock().unwrap());
        rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.address).unwrap()
    }

    /// Alerts of the rules "Rule FROM" to "Rule TO"; returns their sequence numbers.
    pub(crate) async fn publish(&self, from: u64, to: u64) -> Vec<u64> {
        let answer = self.node.ask("publish", json!({ "server": self.server, "from": from, "to": to })).await;
        answer.as_array().unwrap().iter().map(|sequence| sequence.as_u64().unwrap()).collect()
    }

    /// Returns its sequence number.
    pub(crate) async fn publish_line(&self, line: &str) -> u64 {
        let answer = self.node.ask("line", json!({ "server": self.server, "line": line })).await;
        answer.as_u64().unwrap()
    }

    pub(crate) async fn has_subscribers(&self, count: u64) {
        eventually(Some(count), || async { self.stats().await["subscribers"].as_u64() }).await;
    }

    /// One of a group's counters, by its name.
    pub(crate) async fn group(&self, group: &str, name: &str) -> u64 {
        self.stats().await["groups"][group][name].as_u64().unwrap_or(0)
    }

    async fn stats(&self) -> Value {
        self.node.ask("stats", json!({ "server": self.server })).await
    }

    pub(crate) async fn stop(self) {
        self.node.ask("stop", json!({ "server": self.server })).await;
    }
}

/// Paths of PEM files: ca, cert and key.
#[cfg(feature = "tls")]
pub(crate) async fn identity(parameters: Value) -> Value {
    NODE.ask("identity", parameters).await
}
