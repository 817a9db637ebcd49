//! Workflows: made, saved, looked at as they were, taken from the gallery.

use crate::working::{Working, text, towns};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn a_save_says_which_revision_it_changes() {
    let bus = Working::new().await;
    let id = bus.workflow(towns()).await;
    let path = format!("/workflows/{id}");
    let read = bus.admin.get(&bus.place, &path).await;
    assert_eq!((read.status, read.header("etag")), (StatusCode::OK, "\"1\""));
    assert_eq!(read.json()["summary"]["role"], "owner");
    assert_eq!(read.json()["summary"]["owner"], "Admin");

    let mut document = towns();
    document["name"] = json!("Communes");
    let body = document.to_string();
    let put = (Method::PUT, path.as_str());
    let unsaid = bus.call(&bus.admin, put.clone(), &[JSON], body.clone()).await;
    assert_eq!(unsaid.status, StatusCode::PRECONDITION_REQUIRED);
    let saved = bus.call(&bus.admin, put.clone(), &[JSON, ("if-match", "\"1\"")], body.clone()).await;
    assert_eq!((saved.status, saved.header("etag")), (StatusCode::OK, "\"2\""), "{}", saved.text());
    assert_eq!(saved.json()["revision"], 2);

    // somebody else still has the first revision on the screen
    let late = bus.call(&bus.admin, put, &[JSON, ("if-match", "\"1\"")], body).await;
    assert_eq!(late.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(late.json()["revision"], 2);

    let versions = bus.admin.get(&bus.place, &format!("{path}/versions")).await.json();
    let revisions: Vec<&Value> =
        versions.as_array().expect("a list").iter().map(|it| &it["revision"]).collect();
    assert_eq!(revisions, [2, 1]);
    let first = bus.admin.get(&bus.place, &format!("{path}/versions/1")).await.json();
    assert_eq!(first["name"], "Villes");
    assert_eq!(bus.admin.get(&bus.place, &format!("{path}/versions/9")).await.status, StatusCode::NOT_FOUND);

    assert_eq!(bus.admin.delete(&bus.place, &path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(bus.admin.get(&bus.place, &path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_workflow_with_errors_is_kept_as_a_draft_and_does_not_run() {
    let bus = Working::new().await;
    let mut document = towns();
    document["steps"][1]["settings"] = json!({ "expresion": "true" });
    let made = bus.admin.post(&bus.place, "/workflows", json!({ "document": document.clone() })).await.json();
    assert_eq!(made["summary"]["draft"], true);
    let finding = &made["findings"][0];
    assert_eq!((&finding["step"], &finding["path"]), (&json!("large"), &json!("expresion")), "{made}");
    let path = format!("/workflows/{}/runs", text(&made["summary"]["id"]));
    let refused = bus.admin.post(&bus.place, &path, json!({})).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.json()["type"], "/problems/draft");

    let checked = bus.admin.post(&bus.place, "/check", document).await.json();
    assert_eq!(checked["findings"], made["findings"]);
    assert_eq!(checked["plan"], "");
}

#[tokio::test]
async fn others_do_not_see_it() {
    let bus = Working::new().await;
    let id = bus.workflow(towns()).await;
    let eve = bus.place.invited(&bus.admin, "Eve").await;
    assert_eq!(eve.get(&bus.place, "/workflows").await.json()["items"], json!([]));
    for path in
        [format!("/workflows/{id}"), format!("/workflows/{id}/runs"), format!("/workflows/{id}/versions")]
    {
        assert_eq!(eve.get(&bus.place, &path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let listed = bus.admin.get(&bus.place, "/workflows").await.json();
    assert_eq!(listed["items"][0]["name"], "Villes");
}

#[tokio::test]
async fn a_workflow_of_the_gallery_finds_its_files_in_its_own_folder() {
    let bus = Working::new().await;
    let gallery = bus.admin.get(&bus.place, "/gallery").await.json();
    let ids: Vec<String> = gallery.as_array().expect("a list").iter().map(|it| text(&it["id"])).collect();
    assert!(ids.contains(&"bornes-de-recharge".to_owned()), "{ids:?}");
    let taken = bus.admin.post(&bus.place, "/gallery/bornes-de-recharge", json!({})).await;
    assert_eq!(taken.status, StatusCode::CREATED, "{}", taken.text());
    let id = text(&taken.json()["summary"]["id"]);
    let run = bus.ran(&id, json!({})).await;
    let detail = bus.admin.get(&bus.place, &format!("/runs/{run}")).await.json();
    assert_eq!(detail["summary"]["status"], "succeeded", "{detail}");
    let written = bus.place.folder.path().join("files").join(&id).join("resultats/bornes.geojson");
    assert!(written.exists());
}

#[tokio::test]
async fn a_workflow_of_the_gallery_that_follows_another_runs_by_itself() {
    let bus = Working::new().await;
    let taken = bus.admin.post(&bus.place, "/gallery/conversion-retour", json!({})).await;
    assert_eq!(taken.status, StatusCode::CREATED, "{}", taken.text());
    let id = text(&taken.json()["summary"]["id"]);
    let run = bus.ran(&id, json!({})).await;
    let detail = bus.admin.get(&bus.place, &format!("/runs/{run}")).await.json();
    assert_eq!(detail["summary"]["status"], "succeeded", "{detail}");
    let folder = bus.place.folder.path().join("files").join(&id).join("resultats/retour");
    let read =
        |name: &str| std::fs::read_to_string(folder.join(name)).expect("written").replace("\r\n", "\n");
    let first = read("de-csv.csv");
    assert!(first.lines().count() > 2, "{first}");
    for name in ["de-xml.csv", "de-json.csv", "de-senml.csv", "de-turtle.csv"] {
        assert_eq!(read(name), first, "{name}");
    }
}

#[tokio::test]
async fn the_next_times_of_a_schedule_are_shown_on_its_own_clock() {
    let bus = Working::new().await;
    let asked = json!({ "cron": "0 6 * * 1-5", "zone": "Europe/Paris" });
    let times = bus.admin.post(&bus.place, "/schedules/next", asked).await.json();
    assert_eq!(times["next"][0], "2026-03-02T05:00:00.000Z", "{times}");
    assert_eq!(times["next"].as_array().map(Vec::len), Some(5));
    let refused = bus.admin.post(&bus.place, "/schedules/next", json!({ "cron": "99 6 * * *" })).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_document_comes_in_as_yaml_and_what_is_wrong_with_it_has_its_place() {
    let bus = Working::new().await;
    let post = |body: &'static str| bus.call(&bus.admin, (Method::POST, "/import"), &[], body);
    let yaml =
        "version: 1\nname: Ville\nsteps:\n  - { id: a, connector: generator, settings: { records: 1 } }\n";
    let read = post(yaml).await;
    assert_eq!(read.status, StatusCode::OK, "{}", read.text());
    assert_eq!((&read.json()["document"]["name"], &read.json()["steps"]), (&json!("Ville"), &json!([])));
    assert_eq!(read.json()["findings"][0]["step"], "a", "its check is told: {}", read.text());

    let wrong = post("version: 1\nname: Ville\nstep: []\n").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(&wrong.json()["detail"]).starts_with("line 3, column 1: "), "{}", wrong.text());
    assert_eq!(wrong.json()["findings"][0]["path"], "step");
}
