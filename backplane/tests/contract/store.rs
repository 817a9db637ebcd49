use super::Node;
use backplane::{Chunk, Collection, Document, Expect, Index, Query, Trouble};
use serde_json::json;
use std::{sync::Arc, sync::atomic::Ordering::Relaxed, time::Duration};

const RUNS: Collection = Collection {
    name: "runs",
    indexes: &[
        Index { name: "workflow", members: &["workflow", "started"], unique: false },
        Index { name: "slug", members: &["publication.slug"], unique: true },
    ],
};

const MINUTE: Duration = Duration::from_secs(60);

pub(crate) async fn a_document_is_read_as_saved(node: &Node) {
    let body = json!({ "é": [1, 2.5, null, "x\u{0}y"], "deep": { "a": true } });
    assert_eq!(node.store.save(RUNS, "r/1", body.clone().into(), Expect::Absent).await, Ok(1));
    let found = node.store.get(RUNS, "r/1").await;
    assert_eq!(found, Ok(Some(Document { id: "r/1".to_owned(), revision: 1, body: body.into() })));
    assert_eq!(node.store.get(RUNS, "r/2").await, Ok(None));
}

pub(crate) async fn a_stale_writer_is_refused(node: &Node) {
    node.store.save(RUNS, "r", json!({ "n": 1 }).into(), Expect::Anything).await.expect("saved");
    assert_eq!(node.store.save(RUNS, "r", json!({ "n": 2 }).into(), Expect::Revision(1)).await, Ok(2));
    for stale in [Expect::Revision(1), Expect::Absent] {
        let refused = node.store.save(RUNS, "r", json!({ "n": 3 }).into(), stale).await.expect_err("stale");
        assert_eq!(refused.trouble, Trouble::Conflict);
        assert_eq!(node.store.delete(RUNS, "r", stale).await.expect_err("stale").trouble, Trouble::Conflict);
    }
    assert_eq!(node.store.get(RUNS, "r").await.expect("read").expect("there").body, json!({ "n": 2 }));
}

pub(crate) async fn many_writers_lose_no_update(node: &Node) {
    node.store.save(RUNS, "counter", json!({ "n": 0 }).into(), Expect::Absent).await.expect("saved");
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = Arc::clone(&node.store);
        writers.spawn(async move {
            for _ in 0..10 {
                loop {
                    let known = store.get(RUNS, "counter").await.expect("read").expect("there");
                    let next = json!({ "n": known.body.json()["n"].as_i64().expect("a number") + 1 });
                    match store.save(RUNS, "counter", next.into(), Expect::Revision(known.revision)).await {
                        Ok(_) => break,
                        Err(error) => assert_eq!(error.trouble, Trouble::Conflict),
                    }
                }
            }
        });
    }
    writers.join_all().await;
    let counter = node.store.get(RUNS, "counter").await.expect("read").expect("there");
    assert_eq!((counter.body.json(), counter.revision), (json!({ "n": 80 }), 81));
}

pub(crate) async fn documents_are_found_in_the_order_of_an_index(node: &Node) {
    for (id, workflow, started) in
        [("a", "w", 30), ("b", "w", -10), ("c", "v", 20), ("d", "w", 20), ("e", "w2", 1)]
    {
        let body = json!({ "workflow": workflow, "started": started });
        node.store.save(RUNS, id, body.into(), Expect::Absent).await.expect("saved");
    }
    node.store.save(RUNS, "no date", json!({ "workflow": "w" }).into(), Expect::Absent).await.expect("saved");
    let ids = async |query: Query| {
        let found = node.store.find(RUNS, query).await.expect("found");
        found.into_iter().map(|document| document.id).collect::<Vec<_>>()
    };
    let of_w = || Query::of("workflow", vec!["w".into()]);
    assert_eq!(ids(of_w()).await, ["b", "d", "a"]);
    let count = async |query: Query| node.store.count(RUNS, query).await.expect("counted");
    assert_eq!(count(of_w()).await, 3);
    assert_eq!(count(Query { limit: 2, ..of_w() }).await, 2);
    assert_eq!(count(Query { from: Some(30.into()), ..of_w() }).await, 1);
    assert_eq!(ids(Query { descending: true, limit: 2, ..of_w() }).await, ["a", "d"]);
    assert_eq!(ids(Query { from: Some(20.into()), ..of_w() }).await, ["d", "a"]);
    assert_eq!(ids(Query { until: Some(20.into()), ..of_w() }).await, ["b"]);
    let first = node.store.find(RUNS, Query { limit: 1, ..of_w() }).await.expect("found").remove(0);
    assert_eq!(ids(Query { after: Some(first.clone()), ..of_w() }).await, ["d", "a"]);
    assert_eq!(ids(Query { after: Some(first), descending: true, ..of_w() }).await, [""; 0]);
}

