//! What must never be seen: not in answers, not in logs, not in the data folder.

use crate::place::{Person, Place};
use axum::{
    body::Body,
    http::{Method, StatusCode, header},
};
use serde_json::json;
use std::{
    fmt::{Debug, Write},
    fs,
    path::Path,
    sync::{Arc, Mutex},
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

/// Everything that is logged, on all levels.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

struct Written<'a>(&'a mut String);

impl Visit for Written<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        attributes.record(&mut Written(&mut self.0.lock().expect("not poisoned")));
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut Written(&mut self.0.lock().expect("not poisoned")));
    }
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut log = self.0.lock().expect("not poisoned");
        event.record(&mut Written(&mut log));
        log.push('\n');
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// All bytes below a folder.
fn bytes(folder: &Path, found: &mut Vec<u8>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            bytes(&path, found);
        } else {
            found.extend(fs::read(&path).expect("a file"));
        }
    }
}

const PASSWORD: &str = "canary-password-7261";
const WRONG: &str = "canary-wrong-password-9912";
const SECRET: &str = "canary-secret-3306";
const NEW: &str = "canary-new-password-5527";

#[tokio::test]
async fn passwords_tokens_and_keys_are_never_seen_again() {
    let log = Log::default();
    let _logged = tracing::subscriber::set_default(log.clone());
    let place = Place::new().await;
    let nobody = Person::nobody();
    let link = place.app.first_link().await.expect("a link").expect("no account yet").link;
    let token = link.split_once('#').expect("a token").1.to_owned();
    let entry = json!({ "token": token, "name": "Ada", "email": "ada@example.org", "password": PASSWORD });
    let mut heard = Vec::new();
    let made = nobody.post(&place, "/accounts/first", entry.clone()).await;
    let ada = Person::signed_in(&made);
    heard.push(nobody.post(&place, "/accounts/first", entry).await);
    let odd = json!({ "token": token, "name": 1, "email": WRONG, "password": PASSWORD });
    heard.push(nobody.post(&place, "/accounts/first", odd).await);
    heard.push(Person::sign_in(&place, "ada@example.org", WRONG).await);
    heard.push(Person::sign_in(&place, "ada@example.org", PASSWORD).await);
    heard.push(
        nobody.post(&place, "/session", json!({ "email": "ada@example.org", "password": [WRONG] })).await,
    );
    heard.push(ada.get(&place, &format!("/session?password={WRONG}")).await);
    let key = ada.post(&place, "/keys", json!({ "name": "CI", "scope": "write" })).await.json();
    let key = key["key"].as_str().expect("a key").to_owned();
    heard.push(Person::key(&key).get(&place, "/session").await);
    heard.push(ada.get(&place, "/keys").await);
    let kept = ada.put(&place, "/secrets/bank", json!({ "value": SECRET })).await;
    assert_eq!(kept.status, StatusCode::NO_CONTENT, "{}", kept.text());
    let names = ada.get(&place, "/secrets").await;
    assert_eq!(names.json()[0]["name"], "bank");
    heard.push(names);
    heard.push(ada.put(&place, "/secrets/a%2Fb", json!({ "value": SECRET })).await);
    heard.push(ada.put(&place, "/secrets/bank", json!({ "value": [SECRET] })).await);
    heard.push(ada.put(&place, "/password", json!({ "present": WRONG, "password": NEW })).await);
    let changed = ada.put(&place, "/password", json!({ "present": PASSWORD, "password": NEW })).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT, "{}", changed.text());
    let again = Person::signed_in(&Person::sign_in(&place, "ada@example.org", NEW).await);
    heard.push(again.get(&place, "/audit").await);

    let mut stored = Vec::new();
    bytes(place.folder.path(), &mut stored);
    let log = log.0.lock().expect("not poisoned").clone();
    assert!(log.contains("answered"), "the log was heard: {log}");
    let session = |person: &Person| person.cookie.clone().expect("a cookie").replace("session=", "");
    let (one, other) = (session(&ada), session(&again));
    for secret in [PASSWORD, WRONG, NEW, SECRET, &token, &key, &one, &other] {
        assert!(!log.contains(secret), "{secret} stands in the log");
        let found = stored.windows(secret.len()).any(|bytes| bytes == secret.as_bytes());
        assert!(!found, "{secret} stands in the data folder");
        for answer in &heard {
            assert!(!answer.text().contains(secret), "{secret} stands in an answer: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn secrets_of_an_import_are_in_no_document_version_run_or_export() {
    let log = Log::default();
    let _logged = tracing::subscriber::set_default(log.clone());
    let place = Place::new().await;
    let ada = place.first().await;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/import/secrets/export.json");
    let export = fs::read_to_string(file).expect("an export");
    assert!(export.matches("canary").count() > 10, "there is something to find");
    let request = ada.request(&Method::POST, "/import").header(header::CONTENT_TYPE, "application/json");
    let imported = place.send(request.body(Body::from(export)).expect("a request")).await;
    assert_eq!(imported.status, StatusCode::OK, "{}", imported.text());
    let mut document = imported.json()["document"].clone();
    let mut heard = vec![imported];
    let made = ada.post(&place, "/workflows", json!({ "document": document })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let id = made.json()["summary"]["id"].as_str().expect("an id").to_owned();
    heard.push(made);
    document["name"] = json!("Again");
    let request = ada.request(&Method::PUT, &format!("/workflows/{id}"));
    let request = request.header(header::CONTENT_TYPE, "application/json").header(header::IF_MATCH, "*");
    let saved = place.send(request.body(Body::from(document.to_string())).expect("a request")).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text());
    heard.push(saved);
    heard.push(ada.post(&place, "/check", document.clone()).await);
    heard.push(
        ada.post(&place, "/preview", json!({ "document": document, "workflow": id, "step": "bearer" })).await,
    );
    heard.push(ada.post(&place, &format!("/workflows/{id}/runs"), json!({})).await);
    // a workflow is exported as it is read, also as it was
    for path in ["", "/versions", "/versions/1", "/versions/2", "/runs", "/shares"] {
        heard.push(ada.get(&place, &format!("/workflows/{id}{path}")).await);
    }
    for path in ["/workflows", "/secrets", "/audit", "/cache"] {
        heard.push(ada.get(&place, path).await);
    }
    let names = ada.get(&place, "/secrets").await.json();
    assert!(names.as_array().is_some_and(|names| names.len() > 10), "they are in the vault: {names}");
    let mut stored = Vec::new();
    bytes(place.folder.path(), &mut stored);
    // the last is the base64 of one that stood in a header
    for canary in ["canary-", "YW5hOmNhbmFyeS1iYXNpYw"] {
        assert!(!stored.windows(canary.len()).any(|bytes| bytes == canary.as_bytes()), "{canary}: stored");
        assert!(!log.0.lock().expect("not poisoned").contains(canary), "{canary}: logged");
        for answer in &heard {
            assert!(!answer.text().contains(canary), "{canary}: {}", answer.text());
        }
    }
}
