//! Chunks at the server: in pieces of at most 4 MB, compressed, and nothing left of what is gone.

use crate::{beside, noise, settings};
use backplane::{Store, mongo::Mongo};
use mongodb::{
    Database,
    bson::{Binary, Document, doc},
};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const MOST: usize = 4 << 20;

/// Sizes of the bytes in a collection, largest first.
async fn sizes(database: &Database, collection: &str) -> Vec<usize> {
    let mut found = database.collection::<Document>(collection).find(doc! {}).await.expect("found");
    let mut sizes = Vec::new();
    while found.advance().await.expect("read") {
        let document: Document = found.deserialize_current().expect("a document");
        sizes.extend(document.get_binary_generic("d").map(Vec::len));
    }
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    sizes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_chunk_is_in_pieces_and_leaves_none() {
    let server = test_servers::mongodb().expect("a server");
    let settings = settings(&server.uri);
    let store = Mongo::connect(settings.clone()).await.expect("connected");
    let database = beside(&settings).await;
    let pieces = async || sizes(&database, "bus.pieces").await;

    // one byte more than two pieces hold, none of which can be saved
    let large = noise(2 * MOST + 1, 7);
    store.put_chunk("stage", "run/1/", large.clone(), MINUTE).await.expect("kept");
    assert_eq!(pieces().await, [MOST, MOST, 1]);
    assert_eq!(sizes(&database, "bus.chunks").await, [0; 0], "nothing of it is in the entry");
    assert!(store.chunk("stage").await.expect("read") == Some(large), "it comes back whole");
    let listed = store.chunks("run/1/", None, 10).await.expect("listed");
    assert_eq!(listed.first().map(|chunk| chunk.size), Some(2 * MOST as u64 + 1));

    // another large one in its place: only its own pieces are there
    let other = noise(MOST + 9, 8);
    store.put_chunk("stage", "run/1/", other.clone(), MINUTE).await.expect("replaced");
    assert_eq!(pieces().await, [MOST, 9]);
    assert!(store.chunk("stage").await.expect("read") == Some(other), "the new one comes back whole");

    // exactly one piece's worth stands in the entry
    store.put_chunk("stage", "run/1/", noise(MOST, 9), MINUTE).await.expect("replaced");
    assert_eq!(pieces().await, [0; 0], "replaced by one without pieces");
    assert_eq!(sizes(&database, "bus.chunks").await, [MOST]);

    store.put_chunk("stage", "run/1/", noise(MOST + 1, 10), MINUTE).await.expect("replaced");
    assert_eq!(pieces().await, [MOST, 1]);
    store.delete_chunk("stage").await.expect("deleted");
    assert_eq!(pieces().await, [0; 0], "deleted with its pieces");

    store.put_chunk("late", "run/1/", noise(MOST + 1, 11), Duration::ZERO).await.expect("kept");
    assert_eq!(store.sweep().await, Ok(1));
    assert_eq!(pieces().await, [0; 0], "swept with its pieces");
    store.remove().await.expect("removed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_be_compressed_is() {
    let server = test_servers::mongodb().expect("a server");
    let settings = settings(&server.uri);
    let store = Mongo::connect(settings.clone()).await.expect("connected");
    let database = beside(&settings).await;
    let rows = b"{\"town\":\"Nantes\",\"stations\":12}\n".repeat(1 << 19);
    assert!(rows.len() > 3 * MOST, "it would be in pieces as it is");
    store.put_chunk("rows", "run/1/", rows.clone(), MINUTE).await.expect("kept");
    let kept = sizes(&database, "bus.chunks").await;
    assert!(kept.first().is_some_and(|size| size * 10 < rows.len()), "{kept:?}");
    assert_eq!(sizes(&database, "bus.pieces").await, [0; 0]);
    assert!(store.chunk("rows").await.expect("read") == Some(rows), "it comes back whole");
    store.remove().await.expect("removed");
}

/// What a crash between the pieces and their entry leaves, or one between the entry and the old pieces.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pieces_without_an_entry_go_by_their_time_and_an_entry_without_pieces_is_told() {
    let server = test_servers::mongodb().expect("a server");
    let settings = settings(&server.uri);
    let store = Mongo::connect(settings.clone()).await.expect("connected");
    let database = beside(&settings).await;
    let pieces = database.collection::<Document>("bus.pieces");
    let bytes = Binary { subtype: mongodb::bson::spec::BinarySubtype::Generic, bytes: vec![1] };
    let past = mongodb::bson::DateTime::from_millis(crate::now() - 1_000);
    pieces.insert_one(doc! { "_id": "orphan/000000", "e": past, "d": bytes }).await.expect("inserted");
    assert_eq!(store.sweep().await, Ok(0), "no chunk was swept");
    assert_eq!(sizes(&database, "bus.pieces").await, [0; 0], "but the piece was");

    store.put_chunk("stage", "run/1/", noise(MOST + 1, 12), MINUTE).await.expect("kept");
    pieces.delete_one(doc! { "_id": { "$regex": "/000001$" } }).await.expect("deleted");
    let error = store.chunk("stage").await.expect_err("half of it");
    assert_eq!(error.trouble, backplane::Trouble::Corrupt, "{error}");
    store.remove().await.expect("removed");
}