pub(crate) async fn an_index_follows_its_documents(node: &Node) {
    let body = |workflow: &str| json!({ "workflow": workflow, "started": 1 });
    node.store.save(RUNS, "r", body("w").into(), Expect::Anything).await.expect("saved");
    node.store.save(RUNS, "r", body("v").into(), Expect::Anything).await.expect("saved");
    let found = async |workflow: &str| {
        node.store.find(RUNS, Query::of("workflow", vec![workflow.into()])).await.expect("found").len()
    };
    assert_eq!((found("w").await, found("v").await), (0, 1));
    node.store.delete(RUNS, "r", Expect::Anything).await.expect("deleted");
    assert_eq!(found("v").await, 0);
    assert_eq!(node.store.delete(RUNS, "r", Expect::Anything).await, Ok(()), "deleted already");
}

pub(crate) async fn a_unique_value_is_taken_once(node: &Node) {
    let body = json!({ "publication": { "slug": "bornes" } });
    node.store.save(RUNS, "r1", body.clone().into(), Expect::Anything).await.expect("saved");
    let refused =
        node.store.save(RUNS, "r2", body.clone().into(), Expect::Anything).await.expect_err("taken");
    assert_eq!(refused.trouble, Trouble::Conflict);
    assert_eq!(node.store.save(RUNS, "r1", body.clone().into(), Expect::Anything).await, Ok(2), "its own");
    node.store.delete(RUNS, "r1", Expect::Anything).await.expect("deleted");
    assert_eq!(node.store.save(RUNS, "r2", body.into(), Expect::Anything).await, Ok(1));
}

pub(crate) async fn an_unknown_index_is_refused(node: &Node) {
    let unknown = || Query::of("colour", Vec::new());
    let refused = node.store.find(RUNS, unknown()).await.expect_err("unknown");
    assert_eq!(refused.trouble, Trouble::Refused);
    assert!(node.store.count(RUNS, unknown()).await.is_err());
}

pub(crate) async fn one_holder_has_the_lease(node: &Node) {
    let first = node.store.lease("schedule/w", "node-1", MINUTE).await.expect("asked").expect("free");
    assert_eq!(node.store.lease("schedule/w", "node-2", MINUTE).await, Ok(None));
    let longer = node.store.lease("schedule/w", "node-1", MINUTE * 2).await.expect("asked").expect("its own");
    assert_eq!(longer.token, first.token);
    assert!(longer.until > first.until);
    assert!(
        node.store.lease("schedule/v", "node-2", MINUTE).await.expect("asked").is_some(),
        "another lease"
    );
}

