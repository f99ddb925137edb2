//! A subscriber that is replaced while its handlers are running.

use std::env;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use falco_outputs::Client;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;

use crate::patience::eventually;
use crate::reference::Reference;

const ADDRESS: &str = "WORKER_ADDRESS";
const HANDLERS: usize = 10;
const ALERTS: u64 = 1000;

/// A process of its own: handles alerts, ten at a time, until SIGTERM.
#[tokio::test]
#[ignore = "a program of the test below, and not a test"]
async fn worker() {
    let client = Client::new(&env::var(ADDRESS).unwrap()).unwrap();
    let mut terminated = signal(SignalKind::terminate()).unwrap();
    let mut alerts = client.sub().group("workers").after(0).acknowledge_by_hand().stream().unwrap();
    let slots = Arc::new(Semaphore::new(HANDLERS));
    loop {
        let slot = slots.clone().acquire_owned().await.unwrap();
        let alert = tokio::select! {
            alert = alerts.next() => alert.unwrap().unwrap(),
            _ = terminated.recv() => break,
        };
        let acknowledger = alerts.acknowledger();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(1 + alert.sequence % 9)).await;
            println!("handled {}", alert.sequence);
            assert!(acknowledger.acknowledge(&alert).unwrap());
            drop(slot);
        });
    }
    alerts.close().await;
}

struct Worker {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Worker {
    fn start(address: &str) -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", "deploying::worker", "--ignored", "--nocapture"])
            .env(ADDRESS, address)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    /// The next alert that was handled; `None` when the process has ended.
    async fn handled(&mut self) -> Option<u64> {
        while let Some(line) = self.lines.next_line().await.unwrap() {
            // The test's own framework may have begun the line.
            if let Some((_, sequence)) = line.split_once("handled ") {
                return sequence.parse().ok();
            }
        }
        None
    }

    fn terminate(&self) {
        let pid = self.process.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
    }
}

#[tokio::test]
async fn every_alert_is_handled_once_when_a_subscriber_is_replaced() {
    let server = Reference::start().await;
    let published = server.publish(1, ALERTS).await;
    let mut handled = Vec::new();
    let mut first = Worker::start(&server.address);
    while handled.len() < published.len() / 3 {
        handled.push(first.handled().await.unwrap());
    }
    first.terminate();
    let mut second = Worker::start(&server.address);
    while let Some(sequence) = first.handled().await {
        handled.push(sequence);
    }
    assert!(first.process.wait().await.unwrap().success());
    assert!(handled.len() < published.len());
    while handled.len() < published.len() {
        handled.push(second.handled().await.unwrap());
    }
    handled.sort_unstable();
    assert_eq!(handled, published);
    eventually(ALERTS, || server.group("workers", "delivered")).await;
    second.terminate();
    assert!(second.process.wait().await.unwrap().success());
}
