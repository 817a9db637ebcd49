use super::Node;
use backplane::{Consumer, Delivery, Message, Pattern, Priority, Trouble};
use std::{collections::BTreeSet, sync::Arc, sync::atomic::Ordering::Relaxed, time::Duration};
use tokio::time::timeout;

const NOW: Duration = Duration::ZERO;

fn message(id: &str) -> Message {
    Message { id: id.to_owned(), version: 1, priority: Priority::Batch, body: vec![0, 255, 10] }
}

async fn next(consumer: &mut Consumer) -> Delivery {
    timeout(Duration::from_secs(20), consumer.next()).await.expect("in time").expect("a delivery")
}

async fn nothing(consumer: &mut Consumer) {
    let came = timeout(Duration::from_millis(150), consumer.next()).await;
    assert!(came.is_err(), "unexpected: {came:?}");
}

pub(crate) async fn a_message_is_delivered_as_published(node: &Node) {
    node.broker.publish("tasks", message("m"), NOW).await.expect("published");
    let mut consumer = node.broker.consume("tasks", 4).await.expect("consuming");
    let delivery = next(&mut consumer).await;
    assert_eq!((&delivery.message, delivery.attempt), (&message("m"), 1));
    delivery.ack().await.expect("acknowledged");
    nothing(&mut consumer).await;
    assert_eq!(node.broker.depth("tasks").await.expect("asked").0, 0);
}

pub(crate) async fn what_has_no_answer_comes_again(node: &Node) {
    node.broker.publish("tasks", message("m"), NOW).await.expect("published");
    let mut consumer = node.broker.consume("tasks", 4).await.expect("consuming");
    drop(next(&mut consumer).await);
    let again = next(&mut consumer).await;
    assert_eq!(again.attempt, 2);
    // a consumer that goes away gives back what it holds, also what it has not looked at
    node.broker.publish("tasks", message("n"), NOW).await.expect("published");
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(consumer);
    drop(again);
    let mut other = node.broker.consume("tasks", 4).await.expect("consuming");
    let ids: BTreeSet<_> = [next(&mut other).await, next(&mut other).await]
        .iter()
        .map(|delivery| delivery.message.id.clone())
        .collect();
    assert_eq!(ids, BTreeSet::from(["m".to_owned(), "n".to_owned()]));
}

pub(crate) async fn a_refused_message_waits(node: &Node) {
    node.broker.publish("tasks", message("m"), NOW).await.expect("published");
    let mut consumer = node.broker.consume("tasks", 1).await.expect("consuming");
    next(&mut consumer).await.nack(Duration::from_millis(400)).await.expect("answered");
    nothing(&mut consumer).await;
    node.clock.fetch_add(500, Relaxed);
    assert_eq!(next(&mut consumer).await.attempt, 2);
}

pub(crate) async fn a_late_message_waits(node: &Node) {
    node.broker.publish("tasks", message("late"), Duration::from_millis(400)).await.expect("published");
    node.broker.publish("tasks", message("now"), NOW).await.expect("published");
    let mut consumer = node.broker.consume("tasks", 4).await.expect("consuming");
    let now = next(&mut consumer).await;
    assert_eq!(now.message.id, "now");
    nothing(&mut consumer).await;
    node.clock.fetch_add(500, Relaxed);
    assert_eq!(next(&mut consumer).await.message.id, "late");
}

pub(crate) async fn the_urgent_comes_first(node: &Node) {
    for (id, priority) in [
        ("h", Priority::Heavy),
        ("b1", Priority::Batch),
        ("i", Priority::Interactive),
        ("b2", Priority::Batch),
    ] {
        node.broker.publish("tasks", Message { priority, ..message(id) }, NOW).await.expect("published");
    }
    let mut consumer = node.broker.consume("tasks", 1).await.expect("consuming");
    let mut order = Vec::new();
    for _ in 0..4 {
        let delivery = next(&mut consumer).await;
        order.push(delivery.message.id.clone());
        delivery.ack().await.expect("acknowledged");
    }
    assert_eq!(order, ["i", "b1", "b2", "h"]);
}

pub(crate) async fn a_consumer_holds_no_more_than_it_asked_for(node: &Node) {
    for id in ["1", "2", "3"] {
        node.broker.publish("tasks", message(id), NOW).await.expect("published");
    }
    let mut consumer = node.broker.consume("tasks", 2).await.expect("consuming");
    let (first, _second) = (next(&mut consumer).await, next(&mut consumer).await);
    nothing(&mut consumer).await;
    first.ack().await.expect("acknowledged");
    assert_eq!(next(&mut consumer).await.message.id, "3");
}

pub(crate) async fn consumers_share_the_work(node: &Node) {
    let mut consumers = Vec::new();
    for _ in 0..3 {
        consumers.push(node.broker.consume("tasks", 1).await.expect("consuming"));
    }
    for id in ["1", "2", "3"] {
        node.broker.publish("tasks", message(id), NOW).await.expect("published");
    }
    let mut held = Vec::new();
    for consumer in &mut consumers {
        held.push(next(consumer).await);
    }
    let ids: BTreeSet<_> = held.iter().map(|delivery| delivery.message.id.as_str()).collect();
    assert_eq!(ids, BTreeSet::from(["1", "2", "3"]));
}

