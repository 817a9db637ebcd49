//! The adapter for MongoDB keeps the contract on a server that speaks its protocol, and more than that.
#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

#[path = "../contract/mod.rs"]
mod contract;
#[cfg(test)]
#[path = "../contract/each.rs"]
mod each;

#[cfg(test)]
mod bounded;
#[cfg(test)]
mod clocks;
#[cfg(test)]
mod declared;
#[cfg(test)]
mod forms;
#[cfg(test)]
mod pieces;
#[cfg(test)]
mod reach;

use backplane::{
    Broker, Store,
    embedded::Embedded,
    mongo::{Mongo, MongoSettings},
};
use contract::Node;
use mongodb::{Client, Database};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

/// Settings for a bus of its own.
fn settings(uri: &str) -> MongoSettings {
    static BUSES: AtomicU32 = AtomicU32::new(0);
    let database = format!("test_{}_{}", std::process::id(), BUSES.fetch_add(1, Relaxed));
    MongoSettings { database, start: Duration::from_secs(10), ..MongoSettings::new(uri) }
}

/// The database of a bus, as somebody sees it who goes past the adapter.
async fn beside(settings: &MongoSettings) -> Database {
    Client::with_uri_str(&settings.uri).await.expect("an address").database(&settings.database)
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

/// Bytes that no compression makes fewer.
fn noise(count: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let next = || {
        // xorshift64, https://www.jstatsoft.org/article/view/v008i14
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(next).flatten().take(count).collect()
}

/// The real time: the server deletes by itself what is older.
#[expect(clippy::disallowed_methods, reason = "a test on a server that has a clock of its own")]
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_millis()).expect("before the year 300 million")
}
