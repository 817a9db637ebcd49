//! The broker goes and comes under load: what it had confirmed is done, and nobody has to start anew.

use super::{LONG, NOW, impatient, message};
use backplane::{Broker, Consumer, Trouble, amqp::Amqp};
use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use test_servers::RabbitMq;
use tokio::{
    task::JoinSet,
    time::{Instant, timeout},
};

type Ids = Arc<Mutex<BTreeSet<String>>>;

fn count(ids: &Ids) -> usize {
    ids.lock().expect("not poisoned").len()
}

/// Publishes until told to stop, and notes what was confirmed.
async fn produce(node: Arc<Amqp>, producer: usize, confirmed: Ids, stop: Arc<AtomicBool>) {
    for n in 0_u64.. {
        if stop.load(Relaxed) {
            return;
        }
        let id = format!("{producer}-{n}");
        let published = node.publish("tasks", message(&id), NOW).await;
        if published.is_ok() {
            confirmed.lock().expect("not poisoned").insert(id);
        }
    }
}

/// A busy broker may take longer than a call may last; whoever wants to consume asks again.
async fn consuming(node: &Amqp) -> Consumer {
    let until = Instant::now() + LONG;
    loop {
        match node.consume("tasks", 16).await {
            Ok(consumer) => return consumer,
            Err(error) => {
                assert!(error.trouble == Trouble::Unavailable && Instant::now() < until, "{error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Does what comes; some of it only at the second attempt.
async fn work(node: Arc<Amqp>, done: Ids) {
    let mut consumer = consuming(&node).await;
    while let Some(delivery) = consumer.next().await {
        let id = delivery.message.id.clone();
        if delivery.attempt == 1 && id.ends_with('7') {
            // what cannot be said comes again anyway
            let _said = delivery.nack(Duration::from_millis(50)).await;
            continue;
        }
        done.lock().expect("not poisoned").insert(id);
        let _said = delivery.ack().await;
    }
    panic!("the consumer ended");
}

/// Waits until more is confirmed and done than now.
async fn go_on(confirmed: &Ids, done: &Ids, workers: &mut JoinSet<()>) {
    let (had, did) = (count(confirmed), count(done));
    let until = Instant::now() + LONG;
    while count(confirmed) < had + 200 || count(done) < did + 200 {
        assert!(
            Instant::now() < until,
            "{} confirmed, {} done: it does not go on",
            count(confirmed),
            count(done)
        );
        if let Some(ended) = workers.try_join_next() {
            ended.expect("a worker goes on");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub(super) async fn nothing_confirmed_is_lost(broker: &mut RabbitMq) {
    let settings = impatient(&broker.uri());
    let node = Amqp::connect(settings.clone()).await.expect("connected");
    let worker = Amqp::connect(settings).await.expect("connected");
    let (confirmed, done, stop) = (Ids::default(), Ids::default(), Arc::new(AtomicBool::new(false)));
    let (mut producers, mut workers) = (JoinSet::new(), JoinSet::new());
    for producer in 0..4 {
        producers.spawn(produce(Arc::clone(&node), producer, Arc::clone(&confirmed), Arc::clone(&stop)));
    }
    for _ in 0..2 {
        workers.spawn(work(Arc::clone(&worker), Arc::clone(&done)));
    }
    go_on(&confirmed, &done, &mut workers).await;
    for round in 0..3 {
        if round == 1 {
            broker.kill();
        } else {
            broker.stop();
        }
        broker.begin().expect("it starts again");
        let begun = Instant::now();
        go_on(&confirmed, &done, &mut workers).await;
        println!("round {round}: on again {:?} after the start", begun.elapsed());
    }
    stop.store(true, Relaxed);
    producers.join_all().await;
    let finishing = async {
        loop {
            let missing: Vec<String> = {
                let done = done.lock().expect("not poisoned");
                confirmed.lock().expect("not poisoned").difference(&done).cloned().collect()
            };
            if missing.is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let finished = timeout(LONG, finishing).await;
    println!("{} confirmed, {} done", count(&confirmed), count(&done));
    assert!(finished.is_ok(), "confirmed and lost");
    while let Some(ended) = workers.try_join_next() {
        ended.expect("a worker goes on");
    }
}
