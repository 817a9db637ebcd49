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
use std::collections::BTreeSet;

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
    for line in [
        "semantic_bus_runs{status=\"succeeded\"} 1\n",
        "semantic_bus_queue_tasks 0\n",
        "semantic_bus_tasks_total{outcome=\"done\"} 1\n",
        "semantic_bus_task_seconds_count 1\n",
        "semantic_bus_up{part=\"broker\"} 1\n",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    assert!(!text.contains("Villes") && !text.contains(&id), "no names: {text}");
    bus.place.stop.cancel();
    assert_eq!(read("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

/// The names of metrics in a text.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let word = |letter: char| !(letter.is_ascii_alphanumeric() || letter == '_');
    text.split(word).filter(|word| word.starts_with("semantic_bus_")).map(str::to_owned).collect()
}

/// What the dashboard draws is what a node prints.
#[tokio::test]
async fn the_dashboard_knows_the_metrics() {
    let bus = Working::new().await;
    let id = bus.workflow(towns()).await;
    bus.ran(&id, json!({})).await;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docker/grafana/dashboard.json");
    let drawn = std::fs::read_to_string(file).expect("the dashboard");
    let request = Person::nobody().request_at(&Method::GET, "/metrics").body(Body::empty());
    let printed = bus.place.send(request.expect("a request")).await.text();
    // comments do not count
    let lines = printed.lines().filter(|line| !line.starts_with('#'));
    let printed: BTreeSet<String> = lines.flat_map(metrics_in).collect();
    let unknown: Vec<_> = metrics_in(&drawn).difference(&printed).cloned().collect();
    assert!(unknown.is_empty(), "the dashboard draws what nobody prints: {unknown:?}");
    let parts = ["_bucket", "_sum", "_count"];
    let drawn: BTreeSet<String> = metrics_in(&drawn)
        .into_iter()
        .map(|name| parts.iter().find_map(|part| name.strip_suffix(part)).unwrap_or(&name).to_owned())
        .collect();
    let left_out: Vec<_> = printed
        .iter()
        .map(|name| parts.iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name))
        .filter(|name| !drawn.contains(*name))
        .collect();
    assert!(left_out.is_empty(), "the dashboard leaves out {left_out:?}");
}

#[tokio::test]
async fn whoever_is_signed_in_learns_what_the_server_reaches() {
    let bus = Working::new().await;
    let health = bus.admin.get(&bus.place, "/health").await.json();
    assert_eq!(
        (&health["ready"], &health["store"], &health["broker"]),
        (&json!(true), &json!(null), &json!(null))
    );
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
