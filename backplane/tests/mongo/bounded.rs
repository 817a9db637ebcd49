//! Every query is bounded by an index, on whatever there is to find, and every change is kept by a majority.

use crate::{each, noise, open};
use backplane::Store;
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// The members that an index goes by, each by one.
const INDEXED: [&str; 4] = ["_id", "k", "e", "k.workflow"];

/// The plans of all queries that the contract makes, which is everything that a store can be asked.
///
/// What a changing command finds is explained as a `find` (see `Base::explained`). With `MONGODB_URI` the same
/// is asked of a real server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_holds_and_no_query_reads_a_whole_collection() {
    let server = test_servers::mongodb().expect("a server");
    let opened = Mutex::new(Vec::new());
    each::each("store", async || {
        let (node, store) = open(&server.uri, true).await;
        opened.lock().expect("not poisoned").push(store);
        node
    })
    .await;
    let (_node, store) = open(&server.uri, true).await;
    in_pieces(&*store).await;
    let mut stores = opened.into_inner().unwrap_or_else(PoisonError::into_inner);
    stores.push(store);
    let (mut plans, mut concerns) = (BTreeMap::new(), BTreeMap::new());
    for store in &stores {
        plans.extend(store.explained().await.expect("explained"));
        concerns.extend(store.concerns());
        store.remove().await.expect("removed");
    }
    let kinds = [
        "find runs",
        "update runs",
        "delete runs",
        "findAndModify runs",
        "find bus.leases",
        "update bus.leases",
        "find bus.chunks",
        "delete bus.chunks",
        "findAndModify bus.chunks",
        "find bus.pieces",
        "delete bus.pieces",
    ];
    for kind in kinds {
        assert!(plans.keys().any(|shape| shape.starts_with(kind)), "{kind} is not among {:?}", plans.keys());
    }
    for (shape, plan) in &plans {
        println!("{shape}");
        let winner = winner(plan);
        assert!(!winner.contains("COLLSCAN"), "{shape} reads all documents: {winner}");
        let by_index = ["IXSCAN", "IDHACK", "EXPRESS"].iter().any(|stage| winner.contains(stage));
        assert!(by_index, "{shape} goes by no index: {winner}");
        assert!(!winner.contains(r#""SORT""#), "{shape} is put in order by no index: {winner}");
    }
    for shape in plans.keys() {
        bounds(shape);
    }
    assert!(concerns.keys().any(|shape| shape.starts_with("insert runs")), "{:?}", concerns.keys());
    for (shape, concern) in &concerns {
        kept_by_a_majority(shape, concern);
    }
}

/// What was saved survives the loss of a server, and what is read does, too.
fn kept_by_a_majority(shape: &str, concern: &str) {
    let concern: serde_json::Value = serde_json::from_str(concern).expect(shape);
    if shape.starts_with("find ") {
        assert_eq!(concern, json!({ "level": "majority" }), "{shape}");
    } else {
        assert_eq!(concern, json!({ "w": "majority", "j": true }), "{shape}");
    }
}

/// What only a chunk of several pieces asks.
async fn in_pieces(store: &dyn Store) {
    store.put_chunk("large", "run/", noise(5 << 20, 1), Duration::from_secs(60)).await.expect("kept");
    store.chunk("large").await.expect("read");
    store.delete_chunk("large").await.expect("deleted");
}

/// The plan that was chosen.
fn winner(plan: &str) -> &str {
    let from = plan.find(r#""winningPlan""#).expect("a plan");
    let rest = plan.get(from..).expect("a plan");
    rest.find(r#""rejectedPlans""#).and_then(|end| rest.get(..end)).unwrap_or(rest)
}

/// A query restricts a member that an index goes by, the only one that could answer it: the server has
/// nothing to choose.
fn bounds(shape: &str) {
    let filter = ["filter {", "query {", "q:{"].iter().find_map(|start| shape.split_once(start));
    let member = filter.and_then(|(_, rest)| rest.split(':').next()).unwrap_or_default();
    assert!(INDEXED.contains(&member), "{shape} restricts no indexed member");
}
