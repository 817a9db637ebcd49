//! What comes from outside with a run: uploads.

use crate::house::*;
use bus_core::{Language, workflow::Workflow};
use serde_json::json;
use workers::{BusError, BusSettings, Split};

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
        let upload = house.bus.upload("a.csv", "", b"a;b\n1;x\n2;y\n".to_vec()).await.unwrap();
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
    let upload = house.bus.upload("readings", "application/octet-stream", text.into_bytes()).await.unwrap();
    assert_eq!(upload.format, "ndjson");
    let chunks = backplane::Store::chunks(&house.store, "upload/", None, 10).await.unwrap();
    assert_eq!(chunks.len(), 3);
    let mut asked = start("w");
    asked.inputs.insert("in".to_owned(), upload.id);
    let run = house.bus.start(asked).await.unwrap();
    assert_eq!(house.ended(&run.id).await.written, 600_000);
    let unknown = house.bus.upload("x", "", vec![0, 1, 2, 3]).await;
    assert!(matches!(unknown, Err(BusError::Refused(_))), "{unknown:?}");
    house.close().await;
}
