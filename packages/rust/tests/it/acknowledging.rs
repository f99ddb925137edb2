use std::time::Duration;

use falco_outputs::{Alert, Code, Subscription};

use tokio::sync::oneshot;

use crate::patience::eventually;
use crate::proxy::Proxy;
use crate::reference::Reference;
use crate::subscribing::{sequences, take};

fn pager(server: &Reference) -> Subscription {
    server.client().sub().group("pager").after(0)
}

/// How many alerts the group is done with.
async fn is_done_with(server: &Reference, count: u64) {
    eventually(count, || server.group("pager", "delivered")).await;
}

/// What another member gets once the first one has left.
async fn rest(server: &Reference, count: usize) -> Vec<u64> {
    server.has_subscribers(0).await;
    let mut alerts = pager(server).acknowledge().stream().unwrap();
    let taken = take(&mut alerts, count).await;
    alerts.close().await;
    sequences(&taken)
}

#[tokio::test]
async fn an_alert_is_done_when_the_next_one_is_asked_for() {
    let server = Reference::start().await;
    server.publish(1, 3).await;
    let mut alerts = pager(&server).acknowledge().stream().unwrap();
    for done in 0..3 {
        take(&mut alerts, 1).await;
        is_done_with(&server, done).await;
    }
    tokio::select! {
        () = is_done_with(&server, 3) => {}
        alert = alerts.next() => panic!("nobody sent {alert:?}"),
    }
}

#[tokio::test]
async fn the_current_alert_of_a_stream_that_is_left_goes_to_another() {
    for closes in [true, false] {
        let server = Reference::start().await;
        let published = server.publish(1, 10).await;
        let mut alerts = pager(&server).acknowledge().stream().unwrap();
        take(&mut alerts, 5).await;
        if closes {
            alerts.close().await;
            assert_eq!(server.group("pager", "delivered").await, 4);
        } else {
            drop(alerts);
        }
        assert_eq!(rest(&server, 6).await, published[4..]);
    }
}

#[tokio::test]
async fn the_alerts_of_a_batch_are_done_together() {
    let server = Reference::start().await;
    let published = server.publish(1, 3000).await;
    let mut alerts = pager(&server).acknowledge().stream().unwrap();
    let first = alerts.next_batch().await.unwrap().unwrap();
    assert_eq!(server.group("pager", "delivered").await, 0);
    let second = alerts.next_batch().await.unwrap().unwrap();
    is_done_with(&server, first.len() as u64).await;
    alerts.close().await;
    assert_eq!(rest(&server, published.len() - first.len()).await, published[first.len()..]);
    drop(second);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_acknowledge_in_any_order() {
    let server = Reference::start().await;
    let published = server.publish(1, 200).await;
    let mut alerts = pager(&server).acknowledge_by_hand().stream().unwrap();
    let handlers: Vec<_> = take(&mut alerts, 200)
        .await
        .into_iter()
        .rev()
        .map(|alert| {
            let acknowledger = alerts.acknowledger();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_micros(alert.sequence * 7919 % 3000)).await;
                // The one that is never done holds back those after it.
                if alert.rule != "Rule 151" {
                    assert!(acknowledger.acknowledge(&alert).unwrap());
                }
            })
        })
        .collect();
    for handler in handlers {
        handler.await.unwrap();
    }
    is_done_with(&server, 150).await;
    drop(alerts);
    assert_eq!(rest(&server, 50).await, published[150..]);
}

#[tokio::test]
async fn the_last_acknowledgement_arrives_however_the_stream_is_left() {
    for closes in [true, false] {
        let server = Reference::start().await;
        server.publish(1, 3000).await;
        let mut alerts = pager(&server).acknowledge_by_hand().stream().unwrap();
        for alert in take(&mut alerts, 3000).await {
            assert!(alerts.acknowledge(&alert).unwrap());
        }
        if closes {
            alerts.close().await;
            assert_eq!(server.group("pager", "delivered").await, 3000);
        } else {
            drop(alerts);
            is_done_with(&server, 3000).await;
        }
    }
}

