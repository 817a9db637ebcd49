//! What all answers have in common: problems in the caller's language, headers, limits, forgeries refused.

use crate::place::{PASSWORD, Person, Place, settings};
use axum::{
    body::{Body, Bytes},
    http::{Method, Request, StatusCode, header},
};
use futures::stream;
use serde_json::{Value, json};

#[tokio::test]
async fn problems_speak_the_callers_language() {
    let place = Place::new().await;
    let request = |language: &str| {
        let request =
            Person::nobody().request(&Method::GET, "/keys").header(header::ACCEPT_LANGUAGE, language);
        request.body(Body::empty()).expect("a request")
    };
    let english = place.send(request("de, en;q=0.5")).await;
    assert_eq!(english.status, StatusCode::UNAUTHORIZED);
    assert_eq!(english.header("content-type"), "application/problem+json");
    let problem = english.json();
    assert_eq!(problem["type"], "/problems/sign-in");
    assert_eq!(problem["title"], "Please sign in");
    assert_eq!(problem["status"], 401);
    assert_eq!(problem["instance"], format!("/requests/{}", english.header("x-request-id")));
    let french = place.send(request("fr-CA, en;q=0.5")).await;
    assert_eq!(french.json()["title"], "Veuillez vous connecter");
    assert_eq!(french.header("content-language"), "fr");

    let admin = place.first().await;
    admin.patch(&place, &format!("/accounts/{}", admin.id), json!({ "language": "fr" })).await;
    let own = admin.delete(&place, "/keys/none").await;
    assert_eq!(own.json()["title"], "Introuvable", "without a wish, the language of the account");
}

#[tokio::test]
async fn every_answer_has_the_headers_that_protect() {
    let place = Place::new().await;
    for path in ["/api/v1/session", "/api/v1/keys", "/api/v1/none", "/api/v1/openapi.json"] {
        let answer = Person::nobody().get(&place, path).await;
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert!(answer.header("content-security-policy").contains("script-src 'self' 'wasm-unsafe-eval'"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("strict-transport-security"), "");
        assert!(!answer.header("x-request-id").is_empty());
    }
}

#[tokio::test]
async fn what_is_not_in_the_table_does_not_exist() {
    let place = Place::new().await;
    let admin = place.first().await;
    assert_eq!(admin.get(&place, "/nothing").await.status, StatusCode::NOT_FOUND);
    assert_eq!(admin.get(&place, "/keys/none/of/these").await.status, StatusCode::NOT_FOUND);
    let wrong = admin.put(&place, "/keys", json!({})).await;
    assert_eq!(wrong.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(wrong.json()["type"], "/problems/method");
    assert!(wrong.header("allow").contains("POST"), "{:?}", wrong.headers);
}

#[tokio::test]
async fn a_call_that_another_site_has_made_is_refused() {
    let place = Place::new().await;
    let admin = place.first().await;
    let forged = Person { csrf: Some("guessed".into()), ..admin.clone() };
    let without = Person { csrf: None, ..admin.clone() };
    for person in [forged, without] {
        let answer = person.post(&place, "/keys", json!({ "name": "x", "scope": "read" })).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert_eq!(answer.json()["type"], "/problems/foreign");
        assert_eq!(person.get(&place, "/keys").await.status, StatusCode::OK, "reading changes nothing");
    }
    let cookie = admin.cookie.clone().expect("a cookie");
    let foreign = Request::post("/api/v1/keys")
        .header(header::HOST, "bus.test")
        .header(header::COOKIE, cookie)
        .header("x-csrf-token", admin.csrf.clone().expect("a token"))
        .header(header::ORIGIN, "https://evil.example")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(json!({ "name": "x", "scope": "read" }).to_string()));
    let answer = place.send(foreign.expect("a request")).await;
    assert_eq!(answer.json()["type"], "/problems/foreign");
    let sign_in = Request::post("/api/v1/session")
        .header(header::HOST, "bus.test")
        .header("sec-fetch-site", "cross-site")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(json!({ "email": "admin@example.org", "password": PASSWORD }).to_string()));
    let answer = place.send(sign_in.expect("a request")).await;
    assert_eq!(answer.json()["type"], "/problems/foreign", "also signing somebody in is refused");
}

async fn sent(place: &Place, person: &Person, path: &str, body: impl Into<Body>) -> (StatusCode, Value) {
    let request = person.request(&Method::POST, path).header(header::CONTENT_TYPE, "application/json");
    let answer = place.send(request.body(body.into()).expect("a request")).await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn malformed_json_is_answered_with_its_place() {
    let place = Place::new().await;
    let admin = place.first().await;
    let (status, problem) = sent(&place, &admin, "/keys", "{\"name\": \"x\",\n  \"scope\": }").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(problem["detail"], "line 2, column 12: expected value");
    let (status, problem) = sent(&place, &admin, "/keys", r#"{"name": "x", "scope": "all"}"#).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["findings"][0]["path"], "scope");
    let (status, problem) =
        sent(&place, &admin, "/keys", r#"{"name": "x", "scope": "read", "workflows": ["a", 1]}"#).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["findings"][0]["path"], "workflows[1]");
    for (body, expected) in [
        ("", StatusCode::BAD_REQUEST),
        ("{} {}", StatusCode::UNPROCESSABLE_ENTITY),
        ("null", StatusCode::UNPROCESSABLE_ENTITY),
        ("\u{0}", StatusCode::BAD_REQUEST),
        (&"[".repeat(100_000), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let (status, problem) = sent(&place, &admin, "/keys", body.to_owned()).await;
        assert_eq!(status, expected, "{problem}");
    }
    let typed = admin.request(&Method::POST, "/keys").header(header::CONTENT_TYPE, "text/plain");
    let answer = place.send(typed.body(Body::from("{}")).expect("a request")).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn large_and_endless_bodies_are_cut() {
    let place = Place::with(gateway::Settings { body: 10_000, ..settings() }).await;
    let admin = place.first().await;
    let large = json!({ "name": "x".repeat(20_000), "scope": "read" }).to_string();
    let (status, problem) = sent(&place, &admin, "/keys", large).await;
    assert_eq!((status, &problem["type"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!("/problems/too-large")));
    let endless = stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 1_000])));
    let (status, _) = sent(&place, &admin, "/keys", Body::from_stream(endless)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    let broken = stream::iter([Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("gone"))]);
    let (status, problem) = sent(&place, &admin, "/keys", Body::from_stream(broken)).await;
    assert_eq!((status, &problem["detail"]), (StatusCode::BAD_REQUEST, &json!("the body breaks off")));
}

#[tokio::test]
async fn who_may_not_call_is_refused_before_the_body_is_read() {
    let place = Place::new().await;
    let endless = stream::pending::<Result<Bytes, std::io::Error>>();
    let request = Person::nobody().request(&Method::POST, "/keys");
    let request = request.header(header::CONTENT_TYPE, "application/json").body(Body::from_stream(endless));
    let answer = place.send(request.expect("a request")).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_body_that_stops_coming_is_given_up() {
    let settings = gateway::Settings { body_pause: std::time::Duration::from_millis(20), ..settings() };
    let place = Place::with(settings).await;
    let endless = stream::pending::<Result<Bytes, std::io::Error>>();
    let (status, problem) = sent(&place, &Person::nobody(), "/session", Body::from_stream(endless)).await;
    assert_eq!((status, &problem["type"]), (StatusCode::REQUEST_TIMEOUT, &json!("/problems/slow")));
}
