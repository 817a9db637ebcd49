//! Groups, keys, the audit.

use crate::place::{Person, Place};
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_group_is_seen_by_its_members_and_changed_by_its_owner() {
    let place = Place::new().await;
    let admin = place.first().await;
    let (ada, grace, eve) = (
        place.invited(&admin, "Ada").await,
        place.invited(&admin, "Grace").await,
        place.invited(&admin, "Eve").await,
    );
    let asked = json!({ "name": "Meters", "members": ["grace@example.org"] });
    let made = ada.post(&place, "/groups", asked).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let group = made.json();
    assert_eq!(group["members"], json!([grace.id]));
    let path = format!("/groups/{}", group["id"].as_str().expect("an id"));
    let seen = |answer: crate::place::Answer| answer.json().as_array().expect("a list").len();
    assert_eq!(seen(grace.get(&place, "/groups").await), 1);
    assert_eq!(seen(eve.get(&place, "/groups").await), 0);
    assert_eq!(seen(grace.get(&place, "/accounts").await), 2, "members see each other");

    let change = json!({ "name": "Meters", "members": [grace.id, eve.id, "eve@example.org"] });
    assert_eq!(eve.put(&place, &path, change.clone()).await.status, StatusCode::NOT_FOUND);
    assert_eq!(grace.put(&place, &path, change.clone()).await.status, StatusCode::FORBIDDEN);
    let changed = ada.put(&place, &path, change).await;
    assert_eq!(changed.json()["members"], json!([grace.id, eve.id]));
    let unknown = json!({ "name": "Meters", "members": ["x@example.org"] });
    let refused = ada.put(&place, &path, unknown).await;
    assert_eq!(refused.json()["findings"][0]["path"], "members[0]");
    let given = json!({ "name": "Meters", "members": [ada.id], "owner": grace.id });
    assert_eq!(ada.put(&place, &path, given).await.json()["owner"], grace.id.as_str());
    assert_eq!(ada.delete(&place, &path).await.status, StatusCode::FORBIDDEN);
    assert_eq!(grace.delete(&place, &path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(seen(ada.get(&place, "/groups").await), 0);
}

#[tokio::test]
async fn a_key_is_shown_once_works_until_its_time_and_makes_no_keys() {
    let place = Place::new().await;
    let admin = place.first().await;
    let ada = place.invited(&admin, "Ada").await;
    let until = "2026-03-02T12:00:00Z";
    let made = ada.post(&place, "/keys", json!({ "name": "CI", "scope": "write", "until": until })).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let made = made.json();
    let key = made["key"].as_str().expect("the key");
    assert!(key.starts_with("sbus_"), "{key}");
    let listed = ada.get(&place, "/keys").await;
    assert!(!listed.text().contains(key));
    assert!(listed.json()[0].get("used").is_none());

    let caller = Person::key(key);
    assert_eq!(caller.get(&place, "/session").await.json()["account"]["id"], ada.id.as_str());
    assert_eq!(ada.get(&place, "/keys").await.json()[0]["used"], "2026-03-01T12:00:00.001Z");
    let more = caller.post(&place, "/keys", json!({ "name": "x", "scope": "read" })).await;
    assert_eq!(more.status, StatusCode::FORBIDDEN);
    let changed = Person::key(&format!("{key}x"));
    assert_eq!(changed.get(&place, "/session").await.status, StatusCode::UNAUTHORIZED);

    let own = format!("/keys/{}", made["id"].as_str().expect("an id"));
    assert_eq!(admin.delete(&place, &own).await.status, StatusCode::NOT_FOUND, "somebody else's");
    place.clock.forward(Duration::from_secs(24 * 3_600));
    assert_eq!(caller.get(&place, "/session").await.status, StatusCode::UNAUTHORIZED, "its time has passed");
    assert_eq!(ada.delete(&place, &own).await.status, StatusCode::NO_CONTENT);
    let past = ada.post(&place, "/keys", json!({ "name": "x", "scope": "read", "until": until })).await;
    assert_eq!(past.json()["findings"][0]["path"], "until");
}

fn actions(page: &Value) -> Vec<&str> {
    page["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| item["action"].as_str().expect("text"))
        .collect()
}

#[tokio::test]
async fn the_audit_says_who_did_what_page_by_page() {
    let place = Place::new().await;
    let admin = place.first().await;
    place.clock.forward(Duration::from_secs(1));
    let ada = place.invited(&admin, "Ada").await;
    place.clock.forward(Duration::from_secs(1));
    let key = ada.post(&place, "/keys", json!({ "name": "CI", "scope": "read" })).await.json();
    ada.post(&place, "/keys", json!({ "name": "", "scope": "read" })).await;
    place.clock.forward(Duration::from_secs(1));
    ada.delete(&place, "/session").await;

    let all = admin.get(&place, "/audit").await.json();
    assert_eq!(
        actions(&all),
        ["session.end", "key.make", "account.accept", "account.invite", "account.first"]
    );
    assert!(all.get("next").is_none());
    let made = &all["items"][1];
    assert_eq!(made["actor"], "ada@example.org");
    assert_eq!(made["object"], format!("key/{}", key["id"].as_str().expect("an id")));
    assert_eq!(made["detail"], "CI");
    assert_eq!(all["items"][4]["actor"], "admin@example.org");

    let first = admin.get(&place, "/audit?limit=2").await.json();
    assert_eq!(actions(&first), ["session.end", "key.make"]);
    let next = first["next"].as_str().expect("a next page");
    let second = admin.get(&place, &format!("/audit?limit=2&after={next}")).await.json();
    assert_eq!(actions(&second), ["account.accept", "account.invite"]);
    let own = admin.get(&place, &format!("/audit?object=account/{}", ada.id)).await.json();
    assert_eq!(actions(&own), ["session.end", "account.accept"]);
    let grace = place.invited(&admin, "Grace").await;
    assert_eq!(grace.get(&place, "/audit").await.status, StatusCode::FORBIDDEN);
    assert_eq!(grace.get(&place, "/audit?object=workflow/x").await.status, StatusCode::NOT_FOUND);
    assert_eq!(admin.get(&place, "/audit?after=x").await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_shared_workflow_is_there_for_those_it_is_shared_with() {
    let place = Place::new().await;
    let admin = place.first().await;
    let (ada, grace) = (place.invited(&admin, "Ada").await, place.invited(&admin, "Grace").await);
    let made = ada.post(&place, "/workflows", json!({ "document": crate::place::document() })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let id = made.json()["summary"]["id"].as_str().expect("an id").to_owned();
    let path = format!("/workflows/{id}");
    let shares = format!("{path}/shares");
    assert_eq!(grace.get(&place, &path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(admin.get(&place, &path).await.status, StatusCode::NOT_FOUND, "also to administrators");

    let viewer = json!([{ "with": "grace@example.org", "role": "viewer" }]);
    let shared = ada.put(&place, &shares, viewer.clone()).await;
    assert_eq!(shared.json(), json!({ "owner": "ada@example.org", "shares": viewer }));
    assert_eq!(grace.get(&place, &path).await.json()["summary"]["role"], "viewer");
    assert_eq!(grace.get(&place, &shares).await.json(), shared.json());
    assert_eq!(grace.put(&place, &shares, json!([])).await.status, StatusCode::FORBIDDEN);
    assert_eq!(grace.delete(&place, &path).await.status, StatusCode::FORBIDDEN);
    let unknown = json!([{ "with": "x@example.org", "role": "viewer" }]);
    let refused = ada.put(&place, &shares, unknown).await;
    assert_eq!(refused.json()["findings"][0]["path"], "[0].with");

    let group = json!({ "name": "Meters", "members": [grace.id] });
    let group = ada.post(&place, "/groups", group).await.json()["id"].as_str().expect("an id").to_owned();
    let editors = json!([{ "with": format!("group:{group}"), "role": "editor" }]);
    assert_eq!(ada.put(&place, &shares, editors).await.status, StatusCode::OK);
    assert_eq!(grace.get(&place, &path).await.json()["summary"]["role"], "editor");
    ada.delete(&place, &format!("/groups/{group}")).await;
    assert_eq!(grace.get(&place, &path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_workflow_is_handed_over_and_its_owners_see_what_was_done() {
    let place = Place::new().await;
    let admin = place.first().await;
    let (ada, grace) = (place.invited(&admin, "Ada").await, place.invited(&admin, "Grace").await);
    let made = ada.post(&place, "/workflows", json!({ "document": crate::place::document() })).await.json();
    let id = made["summary"]["id"].as_str().expect("an id").to_owned();
    let path = format!("/workflows/{id}");
    let to = json!({ "with": "grace@example.org", "role": "owner" });
    place.clock.forward(Duration::from_secs(1));
    assert_eq!(
        grace.post(&place, &format!("{path}/transfer"), to.clone()).await.status,
        StatusCode::NOT_FOUND
    );
    let given = ada.post(&place, &format!("{path}/transfer"), to).await;
    assert_eq!(given.json()["owner"], "grace@example.org", "{}", given.text());
    assert_eq!(ada.get(&place, &path).await.json()["summary"]["role"], "editor");

    let audit = format!("/audit?object=workflow/{id}");
    let seen = grace.get(&place, &audit).await.json();
    assert_eq!(actions(&seen), ["workflow.transfer", "workflow.create"]);
    assert_eq!(seen["items"][0]["actor"], "ada@example.org");
    assert_eq!(ada.get(&place, &audit).await.status, StatusCode::FORBIDDEN);

    assert_eq!(admin.delete(&place, &format!("/accounts/{}", grace.id)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(admin.get(&place, &path).await.json()["summary"]["role"], "owner", "who deletes, inherits");
    let left = admin.get(&place, &format!("{path}/shares")).await.json();
    assert_eq!(left["shares"], json!([{ "with": "ada@example.org", "role": "editor" }]));
}
