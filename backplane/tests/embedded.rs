//! The embedded adapter keeps the contract, and its folder survives.
#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod contract;

use backplane::{Broker, Collection, Expect, Message, Priority, Store, Trouble, embedded::Embedded};
use contract::Node;
use serde_json::json;
use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

fn open_in(folder: &Path, clock: &Arc<AtomicI64>) -> Embedded {
    let clock = Arc::clone(clock);
    Embedded::open(folder, Arc::new(move || clock.load(Relaxed))).expect("opened")
}

async fn open() -> Node {
    let (folder, clock) =
        (tempfile::tempdir().expect("a folder"), Arc::new(AtomicI64::new(1_774_000_000_000)));
    let embedded = Arc::new(open_in(folder.path(), &clock));
    Node {
        broker: Arc::clone(&embedded) as Arc<dyn Broker>,
        store: embedded,
        clock,
        _guard: Box::new(folder),
    }
}

/// One test per fact, on a freshly opened adapter.
macro_rules! contract {
    ($($part:ident { $($fact:ident),* $(,)? })*) => {$(
        mod $part {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                let node = crate::open().await;
                crate::contract::$part::$fact(&node).await;
            })*
        }
    )*};
}
contract::facts! { contract! }

const THINGS: Collection = Collection { name: "things", indexes: &[] };

fn message(id: &str) -> Message {
    Message { id: id.to_owned(), version: 1, priority: Priority::Batch, body: id.as_bytes().to_vec() }
}

#[tokio::test]
async fn everything_is_there_after_opening_again() {
    let (folder, clock) = (tempfile::tempdir().expect("a folder"), Arc::new(AtomicI64::new(0)));
    {
        let node = open_in(folder.path(), &clock);
        node.save(THINGS, "t", json!({ "a": 1 }).into(), Expect::Absent).await.expect("saved");
        node.put_chunk("c", "o/", vec![7; 9], Duration::from_secs(60)).await.expect("kept");
        for id in ["done", "held", "waiting"] {
            node.publish("q", message(id), Duration::ZERO).await.expect("published");
        }
        let mut consumer = node.consume("q", 2).await.expect("consuming");
        consumer.next().await.expect("a delivery").ack().await.expect("acknowledged");
        std::mem::forget(consumer.next().await.expect("a delivery"));
        node.close().await;
    }
    let node = open_in(folder.path(), &clock);
    assert_eq!(node.get(THINGS, "t").await.expect("read").expect("there").body, json!({ "a": 1 }));
    assert_eq!(node.chunk("c").await, Ok(Some(vec![7; 9])));
    let mut consumer = node.consume("q", 9).await.expect("consuming");
    let (first, second) = (consumer.next().await.expect("one"), consumer.next().await.expect("two"));
    assert_eq!((first.message.id.as_str(), first.attempt), ("held", 2));
    assert_eq!(second.message, message("waiting"));
}

#[tokio::test]
async fn a_second_process_is_refused_with_the_reason() {
    let (folder, clock) = (tempfile::tempdir().expect("a folder"), Arc::new(AtomicI64::new(0)));
    let _first = open_in(folder.path(), &clock);
    let refused = Embedded::open(folder.path(), Arc::new(|| 0)).expect_err("in use");
    assert_eq!(refused.trouble, Trouble::Refused);
    assert!(refused.to_string().contains(&format!("in use by process {}", std::process::id())), "{refused}");
}

#[tokio::test]
async fn a_damaged_file_is_named_and_kept() {
    let (folder, clock) = (tempfile::tempdir().expect("a folder"), Arc::new(AtomicI64::new(0)));
    open_in(folder.path(), &clock).close().await;
    let file = folder.path().join("store.redb");
    fs::write(&file, b"not a database at all").expect("damaged");
    let refused = Embedded::open(folder.path(), Arc::new(|| 0)).expect_err("damaged");
    assert_eq!(refused.trouble, Trouble::Corrupt);
    assert!(refused.to_string().contains("store.redb cannot be read"), "{refused}");
    assert!(fs::read(&file).expect("still there") == b"not a database at all");
}
