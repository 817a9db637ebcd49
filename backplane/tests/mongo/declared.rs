//! The indexes that stand at the server are those that the code declares.

use crate::{beside, settings};
use backplane::{
    Collection, Expect, Index, Query, Store, Trouble,
    mongo::{Mongo, MongoSettings},
};
use mongodb::{
    Database, IndexModel,
    bson::{Document, doc},
    options::IndexOptions,
};
use serde_json::json;
use std::time::Duration;

const PLAIN: Collection = Collection { name: "runs", indexes: &[] };
const RUNS: Collection = Collection {
    name: "runs",
    indexes: &[
        Index { name: "workflow", members: &["workflow"], unique: false },
        Index { name: "slug", members: &["slug"], unique: true },
    ],
};

async fn indexes(database: &Database, collection: &str) -> Vec<IndexModel> {
    let mut found = database.collection::<Document>(collection).list_indexes().await.expect("listed");
    let mut indexes = Vec::new();
    while found.advance().await.expect("read") {
        indexes.push(found.deserialize_current().expect("an index"));
    }
    indexes
}

fn options<'a>(indexes: &'a [IndexModel], name: &str) -> &'a IndexOptions {
    let mut options = indexes.iter().filter_map(|index| index.options.as_ref());
    options.find(|options| options.name.as_deref() == Some(name)).expect("the index stands")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_start_makes_what_is_declared() {
    let server = test_servers::mongodb().expect("a server");
    let settings = MongoSettings { collections: vec![RUNS], ..settings(&server.uri) };
    let store = Mongo::connect(settings.clone()).await.expect("connected");
    let database = beside(&settings).await;
    for chunks in ["bus.chunks", "bus.pieces"] {
        let standing = indexes(&database, chunks).await;
        let expiry = standing.iter().find(|index| index.keys == doc! { "e": 1 }).expect("by the time");
        let after = expiry.options.as_ref().and_then(|options| options.expire_after);
        assert_eq!(after, Some(Duration::ZERO), "{chunks} leave at the moment they say themselves");
    }
    let runs = indexes(&database, "runs").await;
    assert_eq!(options(&runs, "u-slug").unique, Some(true));
    for name in ["k-workflow", "k-slug", "u-slug"] {
        assert_eq!(options(&runs, name).sparse, Some(true), "{name} leaves out what lacks the member");
    }
    Mongo::connect(settings).await.expect("a second start finds all as it should be");
    store.remove().await.expect("removed");
}

/// An index declared by a later version of the code finds what earlier ones have stored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_index_holds_the_documents_that_were_there() {
    let server = test_servers::mongodb().expect("a server");
    let settings = settings(&server.uri);
    let old = Mongo::connect(settings.clone()).await.expect("connected");
    // more than are filled at a time, and one too long to be stored as text
    for n in 0..450 {
        let body = json!({ "workflow": format!("w{}", n % 3), "slug": format!("s{n}") });
        old.save(PLAIN, &format!("r{n:03}"), body.into(), Expect::Absent).await.expect("saved");
    }
    let long = json!({ "workflow": "w0", "text": "x".repeat(100_000) });
    old.save(PLAIN, "s", long.clone().into(), Expect::Absent).await.expect("saved");
    old.save(PLAIN, "t", json!({ "slug": 1 }).into(), Expect::Absent).await.expect("saved");

    let new = Mongo::connect(MongoSettings { collections: vec![RUNS], ..settings }).await.expect("connected");
    let found = new.find(RUNS, Query::of("workflow", vec!["w0".into()])).await.expect("found");
    let ids: Vec<_> = found.iter().map(|document| document.id.clone()).collect();
    let expected: Vec<_> = (0..450).step_by(3).map(|n| format!("r{n:03}")).chain(["s".to_owned()]).collect();
    assert_eq!(ids, expected);
    let last = found.last().expect("the long one");
    assert_eq!((last.body.json(), last.revision), (long, 1), "filling is no change of the document");
    let taken =
        new.save(RUNS, "other", json!({ "slug": "s7" }).into(), Expect::Absent).await.expect_err("taken");
    assert_eq!(taken.trouble, Trouble::Conflict, "{taken}");
    new.remove().await.expect("removed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_is_different_is_told() {
    let server = test_servers::mongodb().expect("a server");
    let settings = settings(&server.uri);
    let runs = beside(&settings).await.collection::<Document>("runs");
    let other = IndexOptions::builder().name("k-workflow".to_owned()).build();
    let other = IndexModel::builder().keys(doc! { "k.workflow": -1 }).options(other).build();
    runs.create_index(other).await.expect("made");
    let declared = MongoSettings { collections: vec![RUNS], ..settings };
    let error = Mongo::connect(declared.clone()).await.expect_err("different");
    assert_eq!(error.trouble, Trouble::Refused, "{error}");
    let told = format!("the index k-workflow of runs in {} is not as this bus needs it", declared.database);
    assert!(error.to_string().starts_with(&told), "{error}");

    // what the message says helps
    runs.drop_index("k-workflow").await.expect("dropped");
    let store = Mongo::connect(declared).await.expect("connected");
    store.remove().await.expect("removed");
}

/// Two documents that a new unique index would forbid.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unique_index_over_what_is_not_is_told() {
    let server = test_servers::mongodb().expect("a server");
    let settings = settings(&server.uri);
    let old = Mongo::connect(settings.clone()).await.expect("connected");
    for id in ["a", "b"] {
        old.save(PLAIN, id, json!({ "slug": "same" }).into(), Expect::Absent).await.expect("saved");
    }
    let new = MongoSettings { collections: vec![RUNS], ..settings };
    let error = Mongo::connect(new).await.expect_err("two of the same");
    assert_eq!(error.trouble, Trouble::Refused, "it is not mended by trying again: {error}");
    assert!(error.to_string().contains("u-slug"), "{error}");
    old.remove().await.expect("removed");
}
