//! The adapter for RabbitMQ keeps the contract on a real broker, and goes on through what happens to one.
#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod contract;
#[cfg(test)]
#[path = "contract/each.rs"]
mod each;
#[cfg(test)]
mod faults;
#[cfg(test)]
#[path = "faults/secured.rs"]
mod secured;

use backplane::{
    Broker, Store,
    amqp::{Amqp, AmqpSettings},
    embedded::Embedded,
};
use contract::Node;
use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU32, Ordering::Relaxed},
};

/// Settings for a bus of its own.
fn settings(uri: &str, clock: &Arc<AtomicI64>) -> AmqpSettings {
    static BUSES: AtomicU32 = AtomicU32::new(0);
    let clock = Arc::clone(clock);
    AmqpSettings {
        prefix: format!("test-{}-{}", std::process::id(), BUSES.fetch_add(1, Relaxed)),
        ..AmqpSettings::new(uri, Arc::new(move || clock.load(Relaxed)))
    }
}

async fn open(uri: &str) -> Node {
    let (folder, clock) =
        (tempfile::tempdir().expect("a folder"), Arc::new(AtomicI64::new(1_774_000_000_000)));
    let broker = Amqp::connect(settings(uri, &clock)).await.expect("connected");
    let time = Arc::clone(&clock);
    let store = Embedded::open(folder.path(), Arc::new(move || time.load(Relaxed))).expect("opened");
    Node {
        broker: broker as Arc<dyn Broker>,
        store: Arc::new(store) as Arc<dyn Store>,
        clock,
        _guard: Box::new(folder),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_holds() {
    let broker = test_servers::amqp().expect("a broker");
    each::each("broker", || open(&broker.uri)).await;
}
