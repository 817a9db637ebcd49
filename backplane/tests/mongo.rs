//! The adapter for MongoDB keeps the contract on a server that speaks its protocol.
#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod contract;
#[cfg(test)]
#[path = "contract/each.rs"]
mod each;

use backplane::{
    Broker, Store,
    embedded::Embedded,
    mongo::{Mongo, MongoSettings},
};
use contract::Node;
use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU32, Ordering::Relaxed},
};

/// Settings for a bus of its own.
fn settings(uri: &str) -> MongoSettings {
    static BUSES: AtomicU32 = AtomicU32::new(0);
    let database = format!("test_{}_{}", std::process::id(), BUSES.fetch_add(1, Relaxed));
    MongoSettings { database, ..MongoSettings::new(uri) }
}

async fn open(uri: &str, watch: bool) -> (Node, Arc<Mongo>) {
    let (folder, clock) = (tempfile::tempdir().expect("a folder"), Arc::new(AtomicI64::new(now())));
    let time = Arc::clone(&clock);
    let given = Arc::new(move || time.load(Relaxed));
    let settings = MongoSettings { clock: Some(given.clone()), watch, ..settings(uri) };
    let store = Mongo::connect(settings).await.expect("connected");
    let broker = Embedded::open(folder.path(), given).expect("opened");
    let node = Node {
        broker: Arc::new(broker) as Arc<dyn Broker>,
        store: Arc::clone(&store) as Arc<dyn Store>,
        clock,
        _guard: Box::new(folder),
    };
    (node, store)
}

/// The real time: the server deletes by itself what is older.
#[expect(clippy::disallowed_methods, reason = "a test on a server that has a clock of its own")]
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_millis()).expect("before the year 300 million")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_holds() {
    let server = test_servers::mongodb().expect("a server");
    let opened = std::sync::Mutex::new(Vec::new());
    each::each("store", async || {
        let (node, store) = open(&server.uri, true).await;
        opened.lock().expect("not poisoned").push(store);
        node
    })
    .await;
}
