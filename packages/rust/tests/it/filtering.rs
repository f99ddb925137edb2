//! Filters and times, decided by the server and on this side.

use std::time::{Duration, SystemTime};

use falco_outputs::{AlertStream, Filter, Priority, Subscription, Timestamp};
use serde_json::json;

use crate::patience::eventually;
use crate::proxy::Proxy;
use crate::reconnecting::{Reading, soon};
use crate::reference::Reference;

/// One alert a rule, with whatever a filter may choose by.
fn alerts() -> Vec<String> {
    [
        json!({ "rule": "Shell in shop", "priority": "Notice", "source": "syscall", "hostname": "node-1",
            "tags": ["shell", "container"], "output_fields": { "k8s.ns.name": "shop", "proc.name": "bash" } }),
        json!({ "rule": "Shell in shop-test", "priority": "Critical", "source": "syscall", "hostname": "node-2",
            "tags": ["shell"], "output_fields": { "k8s.ns.name": "shop-test" } }),
        json!({ "rule": "Secret read", "priority": "Warning", "source": "k8s_audit", "hostname": "node-1",
            "tags": ["network"], "output_fields": { "k8s.ns.name": null } }),
        json!({ "rule": "A * in its name", "priority": "Debug", "source": "syscall", "output_fields": {} }),
        json!({ "rule": "🦅", "priority": "Emergency", "source": "syscall", "tags": [""] }),
    ]
    .map(|alert| alert.to_string())
    .into()
}

async fn rules(mut alerts: AlertStream) -> Vec<String> {
    let mut rules = Vec::new();
    while let Some(alert) = alerts.next().await {
        rules.push(alert.unwrap().rule);
    }
    rules
}

#[tokio::test]
async fn this_side_decides_as_the_server_does() {
    type Choose = fn(Subscription) -> Subscription;
    let shop = "Shell in shop";
    let test = "Shell in shop-test";
    let (secret, star, eagle) = ("Secret read", "A * in its name", "🦅");
    let cases: [(Choose, &[&str]); 18] = [
        (|all| all, &[shop, test, secret, star, eagle]),
        (|all| all.rules(["Shell*"]), &[shop, test]),
        (|all| all.rules(["Shell"]), &[]),
        (|all| all.rules([r"*\**", "🦅"]), &[star, eagle]),
        (|all| all.min_priority(Priority::WARNING), &[test, secret, eagle]),
        (|all| all.tags(["*"]), &[shop, test, secret, eagle]),
        (|all| all.tags(["network"]).tags(["container"]), &[shop, secret]),
        (|all| all.hostnames(["node-*"]).sources(["syscall"]), &[shop, test]),
        (|all| all.hostnames([""]), &[star, eagle]),
        (|all| all.field("k8s.ns.name", ["shop*"]), &[shop, test]),
        (|all| all.field("k8s.ns.name", [""; 0]), &[shop, test, secret]),
        (|all| all.field("k8s.ns.name", ["<NA>"]), &[secret]),
        (|all| all.field("k8s.ns.*", [""; 0]), &[]),
        (|all| all.field("k8s.ns.name", ["*"]).field("proc.name", ["bash", "sh"]), &[shop]),
        (|all| all.deny([Filter::new().rules(["*shop*"])]), &[secret, star, eagle]),
        (|all| all.tags(["shell"]).deny([Filter::new().hostnames(["node-2"])]), &[shop]),
        (
            |all| all.allow([Filter::new().rules(["🦅"])]).allow([Filter::new().tags(["network"])]),
            &[secret, eagle],
        ),
        (
            |all| {
                all.allow([Filter::new().field("k8s.ns.name", ["shop"]), Filter::new().rules(["*"])]).deny([
                    Filter::new().min_priority(Priority::WARNING).sources(["syscall"]),
                    Filter::new().rules(["A *"]),
                ])
            },
            &[shop, secret],
        ),
    ];
    let server = Reference::start().await;
    let client = server.client();
    for (index, (choose, expected)) in cases.into_iter().enumerate() {
        let mut last = None;
        for line in alerts().iter().rev() {
            last = last.or(Some(server.publish_line(line).await - 1));
        }
        let expected: Vec<_> = expected.iter().rev().copied().collect();
        let broadcast = choose(client.get().broadcast().after(last.unwrap()));
        assert_eq!(rules(broadcast.stream().unwrap()).await, expected, "the server, case {index}");
        let locally = choose(client.get().filter_locally());
        assert_eq!(rules(locally.stream().unwrap()).await, expected, "this side, case {index}");
    }
}