pub(crate) async fn a_lease_that_ran_out_moves_with_a_higher_token(node: &Node) {
    let first = node.store.lease("listener", "node-1", MINUTE).await.expect("asked").expect("free");
    node.clock.fetch_add(60_001, Relaxed);
    let second = node.store.lease("listener", "node-2", MINUTE).await.expect("asked").expect("run out");
    assert!(second.token > first.token);
    assert_eq!(node.store.lease("listener", "node-1", MINUTE).await, Ok(None), "too late to make it longer");
    node.store.release(first).await.expect("answered");
    assert_eq!(
        node.store.lease("listener", "node-3", MINUTE).await,
        Ok(None),
        "an old lease gives back nothing"
    );
    node.store.release(second.clone()).await.expect("released");
    let third = node.store.lease("listener", "node-3", MINUTE).await.expect("asked").expect("given back");
    assert!(third.token > second.token, "a token never comes again");
}

pub(crate) async fn a_race_for_a_lease_has_one_winner(node: &Node) {
    let mut racers = tokio::task::JoinSet::new();
    for racer in 0..16 {
        let store = Arc::clone(&node.store);
        racers.spawn(async move {
            store.lease("slot", &format!("node-{racer}"), MINUTE).await.expect("asked").is_some()
        });
    }
    assert_eq!(racers.join_all().await.into_iter().filter(|won| *won).count(), 1);
}

pub(crate) async fn a_chunk_is_read_as_kept(node: &Node) {
    let bytes: Vec<u8> = (0..300_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    node.store.put_chunk("run/1/stage/0", "run/1/", bytes.clone(), MINUTE).await.expect("kept");
    assert_eq!(node.store.chunk("run/1/stage/0").await, Ok(Some(bytes.clone())));
    node.store.put_chunk("run/1/stage/0", "run/1/", b"again".to_vec(), MINUTE).await.expect("kept");
    assert_eq!(
        node.store.chunk("run/1/stage/0").await,
        Ok(Some(b"again".to_vec())),
        "the last one wins, as one"
    );
    assert_eq!(node.store.chunks("run/1/", None, 10).await.expect("listed").len(), 1);
    node.store.put_chunk("run/1/stage/0", "run/1/", bytes.clone(), MINUTE).await.expect("kept");
    assert_eq!(node.store.chunk("run/1/stage/0").await, Ok(Some(bytes)));
    node.store.delete_chunk("run/1/stage/0").await.expect("deleted");
    assert_eq!(node.store.chunk("run/1/stage/0").await, Ok(None));
    assert_eq!(node.store.chunk("other").await, Ok(None));
}

pub(crate) async fn chunks_are_listed_by_owner(node: &Node) {
    for (name, owner) in [("a", "run/1/"), ("b", "run/1/"), ("c", "run/10/"), ("d", "publication/x/")] {
        node.store.put_chunk(name, owner, vec![0; 3], MINUTE).await.expect("kept");
    }
    let names = |chunks: Vec<Chunk>| chunks.into_iter().map(|chunk| chunk.name).collect::<Vec<_>>();
    assert_eq!(names(node.store.chunks("run/1/", None, 10).await.expect("listed")), ["a", "b"]);
    let first = node.store.chunks("", None, 2).await.expect("listed");
    assert_eq!(first.first().map(|chunk| chunk.size), Some(3));
    let rest = node.store.chunks("", first.last(), 10).await.expect("listed");
    assert_eq!([names(first), names(rest)].concat(), ["d", "a", "b", "c"]);
}

pub(crate) async fn a_chunk_leaves_when_its_time_has_passed(node: &Node) {
    node.store.put_chunk("short", "o/", vec![1], MINUTE).await.expect("kept");
    node.store.put_chunk("long", "o/", vec![2], MINUTE * 10).await.expect("kept");
    node.clock.fetch_add(61_000, Relaxed);
    assert_eq!(node.store.chunk("short").await, Ok(None), "also before the sweep");
    assert_eq!(node.store.sweep().await, Ok(1));
    assert_eq!(node.store.sweep().await, Ok(0));
    assert_eq!(node.store.chunks("o/", None, 10).await.expect("listed").len(), 1);
    node.store.delete_chunk("long").await.expect("deleted");
    node.store.delete_chunk("long").await.expect("deleted already");
    assert_eq!(node.store.chunk("long").await, Ok(None));
}
