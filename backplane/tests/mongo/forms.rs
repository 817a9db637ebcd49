//! Databases that other versions of the bus have written.

use crate::{beside, settings};
use backplane::{
    Collection, Document, Expect, Index, Query, Store, Trouble,
    mongo::{Mongo, MongoSettings},
};
use mongodb::bson::{self, doc};
use serde_json::json;
use std::{collections::BTreeMap, time::Duration};

const RUNS: Collection = Collection {
    name: "runs",
    indexes: &[
        Index { name: "workflow", members: &["workflow", "started"], unique: false },
        Index { name: "slug", members: &["slug"], unique: true },
    ],
};
const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_later_version_has_written_is_left_alone() {
    let server = test_servers::mongodb().expect("a server");
    let settings = MongoSettings { collections: vec![RUNS], ..settings(&server.uri) };
    let database = beside(&settings).await;
    let meta = database.collection::<bson::Document>("bus.meta");
    // as the bus writes it, as a dump in JSON brings it back, and in a form that we cannot know
    for later in [doc! { "version": 2_i64 }, doc! { "version": 2_i32 }, doc! { "version": "2.0" }] {
        meta.replace_one(doc! { "_id": "schema" }, later.clone()).upsert(true).await.expect("written");
        let error = Mongo::connect(settings.clone()).await.expect_err("a later one");
        assert_eq!(error.trouble, Trouble::Refused, "{later}: {error}");
        let said = error.to_string();
        assert!(
            said.contains(&format!("the store {} was written by a later version", settings.database)),
            "{said}"
        );
        assert!(said.ends_with("start that version, or choose another database"), "{said}");
        let version = later.get_str("version").is_err();
        assert!(!version || said.contains("(form 2, this one knows 1)"), "{said}");
    }
    let there = database.list_collection_names().await.expect("listed");
    assert_eq!(there, ["bus.meta"], "nothing was made in it");
    database.drop().await.expect("removed");
}

/// `form-1.json` is what a bus of form 1 has left, put back without its indexes and with small numbers in 32
/// bits, as tools do that go by JSON. A later form adds a file of its own here; this one must load for ever.
async fn restored() -> (test_servers::There<test_servers::MongoServer>, MongoSettings) {
    let dump: BTreeMap<String, Vec<bson::Document>> =
        serde_json::from_str(include_str!("form-1.json")).expect("a dump");
    let server = test_servers::mongodb().expect("a server");
    let settings = MongoSettings { collections: vec![RUNS], ..settings(&server.uri) };
    let database = beside(&settings).await;
    for (collection, documents) in dump {
        database.collection(&collection).insert_many(documents).await.expect("restored");
    }
    (server, settings)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_of_an_old_dump_are_read_found_and_saved() {
    let (_server, settings) = restored().await;
    let store = Mongo::connect(settings).await.expect("opened");
    let first = json!({ "workflow": "w", "started": 20, "slug": "bornes" });
    let known = Document { id: "r1".to_owned(), revision: 3, body: first.into() };
    assert_eq!(store.get(RUNS, "r1").await, Ok(Some(known)));
    let long = store.get(RUNS, "long").await.expect("read").expect("there");
    assert_eq!((long.revision, long.body.json()), (2, json!("a".repeat(5_000))), "it is compressed");

    let found = store.find(RUNS, Query::of("workflow", vec!["w".into()])).await.expect("found");
    assert_eq!(found.iter().map(|found| found.id.as_str()).collect::<Vec<_>>(), ["r2", "r1"]);
    let taken =
        store.save(RUNS, "new", json!({ "slug": "bornes" }).into(), Expect::Absent).await.expect_err("taken");
    assert_eq!(taken.trouble, Trouble::Conflict, "{taken}");

    // a revision that came back in 32 bits is the same revision
    assert_eq!(store.save(RUNS, "r2", json!({}).into(), Expect::Revision(1)).await, Ok(2));
    let gone = store.find(RUNS, Query::of("workflow", vec!["w".into()])).await.expect("found");
    assert_eq!(gone.len(), 1, "the index follows");
    store.remove().await.expect("removed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_and_chunks_of_an_old_dump_go_on() {
    let (_server, settings) = restored().await;
    let store = Mongo::connect(settings).await.expect("opened");
    assert_eq!(store.lease("schedule", "node-2", MINUTE).await, Ok(None), "node-1 has it until 2100");
    let same = store.lease("schedule", "node-1", MINUTE).await.expect("asked").expect("its own");
    assert_eq!(same.token, 41);
    let free = store.lease("free", "node-2", MINUTE).await.expect("asked").expect("run out");
    assert_eq!(free.token, 8, "a token never comes again");

    assert_eq!(store.chunk("small").await, Ok(Some(b"small".to_vec())));
    assert_eq!(store.chunk("pieces").await, Ok(Some(b"firstlast".to_vec())));
    let listed = store.chunks("run/1/", None, 10).await.expect("listed");
    let listed: Vec<_> = listed.iter().map(|chunk| (chunk.name.as_str(), chunk.size)).collect();
    assert_eq!(listed, [("pieces", 9), ("small", 5)]);
    store.remove().await.expect("removed");
}
