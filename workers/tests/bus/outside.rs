//! What comes from outside with a run: uploads.

use crate::house::*;
use bus_core::{Language, api::Upload, workflow::Workflow};
use serde_json::json;
use std::time::Duration;
use workers::{Bus, BusError, BusSettings, Split};

/// Uploads bytes as they come from a network.
async fn upload(bus: &Bus, name: &str, media_type: &str, bytes: &[u8]) -> Result<Upload, BusError> {
    let mut uploading = bus.upload(name, media_type);
    for some in bytes.chunks(100_000) {
        if let Err(error) = uploading.push(some).await {
            uploading.abandon().await;
            return Err(error);
        }
    }
    uploading.finish().await
}

fn document(settings: serde_json::Value) -> Workflow {
    workflow(
        &[("in", "file", settings), ("out", "file-out", json!({ "path": "out.ndjson" }))],
        &["in -> out"],
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_stands_for_what_a_source_would_read() {
    for split in [Split::Never, Split::Always] {
        let folder = tempfile::tempdir().unwrap();
        let house = House::new(folder.path(), BusSettings { split, ..quick() });
        house.keep("w", &document(json!({ "path": "not-there.json" }))).await;
        let upload = upload(&house.bus, "a.csv", "", b"a;b\n1;x\n2;y\n").await.unwrap();
        assert_eq!((upload.format.as_str(), upload.size), ("csv", 12));
        let mut asked = start("w");
        asked.inputs.insert("in".to_owned(), upload.id);
        let run = house.bus.start(asked).await.unwrap();
        assert_eq!(
            house.ended(&run.id).await.written,
            2,
            "{:#?}",
            house.bus.run(&run.id, Language::En).await
        );
        assert_eq!(house.file("w", "out.ndjson"), "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y\"}\n");
        house.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_upload_is_kept_in_pieces_and_its_content_tells_the_format() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), quick());
    house.keep("w", &document(json!({ "path": "not-there" }))).await;
    let text: String = (0..600_000).map(|number| format!("{{\"number\":{number}}}\n")).collect();
    assert!(text.len() > 8_000_000);
    let any = "application/octet-stream";
    let kept = upload(&house.bus, "readings", any, text.as_bytes()).await.unwrap();
    assert_eq!((kept.format.as_str(), kept.size), ("ndjson", text.len() as u64));
    let chunks = backplane::Store::chunks(&house.store, "upload/", None, 10).await.unwrap();
    assert_eq!(chunks.len(), 3);
    let mut asked = start("w");
    asked.inputs.insert("in".to_owned(), kept.id);
    let run = house.bus.start(asked).await.unwrap();
    assert_eq!(house.ended(&run.id).await.written, 600_000);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_stays_of_an_upload_that_is_refused_or_breaks_off() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), BusSettings { upload_bytes: 9_000_000, ..quick() });
    house.keep("w", &document(json!({ "path": "not-there" }))).await;
    let held = async || backplane::Store::chunks(&house.store, "upload/", None, 10).await.unwrap().len();
    for (name, bytes) in
        [("x", vec![0, 1, 2, 3]), ("x", vec![0; 5_000_000]), ("a.csv", vec![b'a'; 9_000_001])]
    {
        let refused = upload(&house.bus, name, "", &bytes).await;
        assert!(matches!(refused, Err(BusError::Refused(_))), "{refused:?}");
        assert_eq!(held().await, 0, "{name}");
    }
    // a client that is gone says nothing: what it sent goes when its time has passed
    let mut broken = house.bus.upload("a.csv", "");
    broken.push(&vec![b'a'; 8_500_000]).await.unwrap();
    drop(broken);
    assert_eq!(held().await, 2);
    let stored = backplane::Query::of("until", Vec::new());
    let uploads = backplane::Collection {
        name: "uploads",
        indexes: &[backplane::Index { name: "until", members: &["until"], unique: false }],
    };
    let found = backplane::Store::find(&house.store, uploads, stored).await.unwrap().remove(0);
    let mut asked = start("w");
    asked.inputs.insert("in".to_owned(), found.id.clone());
    assert!(matches!(house.bus.start(asked).await, Err(BusError::Refused(_))), "it has not come whole");
    let mut past = found.body.json();
    past["until"] = json!(1);
    backplane::Store::save(&house.store, uploads, &found.id, past.into(), backplane::Expect::Anything)
        .await
        .unwrap();
    let gone = async {
        while held().await > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone).await.expect("swept");
    house.close().await;
}
