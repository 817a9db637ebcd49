//! Runs: started, watched, looked at, downloaded, mended.

use crate::working::{Working, text, towns};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn a_run_shows_what_every_step_did() {
    let bus = Working::new().await;
    let id = bus.workflow(towns()).await;
    let run = bus.ran(&id, json!({})).await;
    let detail = bus.admin.get(&bus.place, &format!("/runs/{run}")).await.json();
    assert_eq!(detail["summary"]["status"], "succeeded", "{detail}");
    assert_eq!(detail["summary"]["by"], json!({ "person": "Admin" }));
    assert_eq!(detail["steps"][1]["counts"]["records_in"], 3);
    assert_eq!(detail["steps"][1]["counts"]["errors"], 1);
    let listed = bus.admin.get(&bus.place, &format!("/workflows/{id}/runs")).await.json();
    assert_eq!(listed["items"][0]["id"], run.as_str());
    let last = bus.admin.get(&bus.place, &format!("/workflows/{id}")).await.json();
    assert_eq!(last["summary"]["last_run"]["id"], run.as_str());
}

#[tokio::test]
async fn the_records_of_a_port_are_a_table_or_a_file_of_any_format() {
    let bus = Working::new().await;
    let id = bus.workflow(towns()).await;
    let run = bus.ran(&id, json!({ "parameters": { "least": 1 } })).await;
    let port = format!("/runs/{run}/steps/large/ports/out");
    let table = bus.admin.get(&bus.place, &format!("{port}?from=1&limit=5")).await.json();
    assert_eq!(table["rows"], json!([{ "town": "Quimper", "people": 63_283 }]), "{table}");
    assert_eq!((&table["from"], &table["total"]), (&json!(1), &json!(2)));

    let file = bus.admin.get(&bus.place, &format!("{port}?format=csv")).await;
    assert_eq!(file.text(), "town,people\nBrest,139456\nQuimper,63283\n");
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"large-out.csv\"");
    for format in ["json", "ndjson", "xml", "xlsx", "geojson", "yaml"] {
        let file = bus.admin.get(&bus.place, &format!("{port}?format={format}")).await;
        assert_eq!(file.status, StatusCode::OK, "{format}");
    }
    // what a format cannot hold is said before the file begins, in the language of whoever reads it
    for (format, en, fr) in [
        ("turtle", "the records have no context", "les enregistrements n’ont pas de contexte"),
        ("senml", "this one has no `name`", "celui-ci n’a pas de `name`"),
    ] {
        for (language, reason) in [("en", en), ("fr", fr)] {
            let path = format!("{port}?format={format}");
            let headers = [("accept-language", language)];
            let refused = bus.call(&bus.admin, (Method::GET, &path), &headers, "").await;
            assert_eq!(refused.status, StatusCode::NOT_ACCEPTABLE, "{format}");
            let detail = text(&refused.json()["detail"]);
            assert!(detail.contains(reason), "{format}: {detail}");
            let cannot = if language == "fr" { "ne peuvent pas être écrits" } else { "cannot be written" };
            assert!(detail.contains(cannot), "{detail}");
        }
    }
    let errors = format!("/runs/{run}/steps/large/ports/errors?format=ndjson");
    assert!(bus.admin.get(&bus.place, &errors).await.text().contains("Ouessant"));
    for format in ["ods", "nothing"] {
        let refused = bus.admin.get(&bus.place, &format!("{port}?format={format}")).await;
        assert_eq!(refused.status, StatusCode::NOT_ACCEPTABLE, "{format}");
    }
    for unknown in ["large/ports/nowhere", "end/ports/out", "nobody/ports/out"] {
        for query in ["", "?format=csv"] {
            let path = format!("/runs/{run}/steps/{unknown}{query}");
            assert_eq!(bus.admin.get(&bus.place, &path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
    }
}

#[tokio::test]
async fn records_that_are_gone_are_said_to_be_gone() {
    let bus = Working::new().await;
    let id = bus.workflow(towns()).await;
    let run = bus.ran(&id, json!({})).await;
    let held = bus.admin.get(&bus.place, "/cache").await.json();
    for entry in held["items"].as_array().expect("a list") {
        let path = format!("/cache?owner={}&name={}", text(&entry["owner"]), text(&entry["name"]));
        assert_eq!(bus.admin.delete(&bus.place, &path).await.status, StatusCode::NO_CONTENT);
    }
    for query in ["", "?format=csv"] {
        let path = format!("/runs/{run}/steps/large/ports/out{query}");
        assert_eq!(bus.admin.get(&bus.place, &path).await.status, StatusCode::GONE, "{path}");
    }
}

/// The events of a stream that has ended: id and data.
pub(crate) fn events(stream: &str) -> Vec<(u64, Value)> {
    let blocks = stream.split("\n\n").filter(|block| block.contains("event: progress"));
    let member = |block: &str, name: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
        line.trim_start().to_owned()
    };
    let read = |block: &str| {
        let data = serde_json::from_str(&member(block, "data:")).expect("JSON");
        (member(block, "id:").parse().expect("a number"), data)
    };
    blocks.map(read).collect()
}

#[tokio::test]
async fn a_watcher_sees_the_end_and_comes_back_where_it_was() {
    let bus = Working::new().await;
    let id = bus.workflow(towns()).await;
    let started = bus.admin.post(&bus.place, &format!("/workflows/{id}/runs"), json!({})).await.json();
    let path = format!("/runs/{}/events", text(&started["id"]));
    // the stream ends when the run does
    let stream = bus.admin.get(&bus.place, &path).await;
    assert_eq!(stream.header("content-type"), "text/event-stream");
    let seen = events(&stream.text());
    assert!(seen.is_sorted_by(|(a, _), (b, _)| a < b), "ids grow: {seen:?}");
    let (last, state) = seen.last().expect("the end");
    assert_eq!(state["status"], "succeeded");
    assert_eq!(state["steps"]["large"]["records_out"], 1);

    let last = last.to_string();
    let again = bus.call(&bus.admin, (Method::GET, &path), &[("last-event-id", &last)], "").await;
    let again = events(&again.text());
    assert_eq!(again.len(), 1, "nothing but the last word: {again:?}");
}

#[tokio::test]
async fn refused_records_are_mended_and_given_back() {
    let bus = Working::new().await;
    let id = bus.workflow(towns()).await;
    let run = bus.ran(&id, json!({})).await;
    let path = format!("/runs/{run}/steps/large/replay");
    let mended = json!({ "records": [{ "town": "Lorient", "people": 158_000 }] });
    let replay = bus.admin.post(&bus.place, &path, mended).await;
    assert_eq!(replay.status, StatusCode::ACCEPTED, "{}", replay.text());
    let again = text(&replay.json()["id"]);
    bus.ended(&again).await;
    let out = bus.admin.get(&bus.place, &format!("/runs/{again}/steps/large/ports/out?format=csv")).await;
    assert_eq!(out.text(), "town,people\nLorient,158000\n");
}

#[tokio::test]
async fn a_preview_shows_what_a_step_would_send() {
    let bus = Working::new().await;
    let asked = json!({ "document": towns(), "step": "large", "parameters": { "least": 1 } });
    let preview = bus.admin.post(&bus.place, "/preview", asked).await.json();
    assert_eq!(preview["ports"]["out"]["rows"][0]["town"], "Brest", "{preview}");
    assert_eq!(preview["ports"]["errors"]["total"], 1);

    // another one's workflow lends neither files nor secrets
    let id = bus.workflow(towns()).await;
    let eve = bus.place.invited(&bus.admin, "Eve").await;
    let asked = json!({ "document": towns(), "step": "large", "workflow": id });
    assert_eq!(eve.post(&bus.place, "/preview", asked).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_preview_can_look_at_an_upload() {
    let bus = Working::new().await;
    let csv = "town,people\nMorlaix,14837\n";
    let kept = bus.call(&bus.admin, (Method::POST, "/uploads?name=t.csv"), &[], csv).await;
    assert_eq!(kept.status, StatusCode::CREATED, "{}", kept.text());
    let source = text(&towns()["steps"][0]["id"]);
    let asked = |upload: &str| json!({ "document": towns(), "step": "large", "parameters": { "least": 1 }, "inputs": { &source: upload } });
    let preview = bus.admin.post(&bus.place, "/preview", asked(&text(&kept.json()["id"]))).await.json();
    assert_eq!(
        preview["ports"]["out"]["rows"],
        json!([{ "town": "Morlaix", "people": 14_837 }]),
        "{preview}"
    );
    let gone = bus.admin.post(&bus.place, "/preview", asked("nothing")).await;
    assert_eq!(gone.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", gone.text());
}

#[tokio::test]
async fn a_run_that_goes_on_for_ever_is_ended() {
    let bus = Working::new().await;
    let document = json!({
        "version": 1, "name": "Sans fin",
        "steps": [
            { "id": "many", "connector": "generator", "settings": {
                "records": 4_000_000_000_u64, "fields": [{ "name": "id", "values": { "sequence": {} } }] } },
            { "id": "end", "connector": "discard" },
        ],
        "links": ["many -> end"],
    });
    let id = bus.workflow(document).await;
    let started = bus.admin.post(&bus.place, &format!("/workflows/{id}/runs"), json!({})).await.json();
    let run = text(&started["id"]);
    let ended = bus.admin.post(&bus.place, &format!("/runs/{run}/cancel"), json!({})).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    bus.ended(&run).await;
    let detail = bus.admin.get(&bus.place, &format!("/runs/{run}")).await.json();
    assert_eq!(detail["summary"]["status"], "cancelled");
}
