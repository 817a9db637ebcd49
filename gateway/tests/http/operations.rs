//! For those who keep the bus running.

use crate::{
    place::Person,
    working::{Working, text, towns},
};
use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use serde_json::json;

#[tokio::test]
async fn health_and_counts_without_signing_in() {
    let bus = Working::new().await;
    let id = bus.workflow(towns()).await;
    bus.ran(&id, json!({})).await;
    let read = async |path: &str| {
        let request = Person::nobody().request_at(&Method::GET, path).body(Body::empty());
        bus.place.send(request.expect("a request")).await
    };
    assert_eq!(read("/healthz").await.text(), "ok\n");
    assert_eq!(read("/readyz").await.text(), "ok\n");
    let metrics = read("/metrics").await;
    assert_eq!(metrics.status, StatusCode::OK, "{}", metrics.text());
    let text = metrics.text();
    for line in ["semantic_bus_runs{status=\"succeeded\"} 1\n", "semantic_bus_queue_tasks 0\n"] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    assert!(!text.contains("Villes") && !text.contains(&id), "no names: {text}");
    bus.place.stop.cancel();
    assert_eq!(read("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn what_is_held_is_listed_and_deleted_by_those_who_may() {
    let bus = Working::new().await;
    let id = bus.workflow(towns()).await;
    let run = bus.ran(&id, json!({})).await;
    let held = bus.admin.get(&bus.place, "/cache").await.json();
    let items = held["items"].as_array().expect("a list");
    let entry = items.iter().find(|it| it["owner"] == format!("run/{run}")).expect("held for the run");
    assert_eq!(entry["workflow"], "Villes");
    let eve = bus.place.invited(&bus.admin, "Eve").await;
    assert_eq!(eve.get(&bus.place, "/cache").await.json()["items"], json!([]));

    let query = |name: &str| format!("/cache?owner=run/{run}&name={name}");
    let path = query(&text(&entry["name"]));
    assert_eq!(eve.delete(&bus.place, &path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(bus.admin.delete(&bus.place, &path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(bus.admin.delete(&bus.place, &path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn tasks_that_were_given_up_are_for_administrators() {
    let bus = Working::new().await;
    assert_eq!(bus.admin.get(&bus.place, "/dead-letters").await.json(), json!([]));
    let eve = bus.place.invited(&bus.admin, "Eve").await;
    assert_eq!(eve.get(&bus.place, "/dead-letters").await.status, StatusCode::FORBIDDEN);
}
