//! The embedded adapter keeps the contract, and its folder survives.
#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod contract;

use backplane::{Broker, Collection, Expect, Message, Priority, Store, Trouble, embedded::Embedded};
use contract::{Node, contract};
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

contract! { crate::open:
    store {
        a_document_is_read_as_saved, a_stale_writer_is_refused, many_writers_lose_no_update,
        documents_are_found_in_the_order_of_an_index, an_index_follows_its_documents, a_unique_value_is_taken_once,
        an_unknown_index_is_refused, one_holder_has_the_lease, a_lease_that_ran_out_moves_with_a_higher_token,
        a_race_for_a_lease_has_one_winner, a_chunk_is_read_as_kept, chunks_are_listed_by_owner,
        a_chunk_leaves_when_its_time_has_passed,
    }
    broker {
        a_message_is_delivered_as_published, what_has_no_answer_comes_again, a_refused_message_waits,
        a_late_message_waits, the_urgent_comes_first, a_consumer_holds_no_more_than_it_asked_for,
        consumers_share_the_work, under_load_every_message_is_done,
        what_is_given_up_can_be_looked_at_and_tried_again, the_depth_of_a_queue_is_known,
        events_reach_all_who_listen, a_listener_that_does_not_keep_up_is_let_go,
    }
}

const THINGS: Collection = Collection { name: "things", indexes: &[] };

fn message(id: &str) -> Message {
    Message { id: id.to_owned(), version: 1, priority: Priority::Batch, body: id.as_bytes().to_vec() }
}

#[tokio::test]
async fn everything_is_there_after_opening_again() {
    let (folder, clock) = (tempfile::tempdir().expect("a folder"), Arc::new(AtomicI64::new(0)));
    {
        let node = open_in(folder.path(), &clock);
        node.save(THINGS, "t", json!({ "a": 1 }), Expect::Absent).await.expect("saved");
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
