//! Workflows used as steps of others.

use crate::{
    place::Person,
    working::{Working, text},
};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

/// Lets towns with enough people through.
fn large() -> Value {
    json!({
        "version": 1, "name": "Grandes",
        "steps": [
            { "id": "entry", "connector": "workflow-input" },
            { "id": "large", "connector": "filter", "settings": { "expression": "people >= 100000" } },
            { "id": "exit", "connector": "workflow-output" },
        ],
        "links": ["entry -> large -> exit"],
    })
}

fn outer() -> Value {
    json!({
        "version": 1, "name": "Villes",
        "steps": [
            { "id": "towns", "connector": "records", "settings": { "records": [
                { "town": "Brest", "people": 139_456 }, { "town": "Quimper", "people": 63_283 },
            ] } },
            { "id": "few", "connector": "workflow", "settings": { "workflow": "Grandes" } },
            { "id": "off", "connector": "limit", "disabled": true, "settings": { "records": 0 } },
            { "id": "end", "connector": "discard" },
        ],
        "links": ["towns -> few -> off -> end"],
        "triggers": [{ "http": {} }],
    })
}

async fn created(bus: &Working, person: &Person) -> Value {
    person.post(&bus.place, "/workflows", json!({ "document": outer() })).await.json()
}

#[tokio::test]
async fn what_a_group_shares_can_be_used_as_a_step() {
    let bus = Working::new().await;
    let (ada, eve) = (bus.place.invited(&bus.admin, "Ada").await, bus.place.invited(&bus.admin, "Eve").await);
    let inner = bus.workflow(large()).await;
    assert_eq!(created(&bus, &ada).await["summary"]["draft"], true, "not shared yet");
    let asked = json!({ "name": "Towns", "members": ["ada@example.org"] });
    let group = text(&bus.admin.post(&bus.place, "/groups", asked).await.json()["id"]);
    let shares = json!([{ "with": format!("group:{group}"), "role": "viewer" }]);
    let shared = bus.admin.put(&bus.place, &format!("/workflows/{inner}/shares"), shares).await;
    assert_eq!(shared.status, StatusCode::OK, "{}", shared.text());

    let made = created(&bus, &ada).await;
    assert_eq!((&made["summary"]["draft"], &made["findings"]), (&json!(false), &json!([])), "{made}");
    let id = text(&made["summary"]["id"]);
    let called = bus.call(&ada, (Method::POST, &format!("/workflows/{id}/call")), &[], "").await;
    assert_eq!(called.json(), json!([{ "town": "Brest", "people": 139_456 }]), "{}", called.text());

    // a check says what a run would say, of its owner's workflow or of one's own
    let checked = ada.post(&bus.place, "/check", outer()).await.json();
    assert_eq!(checked["findings"], json!([]));
    assert!(text(&checked["plan"]).contains("few~large"), "{checked}");
    let missing = eve.post(&bus.place, "/check", outer()).await.json();
    let finding = &missing["findings"][0];
    assert_eq!((&finding["step"], &finding["path"]), (&json!("few"), &json!("workflow")), "{missing}");
    assert_eq!(missing["plan"], "");
    let of_adas = format!("/check?workflow={id}");
    assert_eq!(eve.post(&bus.place, &of_adas, outer()).await.status, StatusCode::NOT_FOUND);
    let shares = json!([{ "with": "eve@example.org", "role": "viewer" }]);
    ada.put(&bus.place, &format!("/workflows/{id}/shares"), shares).await;
    assert_eq!(eve.post(&bus.place, &of_adas, outer()).await.json()["findings"], json!([]));

    let asked = json!({ "document": outer(), "step": "few" });
    let seen = ada.post(&bus.place, "/preview", asked).await.json();
    assert_eq!(seen["ports"]["out"]["rows"], json!([{ "town": "Brest", "people": 139_456 }]), "{seen}");
}

#[tokio::test]
async fn what_is_wrong_inside_is_told_of_the_step_that_stands_for_it() {
    let bus = Working::new().await;
    let mut inner = large();
    inner["steps"][1]["settings"]["expression"] = json!("people >=");
    bus.workflow(inner).await;
    let made = created(&bus, &bus.admin).await;
    assert_eq!(made["summary"]["draft"], true);
    let finding = &made["findings"][0];
    assert_eq!((&finding["step"], &finding["path"]), (&json!("few"), &json!("workflow")), "{made}");
    assert!(text(&finding["message"]).starts_with("step \"large\": "), "{made}");
}