#[tokio::test]
async fn an_acknowledger_knows_its_stream() {
    let server = Reference::start().await;
    server.publish(1, 2).await;
    let mut one = pager(&server).acknowledge_by_hand().stream().unwrap();
    let alert = take(&mut one, 1).await.remove(0);
    let other = server.client().sub().group("other").after(0).acknowledge_by_hand().stream().unwrap();
    let by_itself = server.client().sub().group("other").after(0).acknowledge().stream().unwrap();
    for refused in [
        other.acknowledge(&alert),
        by_itself.acknowledge(&alert),
        one.acknowledge(&Alert::from_json(&alert.to_json()).unwrap()),
    ] {
        let error = refused.unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        assert_eq!(error.message(), "alert: not one that this stream returned to be acknowledged by hand");
    }
    take(&mut one, 1).await;
    assert_eq!(server.group("pager", "delivered").await, 0);
    // A clone is the same alert. The second time does not count.
    assert!(one.acknowledge(&alert.clone()).unwrap());
    assert!(!one.acknowledge(&alert).unwrap());
    is_done_with(&server, 1).await;
    let acknowledger = one.acknowledger();
    drop(one);
    assert!(!acknowledger.acknowledge(&alert).unwrap());
}

#[tokio::test]
async fn a_new_connection_starts_a_new_count() {
    let server = Reference::start().await;
    let published = server.publish(1, 3).await;
    let proxy = Proxy::to(&server.address);
    let client = falco_outputs::Client::new(&proxy.address).unwrap();
    let mut alerts = client.sub().group("pager").after(0).acknowledge_by_hand().stream().unwrap();
    let before = take(&mut alerts, 3).await;
    proxy.cut();
    let again = take(&mut alerts, 3).await;
    assert_eq!(sequences(&again), published);
    // It came over the lost connection, and was sent again.
    assert!(!alerts.acknowledge(&before[0]).unwrap());
    assert!(alerts.acknowledge(&again[1]).unwrap());
    assert!(alerts.acknowledge(&again[2]).unwrap());
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(server.group("pager", "delivered").await, 0);
    assert!(alerts.acknowledge(&again[0]).unwrap());
    is_done_with(&server, 3).await;
}

#[tokio::test]
async fn more_alerts_than_the_window_arrive() {
    let server = Reference::start().await;
    let published = server.publish(1, 10_000).await;
    let mut alerts = pager(&server).acknowledge().stream().unwrap();
    assert_eq!(sequences(&take(&mut alerts, 10_000).await), published);
    alerts.close().await;
    assert_eq!(server.group("pager", "delivered").await, 9_999);
}

#[tokio::test]
async fn closing_waits_for_the_handlers() {
    let server = Reference::start().await;
    let published = server.publish(1, 10).await;
    let mut alerts = pager(&server).acknowledge_by_hand().stream().unwrap();
    let taken = take(&mut alerts, 5).await;
    let acknowledger = alerts.acknowledger();
    let (closing, is_closing) = oneshot::channel();
    let handling = tokio::spawn(async move {
        is_closing.await.unwrap();
        for alert in &taken {
            tokio::task::yield_now().await;
            assert!(acknowledger.acknowledge(alert).unwrap());
        }
    });
    let closed = async {
        closing.send(()).unwrap();
        alerts.close().await;
    };
    closed.await;
    assert_eq!(server.group("pager", "delivered").await, 5);
    handling.await.unwrap();
    assert_eq!(rest(&server, 5).await, published[5..]);
}

#[tokio::test]
async fn closing_waits_no_longer_than_the_drain_timeout() {
    let server = Reference::start().await;
    let published = server.publish(1, 3).await;
    let drained = Duration::from_millis(50);
    let mut alerts = pager(&server).acknowledge_by_hand().drain_timeout(drained).stream().unwrap();
    let taken = take(&mut alerts, 3).await;
    assert!(alerts.acknowledge(&taken[0]).unwrap());
    let acknowledger = alerts.acknowledger();
    alerts.close().await;
    assert!(!acknowledger.acknowledge(&taken[1]).unwrap());
    assert_eq!(rest(&server, 2).await, published[1..]);
}

#[tokio::test]
async fn closing_does_not_wait_for_a_connection_that_is_lost() {
    let server = Reference::start().await;
    server.publish(1, 1).await;
    let proxy = Proxy::to(&server.address);
    let client = falco_outputs::Client::new(&proxy.address).unwrap();
    let by_hand = client.sub().group("pager").after(0).acknowledge_by_hand();
    let mut alerts = by_hand.drain_timeout(Duration::from_secs(3600)).stream().unwrap();
    take(&mut alerts, 1).await;
    let cutting = async {
        tokio::task::yield_now().await;
        proxy.cut();
    };
    tokio::join!(alerts.close(), cutting);
}