#[tokio::test]
async fn a_local_filter_takes_what_does_not_match() {
    let server = Reference::start().await;
    server.publish(1, 3).await;
    let client = server.client();
    let kept = client.get().deny([Filter::new().rules(["Rule 1", "Rule 3"])]).filter_locally();
    assert_eq!(rules(kept.stream().unwrap()).await, ["Rule 2"]);
    assert!(client.get().stream().unwrap().next().await.is_none());
}

#[tokio::test]
async fn the_members_of_a_group_have_one_filter() {
    let server = Reference::start().await;
    server.publish(1, 4).await;
    let group =
        || server.client().get().group("g").after(0).deny([Filter::new().rules(["Rule 2", "Rule 4"])]);
    assert_eq!(rules(group().stream().unwrap()).await, ["Rule 1", "Rule 3"]);
}

#[tokio::test]
async fn a_broadcast_starts_and_ends_at_a_time() {
    let server = Reference::start().await;
    let start: Timestamp = "2026-06-02T09:00:00Z".parse().unwrap();
    let start = start.to_system_time().unwrap();
    let minute = |number: u64| start + Duration::from_secs(60 * number);
    for number in [3, 1, 2, 4] {
        let time = format!("2026-06-02T09:0{number}:00Z");
        server.publish_line(&json!({ "rule": time, "priority": "Notice", "time": time }).to_string()).await;
    }
    let get = || server.client().get().broadcast();
    let minutes = |alerts: Subscription| async {
        let rules = rules(alerts.stream().unwrap()).await;
        rules.iter().map(|rule| rule[15..16].parse().unwrap()).collect::<Vec<u8>>()
    };
    assert_eq!(minutes(get().since(minute(2))).await, [3, 2, 4]);
    assert_eq!(minutes(get().since(minute(2) + Duration::from_nanos(1))).await, [3, 4]);
    assert_eq!(minutes(get().until(minute(3))).await, [1, 2]);
    assert_eq!(minutes(get().since(minute(2)).until(minute(4))).await, [3, 2]);
    let in_a_century = SystemTime::now() + Duration::from_secs(1 << 32);
    assert!(minutes(get().since(in_a_century)).await.is_empty());
    // A `sub` starts with what is retained, too.
    let mut alerts = server.client().sub().broadcast().since(minute(3)).stream().unwrap();
    assert!(alerts.next().await.unwrap().unwrap().rule.contains("09:03"));
    assert!(alerts.next().await.unwrap().unwrap().rule.contains("09:04"));
}

#[tokio::test]
async fn a_filtered_broadcast_comes_back_without_a_loss_of_what_did_not_match() {
    let server = Reference::with(json!({ "maxAlerts": 3, "heartbeatIntervalMs": 100 })).await;
    let proxy = Proxy::to(&server.address);
    let client = falco_outputs::Client::new(&proxy.address).unwrap();
    let reading = Reading::of(client.sub().broadcast().rules(["Rule 1"]).reconnect(soon()));
    reading.is_told("connected", 1).await;
    let mut matching = server.publish(1, 1).await;
    reading.has_seen(&matching).await;
    for cut in 1..=3 {
        server.publish(2, 20).await;
        // One heartbeat may have been on its way before; those after it have looked at all alerts.
        let forwarded = proxy.forwarded();
        eventually(true, || async { proxy.forwarded() >= forwarded + 2 }).await;
        proxy.refuse(true);
        proxy.cut();
        server.has_subscribers(0).await;
        matching.extend(server.publish(1, 1).await);
        proxy.refuse(false);
        reading.is_told("resumed", cut).await;
        reading.has_seen(&matching).await;
    }
    assert!(!reading.statuses().contains(&"lost"), "{:?}", reading.statuses());
}
