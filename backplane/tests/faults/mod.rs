//! What happens to a broker, and what then happens to us. One broker, one thing after the other.

mod restarts;
mod rights;

use crate::settings;
use backplane::{
    BackplaneError, Broker, Consumer, Delivery, Message, Priority, Trouble,
    amqp::{Amqp, AmqpSettings},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};
use test_servers::RabbitMq;
use tokio::time::{Instant, timeout};

const NOW: Duration = Duration::ZERO;
/// What must not take for ever.
const LONG: Duration = Duration::from_secs(60);

fn message(id: &str) -> Message {
    Message { id: id.to_owned(), version: 1, priority: Priority::Batch, body: id.as_bytes().to_vec() }
}

async fn next(consumer: &mut Consumer) -> Delivery {
    timeout(LONG, consumer.next()).await.expect("in time").expect("a delivery")
}

fn impatient(uri: &str) -> AmqpSettings {
    AmqpSettings {
        start: Duration::from_secs(2),
        call: Duration::from_secs(3),
        ..settings(uri, &Arc::new(AtomicI64::new(0)))
    }
}

async fn refused(uri: &str) -> BackplaneError {
    let begun = Instant::now();
    let error = Amqp::connect(AmqpSettings { start: LONG, ..impatient(uri) }).await.expect_err("refused");
    assert!(begun.elapsed() < Duration::from_secs(20), "told at once, not after {:?}", begun.elapsed());
    error
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_to_a_broker() {
    let mut broker = RabbitMq::start().expect("a broker");
    the_operator_reads_what_is_wrong(&broker).await;
    rights::the_least_are_enough(&broker).await;
    late_messages_come_in_the_order_of_their_times(&broker).await;
    whoever_goes_away_each_time_makes_a_dead_letter(&broker).await;
    what_is_held_for_long_is_safe(&broker).await;
    a_closed_connection_is_made_anew(&broker).await;
    a_broker_short_of_memory_is_waited_for(&broker).await;
    restarts::nothing_confirmed_is_lost(&mut broker).await;
}

async fn the_operator_reads_what_is_wrong(broker: &RabbitMq) {
    let error = refused(&broker.uri_as("guest", "wrong", "%2f")).await;
    assert_eq!(error.trouble, Trouble::Refused, "{error}");
    assert!(error.to_string().contains("does not let the user guest in"), "{error}");
    assert!(!error.to_string().contains("wrong:"), "no password: {error}");

    let error = refused(&broker.uri_as("guest", "guest", "nowhere")).await;
    assert_eq!(error.trouble, Trouble::Refused, "{error}");
    assert!(
        error.to_string().contains("does not open the virtual host nowhere to the user guest"),
        "{error}"
    );

    let error = refused("http://127.0.0.1").await;
    assert!(error.to_string().contains("is written amqp://"), "{error}");

    let begun = Instant::now();
    let nobody = Amqp::connect(impatient("amqp://guest:guest@127.0.0.1:1/")).await.expect_err("nobody there");
    assert_eq!(nobody.trouble, Trouble::Unavailable);
    assert!(nobody.to_string().contains("amqp://127.0.0.1:1 cannot be reached"), "{nobody}");
    assert!(begun.elapsed() >= Duration::from_secs(1), "it was tried for a while");
}

async fn late_messages_come_in_the_order_of_their_times(broker: &RabbitMq) {
    let node = Amqp::connect(impatient(&broker.uri())).await.expect("connected");
    for (id, delay) in [("now", 0), ("last", 5_000), ("first", 500), ("middle", 2_000)] {
        node.publish("tasks", message(id), Duration::from_millis(delay)).await.expect("published");
    }
    let mut consumer = node.consume("tasks", 1).await.expect("consuming");
    for expected in ["now", "first", "middle", "last"] {
        let delivery = next(&mut consumer).await;
        assert_eq!((delivery.message.id.as_str(), delivery.attempt), (expected, 1));
        delivery.ack().await.expect("acknowledged");
    }
}

async fn whoever_goes_away_each_time_makes_a_dead_letter(broker: &RabbitMq) {
    let clock = Arc::new(AtomicI64::new(9_000_000_000_000));
    let settings = AmqpSettings { delivery_limit: 2, ..settings(&broker.uri(), &clock) };
    let node = Amqp::connect(settings).await.expect("connected");
    node.publish("tasks", message("poison"), NOW).await.expect("published");
    let mut consumer = node.consume("tasks", 1).await.expect("consuming");
    for attempt in 1..=3 {
        assert_eq!(next(&mut consumer).await.attempt, attempt);
    }
    let mut dead = Vec::new();
    let until = Instant::now() + LONG;
    while dead.is_empty() && Instant::now() < until {
        dead = node.dead_letters("tasks", 10).await.expect("asked");
    }
    let letter = dead.first().expect("a dead letter");
    assert_eq!((letter.message.id.as_str(), dead.len()), ("poison", 1));
    assert!(letter.reason.contains("went away each time"), "{}", letter.reason);
    assert!(letter.at > 1_700_000_000_000, "the broker says when: {}", letter.at);
    // many are listed oldest first, as often as one likes
    for id in ["b", "a", "c"] {
        node.publish("tasks", message(id), NOW).await.expect("published");
        clock.fetch_add(1, Relaxed);
        next(&mut consumer).await.give_up(id).await.expect("given up");
    }
    for _ in 0..3 {
        let listed = node.dead_letters("tasks", 10).await.expect("asked");
        let ids: Vec<_> = listed.iter().map(|letter| letter.message.id.as_str()).collect();
        assert_eq!(ids, ["poison", "b", "a", "c"]);
    }
    assert_eq!(node.dead_letters("tasks", 2).await.expect("asked").len(), 2);
    node.bury("tasks", "a", false).await.expect("dropped");
    let listed = node.dead_letters("tasks", 10).await.expect("asked");
    assert_eq!(
        listed.iter().map(|letter| letter.message.id.as_str()).collect::<Vec<_>>(),
        ["poison", "b", "c"]
    );
}

async fn what_is_held_for_long_is_safe(broker: &RabbitMq) {
    let settings = AmqpSettings { hold: Duration::from_millis(200), ..impatient(&broker.uri()) };
    let other = AmqpSettings { hold: LONG, ..settings.clone() };
    let node = Amqp::connect(settings).await.expect("connected");
    node.publish("tasks", message("long"), NOW).await.expect("published");
    let mut consumer = node.consume("tasks", 2).await.expect("consuming");
    let long = next(&mut consumer).await;
    // several copies go round meanwhile, and none is given out while the first is in work
    let again = timeout(Duration::from_secs(2), consumer.next()).await;
    assert!(again.is_err(), "{again:?}");
    node.close().await;
    drop(long);
    let other = Amqp::connect(other).await.expect("connected");
    let mut consumer = other.consume("tasks", 2).await.expect("consuming");
    let again = next(&mut consumer).await;
    assert_eq!((&again.message, again.attempt), (&message("long"), 2));
}

async fn a_closed_connection_is_made_anew(broker: &RabbitMq) {
    let node = Amqp::connect(impatient(&broker.uri())).await.expect("connected");
    let mut consumer = node.consume("tasks", 4).await.expect("consuming");
    let mut listener = node.listen(backplane::Pattern::new("run.#")).await.expect("listening");
    node.publish("tasks", message("held"), NOW).await.expect("published");
    let held = next(&mut consumer).await;
    broker.control(&["close_all_connections", "a test"]).expect("closed");
    assert_eq!(timeout(LONG, listener.next()).await.expect("in time"), None, "it has missed something");
    node.publish("tasks", message("after"), NOW).await.expect("published");
    let mut ids =
        [next(&mut consumer).await, next(&mut consumer).await].map(|delivery| delivery.message.id.clone());
    ids.sort();
    assert_eq!(ids, ["after", "held"]);
    assert_eq!(held.ack().await.expect_err("too late").trouble, Trouble::Unavailable);
    let mut listener = node.listen(backplane::Pattern::new("run.#")).await.expect("listening again");
    node.announce("run.w", b"on".to_vec()).await.expect("announced");
    assert_eq!(&*timeout(LONG, listener.next()).await.expect("in time").expect("heard").body, b"on");
}

async fn a_broker_short_of_memory_is_waited_for(broker: &RabbitMq) {
    let node = Amqp::connect(impatient(&broker.uri())).await.expect("connected");
    node.publish("tasks", message("before"), NOW).await.expect("published");
    broker.control(&["set_vm_memory_high_watermark", "absolute", "1"]).expect("an alarm");
    let until = Instant::now() + LONG;
    let error = loop {
        match node.publish("tasks", message("meanwhile"), NOW).await {
            Err(error) => break error,
            Ok(()) => assert!(Instant::now() < until, "the alarm blocks"),
        }
    };
    assert_eq!(error.trouble, Trouble::Unavailable);
    assert!(error.to_string().contains("takes no messages for now"), "{error}");
    assert!(node.announce("run.w", Vec::new()).await.is_err(), "nothing is said, at once");
    // what is there is still taken and answered
    let mut consumer = node.consume("tasks", 1).await.expect("consuming");
    let before = next(&mut consumer).await;
    assert_eq!(before.message.id, "before");
    before.ack().await.expect("acknowledged");
    broker.control(&["set_vm_memory_high_watermark", "0.6"]).expect("no alarm");
    let until = Instant::now() + LONG;
    while let Err(error) = node.publish("tasks", message("after"), NOW).await {
        assert!(Instant::now() < until, "{error}");
    }
    loop {
        let delivery = next(&mut consumer).await;
        let id = delivery.message.id.clone();
        delivery.ack().await.expect("acknowledged");
        if id == "after" {
            break;
        }
        assert_eq!(id, "meanwhile", "what was not confirmed may have arrived");
    }
}
