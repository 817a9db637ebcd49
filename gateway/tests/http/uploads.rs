//! Files that are sent: held in pieces, within their limits.

use crate::{
    place::{Place, settings},
    working::{Working, text, towns},
};
use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use std::{convert::Infallible, time::Duration};

/// Lines of a table without end, 1 MiB at a time.
fn endless() -> impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static {
    let lines = Bytes::from("Brest,139456\n".repeat((1 << 20) / 13));
    stream::repeat_with(move || Ok(lines.clone()))
}

const UPLOAD: (Method, &str) = (Method::POST, "/uploads?name=villes.csv");

async fn held(place: &Place) -> usize {
    place.app.store().chunks("upload/", None, 1_000).await.expect("listed").len()
}

#[tokio::test]
async fn a_file_larger_than_the_memory_it_may_take_is_kept() {
    const MEBIBYTES: usize = 160;
    let bus = Working::new().await;
    let peak = || workers::peak_memory().expect("the system tells");
    let before = peak();
    let body = Body::from_stream(endless().take(MEBIBYTES));
    let upload = bus.call(&bus.admin, UPLOAD, &[], body).await;
    assert_eq!(upload.status, StatusCode::CREATED, "{}", upload.text());
    assert_eq!(upload.json()["size"], MEBIBYTES * ((1 << 20) / 13 * 13));
    let grown = peak() - before;
    assert!(grown < 32 << 20, "{grown} bytes of memory for {MEBIBYTES} MiB");
    assert!(held(&bus.place).await > 30);
}

#[tokio::test]
async fn a_body_without_end_is_cut_and_nothing_of_it_stays() {
    let settings = gateway::Settings { upload: 10 << 20, ..settings() };
    let bus = Working::with(settings).await;
    let id = bus.workflow(towns()).await;
    for path in [
        "/uploads?name=a.csv",
        &format!("/workflows/{id}/upload?name=a.csv"),
        &format!("/workflows/{id}/call"),
    ] {
        let headers = [("content-type", "text/csv")];
        let cut = bus.call(&bus.admin, (Method::POST, path), &headers, Body::from_stream(endless())).await;
        assert_eq!(cut.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}: {}", cut.text());
        assert_eq!(held(&bus.place).await, 0, "{path}");
    }
    // what is no file has the smaller limit
    let path = "/preview";
    let headers = [("content-type", "application/json")];
    let cut = bus.call(&bus.admin, (Method::POST, path), &headers, Body::from_stream(endless())).await;
    assert_eq!(cut.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_file_that_comes_too_slowly_is_not_waited_for() {
    let settings = gateway::Settings { upload_time: Duration::from_millis(200), ..settings() };
    let bus = Working::with(settings).await;
    let slow = endless().take(12).chain(stream::pending());
    let late = bus.call(&bus.admin, UPLOAD, &[], Body::from_stream(slow)).await;
    assert_eq!(late.status, StatusCode::REQUEST_TIMEOUT, "{}", late.text());
    assert_eq!(held(&bus.place).await, 0);
}

#[tokio::test]
async fn a_body_that_no_source_takes_is_refused() {
    let bus = Working::new().await;
    let mut document = towns();
    document["triggers"] = serde_json::json!([{ "http": {} }]);
    let id = bus.workflow(document).await;
    let path = format!("/workflows/{id}/call");
    let refused = bus.call(&bus.admin, (Method::POST, &path), &[], Body::from_stream(endless())).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
    assert!(text(&refused.json()["detail"]).contains("names no source for the body"));
}
