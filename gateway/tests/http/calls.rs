//! Workflows that programs call.

use crate::{
    place::Person,
    working::{Working, text, towns},
};
use axum::http::{Method, StatusCode};
use serde_json::json;

const CSV: (&str, &str) = ("content-type", "text/csv");

#[tokio::test]
async fn a_call_answers_with_the_data_in_the_form_the_caller_likes() {
    let bus = Working::new().await;
    let id = bus.workflow(towns()).await;
    let path = format!("/workflows/{id}/call?least=1000");
    let body = "town,people\nRoscoff,3332\nSein,240\n";
    let answer = bus.call(&bus.admin, (Method::POST, &path), &[CSV], body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.json(), json!([{ "town": "Roscoff", "people": 3332 }]));
    let headers = [CSV, ("accept", "text/html, text/csv;q=0.5")];
    let answer = bus.call(&bus.admin, (Method::POST, &path), &headers, body).await;
    assert_eq!(answer.text(), "town,people\nRoscoff,3332\n");
    let refused = bus.call(&bus.admin, (Method::POST, &path), &[CSV, ("accept", "image/png")], body).await;
    assert_eq!(refused.status, StatusCode::NOT_ACCEPTABLE);
}

#[tokio::test]
async fn a_caller_need_not_wait() {
    let bus = Working::new().await;
    let id = bus.workflow(towns()).await;
    let path = format!("/workflows/{id}/call");
    let answer = bus.call(&bus.admin, (Method::POST, &path), &[("prefer", "respond-async")], "").await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let run = text(&answer.json()["id"]);
    assert_eq!(answer.header("location"), format!("/api/v1/runs/{run}"));
    bus.ended(&run).await;
}

#[tokio::test]
async fn parameters_of_a_call_are_read_by_their_type() {
    let bus = Working::new().await;
    let id = bus.workflow(towns()).await;
    let path = format!("/workflows/{id}/call?least=many&lest=1");
    let answer = bus.call(&bus.admin, (Method::POST, &path), &[], "").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let places: Vec<_> = answer.json()["findings"].as_array().expect("findings").to_vec();
    assert_eq!(places.iter().map(|it| text(&it["path"])).collect::<Vec<_>>(), ["least", "lest"]);
}

#[tokio::test]
async fn a_link_on_a_page_calls_nothing() {
    let bus = Working::new().await;
    let id = bus.workflow(towns()).await;
    let path = format!("/workflows/{id}/call");
    assert_eq!(bus.admin.get(&bus.place, &path).await.status, StatusCode::FORBIDDEN);
    let key = bus.admin.post(&bus.place, "/keys", json!({ "name": "CI", "scope": "run" })).await.json();
    let program = Person::key(&text(&key["key"]));
    let answer = program.get(&bus.place, &path).await;
    assert_eq!(answer.json(), json!([{ "town": "Brest", "people": 139_456 }]), "{}", answer.text());
}

#[tokio::test]
async fn a_file_stands_for_a_source() {
    let bus = Working::new().await;
    let id = bus.workflow(towns()).await;
    let body = r#"[{ "town": "Vannes", "people": 158000 }]"#;
    let path = "/uploads?name=villes.json";
    let upload = bus.call(&bus.admin, (Method::POST, path), &[], body).await;
    assert_eq!(upload.status, StatusCode::CREATED, "{}", upload.text());
    assert_eq!(upload.json()["format"], "json");
    let run = bus.ran(&id, json!({ "inputs": { "towns": upload.json()["id"] } })).await;
    let out = bus.admin.get(&bus.place, &format!("/runs/{run}/steps/large/ports/out?format=csv")).await;
    assert_eq!(out.text(), "town,people\nVannes,158000\n");

    let path = format!("/workflows/{id}/upload?name=villes.json");
    let started = bus.call(&bus.admin, (Method::POST, &path), &[], body).await;
    assert_eq!(started.status, StatusCode::ACCEPTED, "{}", started.text());
    bus.ended(&text(&started.json()["id"])).await;
}
