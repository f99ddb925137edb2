use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use falco_outputs::{Alert, AlertStream, Error, Reconnect, Subscription, Timestamp};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::call::ok;
use crate::line::CallLine;
use crate::{neutral, write};

/// What a call has seen so far.
#[derive(Default)]
struct Seen {
    alerts: Vec<Value>,
    statuses: Vec<Value>,
}

/// Runs a `sub` or a `get` to its end.
pub(crate) async fn run(
    subscription: Subscription,
    line: CallLine,
    cancelled: oneshot::Receiver<()>,
) -> Value {
    let seen = Arc::new(Mutex::new(Seen::default()));
    let status = match options(subscription, &line, seen.clone()).stream() {
        Ok(alerts) => read(alerts, &line, &seen, cancelled).await,
        Err(error) => Err(error),
    };
    let status = status.unwrap_or_else(|error| neutral::failed(&error));
    let Seen { alerts, statuses } = std::mem::take(&mut *seen.lock().expect("seen"));
    json!({ "status": status, "alerts": alerts, "statuses": statuses })
}

async fn read(
    mut stream: AlertStream,
    line: &CallLine,
    seen: &Mutex<Seen>,
    mut cancelled: oneshot::Receiver<()>,
) -> Result<Value, Error> {
    let mut by_hand = ByHand::new(line);
    loop {
        let alert = tokio::select! {
            alert = stream.next() => alert,
            Ok(()) = &mut cancelled => break,
        };
        let Some(alert) = alert.transpose()? else { return Ok(ok()) };
        let count = {
            let mut seen = seen.lock().expect("seen");
            seen.alerts.push(neutral::alert(&alert));
            seen.alerts.len()
        };
        if line.report_progress {
            write(&json!({ "id": line.id, "progress": { "alerts": count } }));
        }
        by_hand.got(count, alert, &stream);
        if line.cancel_after_alerts == Some(count) {
            break;
        }
    }
    let acknowledger = stream.acknowledger();
    let handlers = async {
        // By then the stream has stopped.
        tokio::task::yield_now().await;
        for place in &line.acknowledge_when_stopped {
            acknowledger.acknowledge(&by_hand.held[place]).expect("an alert of this stream");
        }
    };
    tokio::join!(stream.close(), handlers);
    Ok(json!({ "code": 1, "message": "" }))
}

fn options(subscription: Subscription, line: &CallLine, seen: Arc<Mutex<Seen>>) -> Subscription {
    let request = &line.request;
    let (id, reports) = (line.id, line.report_progress);
    let mut subscription = subscription.on_status(move |status| {
        let mut seen = seen.lock().expect("seen");
        let status = neutral::status(&status, seen.alerts.len());
        seen.statuses.push(status);
        if reports {
            write(&json!({ "id": id, "progress": { "statuses": seen.statuses.len() } }));
        }
    });
    macro_rules! option {
        ($name:ident, $value:expr) => {
            if let Some(value) = $value {
                subscription = subscription.$name(value);
            }
        };
        ($name:ident if $is_set:expr) => {
            if $is_set {
                subscription = subscription.$name();
            }
        };
    }
    subscription = subscription.allow(request.allow.iter().cloned().map(Into::into));
    subscription = subscription.deny(request.deny.iter().cloned().map(Into::into));
    option!(since, request.since.as_deref().map(time));
    option!(until, request.until.as_deref().map(time));
    option!(group, request.group.clone());
    option!(broadcast if request.broadcast);
    option!(after, request.after.as_ref().map(|after| after.parse().expect("a number of 64 bits")));
    option!(follow if request.follow);
    option!(filter_locally if line.filter_locally);
    option!(acknowledge if request.acknowledged.is_some());
    option!(acknowledge_by_hand if line.acknowledge.is_some());
    // Other cases acknowledge nothing after their call was stopped.
    let drain_ms = if line.acknowledge_when_stopped.is_empty() { Some(1) } else { line.drain_timeout_ms };
    option!(drain_timeout, drain_ms.map(Duration::from_millis));
    option!(timeout, line.timeout_ms.map(Duration::from_millis));
    for (name, value) in &line.headers {
        subscription = subscription.header(name, value);
    }
    if line.reconnect {
        // No case depends on how long a client waits.
        let soon = Reconnect::default()
            .initial_delay(Duration::from_millis(10))
            .max_delay(Duration::from_millis(100));
        subscription.reconnect(soon)
    } else {
        subscription.without_reconnect()
    }
}

fn time(text: &str) -> SystemTime {
    let time: Timestamp = text.parse().expect("an RFC 3339 time");
    time.to_system_time().expect("a time of this system")
}

/// Acknowledges alerts by their places, in the order of a case, each as soon as it has arrived.
struct ByHand {
    order: VecDeque<usize>,
    held: HashMap<usize, Alert>,
}

impl ByHand {
    fn new(line: &CallLine) -> Self {
        Self { order: line.acknowledge.iter().flatten().copied().collect(), held: HashMap::new() }
    }

    fn got(&mut self, place: usize, alert: Alert, stream: &AlertStream) {
        self.held.insert(place, alert);
        while let Some(alert) = self.order.front().and_then(|place| self.held.get(place)) {
            stream.acknowledge(alert).expect("an alert of this stream");
            self.order.pop_front();
        }
    }
}