pub(crate) async fn what_waits_behind_long_work_goes_to_whoever_is_free(node: &Node) {
    let (mut busy, mut free) = (
        node.broker.consume("tasks", 1).await.expect("consuming"),
        node.broker.consume("tasks", 1).await.expect("consuming"),
    );
    for id in ["a", "b"] {
        node.broker.publish("tasks", message(id), NOW).await.expect("published");
    }
    let long = next(&mut busy).await;
    next(&mut free).await.ack().await.expect("acknowledged");
    // some of these are sent to the one that has no room for them
    let urgent = |id: usize| Message { priority: Priority::Interactive, ..message(&id.to_string()) };
    for id in 0..6 {
        node.broker.publish("tasks", urgent(id), NOW).await.expect("published");
    }
    let mut done = BTreeSet::new();
    for _ in 0..6 {
        let delivery = next(&mut free).await;
        assert_eq!(delivery.attempt, 1, "to be given back is no failure");
        done.insert(delivery.message.id.clone());
        delivery.ack().await.expect("acknowledged");
    }
    assert_eq!(done.len(), 6);
    nothing(&mut free).await;
    drop(free);
    // who was busy takes again what it had left to others
    long.ack().await.expect("acknowledged");
    for id in 6..9 {
        node.broker.publish("tasks", urgent(id), NOW).await.expect("published");
        let delivery = next(&mut busy).await;
        assert_eq!(delivery.message.id, id.to_string());
        delivery.ack().await.expect("acknowledged");
    }
}

pub(crate) async fn under_load_every_message_is_done(node: &Node) {
    const COUNT: usize = 600;
    let mut workers = tokio::task::JoinSet::new();
    let done = Arc::new(tokio::sync::Mutex::new(BTreeSet::new()));
    for worker in 0..3 {
        let (broker, done) = (Arc::clone(&node.broker), Arc::clone(&done));
        workers.spawn(async move {
            let mut consumer = broker.consume("load", 8).await.expect("consuming");
            while let Ok(Some(delivery)) = timeout(Duration::from_secs(2), consumer.next()).await {
                // some are dropped, some refused: they come again
                match (delivery.attempt, delivery.message.id.len() % 3 + worker) {
                    (1, 0) => drop(delivery),
                    (1, 1) => delivery.nack(NOW).await.expect("answered"),
                    _ => {
                        let id = delivery.message.id.clone();
                        delivery.ack().await.expect("acknowledged");
                        done.lock().await.insert(id);
                    }
                }
            }
        });
    }
    let publishing =
        (0..COUNT).map(|n| async move { node.broker.publish("load", message(&format!("{n}")), NOW).await });
    for published in futures::future::join_all(publishing).await {
        published.expect("published");
    }
    workers.join_all().await;
    assert_eq!(done.lock().await.len(), COUNT);
}

pub(crate) async fn what_is_given_up_can_be_looked_at_and_tried_again(node: &Node) {
    node.broker.publish("tasks", message("poison"), NOW).await.expect("published");
    let mut consumer = node.broker.consume("tasks", 1).await.expect("consuming");
    next(&mut consumer).await.give_up("step \"carte\": no such file").await.expect("answered");
    nothing(&mut consumer).await;
    let dead = node.broker.dead_letters("tasks", 10).await.expect("asked");
    let seen: Vec<_> = dead
        .iter()
        .map(|letter| (letter.message.id.as_str(), letter.reason.as_str(), letter.attempts))
        .collect();
    assert_eq!(seen, [("poison", "step \"carte\": no such file", 1)]);
    node.broker.bury("tasks", "poison", true).await.expect("again");
    assert_eq!(next(&mut consumer).await.message.id, "poison");
    assert!(node.broker.dead_letters("tasks", 10).await.expect("asked").is_empty());
    assert_eq!(node.broker.bury("tasks", "poison", false).await.expect_err("gone").trouble, Trouble::Refused);
}

pub(crate) async fn the_depth_of_a_queue_is_known(node: &Node) {
    for id in ["1", "2"] {
        node.broker.publish("deep", message(id), NOW).await.expect("published");
    }
    node.clock.fetch_add(3_000, Relaxed);
    let (count, age) = node.broker.depth("deep").await.expect("asked");
    assert_eq!(count, 2);
    assert!((3.0..30.0).contains(&age), "{age}");
    assert_eq!(node.broker.depth("empty").await, Ok((0, 0.0)));
}

pub(crate) async fn events_reach_all_who_listen(node: &Node) {
    let mut run = node.broker.listen(Pattern::new("run.w.#")).await.expect("listening");
    let mut all = node.broker.listen(Pattern::new("#")).await.expect("listening");
    for topic in ["run.v.1.step", "run.w.1.step", "edit.w"] {
        node.broker.announce(topic, topic.as_bytes().to_vec()).await.expect("announced");
    }
    let wait = Duration::from_secs(20);
    let heard = timeout(wait, run.next()).await.expect("in time").expect("heard");
    assert_eq!((&*heard.topic, &*heard.body), ("run.w.1.step", b"run.w.1.step".as_slice()));
    for topic in ["run.v.1.step", "run.w.1.step", "edit.w"] {
        assert_eq!(&*timeout(wait, all.next()).await.expect("in time").expect("heard").topic, topic);
    }
}

pub(crate) async fn a_listener_that_does_not_keep_up_is_let_go(node: &Node) {
    let mut slow = node.broker.listen(Pattern::new("#")).await.expect("listening");
    for _ in 0..100_000 {
        node.broker.announce("run", Vec::new()).await.expect("announced");
    }
    let mut heard = 0;
    while timeout(Duration::from_secs(20), slow.next()).await.expect("in time").is_some() {
        heard += 1;
    }
    assert!(heard < 100_000, "{heard}");
}
