//! Accounts, sessions, links.

use crate::place::{PASSWORD, Person, Place, settings};
use axum::{
    body::Body,
    http::{Method, StatusCode, header},
};
use serde_json::json;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3_600);

#[tokio::test]
async fn each_of_several_servers_has_a_first_link_that_works() {
    let place = Place::new().await;
    let link = place.app.first_link().await.expect("a link").expect("no account yet").link;
    let neighbour = place.neighbour().await;
    let other = neighbour.first_link().await.expect("a link").expect("no account yet").link;
    let entry = |link: &str| {
        let token = link.split_once('#').expect("a token").1;
        json!({ "token": token, "name": "Ada", "email": "ada@example.org", "password": PASSWORD })
    };
    let made = Person::nobody().post(&place, "/accounts/first", entry(&link)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let late = Person::nobody().post(&place, "/accounts/first", entry(&other)).await;
    assert_eq!(late.status, StatusCode::NOT_FOUND, "there is an account now: {}", late.text());
}

#[tokio::test]
async fn the_first_account_is_made_once_with_the_link_of_the_console() {
    let place = Place::new().await;
    let session = Person::nobody().get(&place, "/session").await.json();
    assert_eq!(session, json!({ "first_start": true }));
    let older = place.app.first_link().await.expect("a link").expect("no account yet");
    let link = place.app.first_link().await.expect("a link").expect("no account yet");
    let token = |link: &str| link.split_once('#').expect("a token").1.to_owned();
    let entry = |token: String, password: &str| json!({ "token": token, "name": "Ada", "email": "Ada@Example.org", "password": password });
    let nobody = Person::nobody();

    let worn = nobody.post(&place, "/accounts/first", entry(token(&older.link), PASSWORD)).await;
    assert_eq!(worn.status, StatusCode::GONE, "a new link takes the place of the older one");
    let short = nobody.post(&place, "/accounts/first", entry(token(&link.link), "short")).await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(short.json()["findings"][0]["path"], "password");
    let made = nobody.post(&place, "/accounts/first", entry(token(&link.link), PASSWORD)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    assert_eq!(made.json()["account"]["administrator"], true);
    let again = nobody.post(&place, "/accounts/first", entry(token(&link.link), PASSWORD)).await;
    assert_eq!(again.status, StatusCode::GONE);
    assert!(place.app.first_link().await.expect("read").is_none());

    let ada = Person::signed_in(&made);
    let session = ada.get(&place, "/session").await.json();
    assert_eq!(session["account"]["email"], "Ada@Example.org");
    assert_eq!(session["csrf"].as_str(), ada.csrf.as_deref());
    assert_eq!(Person::sign_in(&place, "ada@example.ORG", PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_invitation_works_once_for_its_address_and_not_for_ever() {
    let place = Place::new().await;
    let admin = place.first().await;
    let invited = admin.post(&place, "/accounts", json!({ "email": "grace@example.org" })).await;
    let token =
        invited.json()["link"].as_str().expect("a link").split_once('#').expect("a token").1.to_owned();
    let entry =
        |email: &str| json!({ "token": token, "name": "Grace", "email": email, "password": PASSWORD });
    let nobody = Person::nobody();
    let other = nobody.post(&place, "/accounts/accept", entry("eve@example.org")).await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
    let first = nobody.post(&place, "/accounts/first", entry("grace@example.org")).await;
    assert_eq!(first.status, StatusCode::NOT_FOUND, "an invitation makes no first account");
    place.clock.forward(DAY * 8);
    let late = nobody.post(&place, "/accounts/accept", entry("grace@example.org")).await;
    assert_eq!(late.status, StatusCode::GONE);

    let admin = Person::signed_in(&Person::sign_in(&place, "admin@example.org", PASSWORD).await);
    let grace = place.invited(&admin, "Grace").await;
    let account = grace.get(&place, "/session").await.json()["account"].clone();
    assert_eq!(account["administrator"], false);
    let again = admin.post(&place, "/accounts", json!({ "email": "GRACE@example.org" })).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let own = grace.post(&place, "/accounts", json!({ "email": "eve@example.org" })).await;
    assert_eq!(own.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_cookie_is_kept_from_pages_and_other_sites() {
    let place = Place::new().await;
    place.first().await;
    let answer = Person::sign_in(&place, "admin@example.org", PASSWORD).await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("session=") && cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
    assert!(!cookie.contains("Secure"));
    assert!(!answer.text().contains(cookie.split(['=', ';']).nth(1).expect("a token")));

    let proxied = gateway::Settings { proxies: vec!["127.0.0.1".parse().expect("an address")], ..settings() };
    let place = Place::with(proxied).await;
    place.first().await;
    let body = json!({ "email": "admin@example.org", "password": PASSWORD }).to_string();
    let request = Person::nobody()
        .request(&Method::POST, "/session")
        .header("x-forwarded-proto", "https")
        .header(header::CONTENT_TYPE, "application/json");
    let answer = place.send(request.body(Body::from(body)).expect("a request")).await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-session=") && cookie.ends_with("; Secure"), "{cookie}");
    assert!(answer.header("strict-transport-security").starts_with("max-age=31536000"));
}

#[tokio::test]
async fn sessions_end_when_unused_and_in_any_case() {
    let place = Place::new().await;
    let admin = place.first().await;
    place.clock.forward(DAY * 6);
    assert!(admin.get(&place, "/session").await.json().get("account").is_some());
    place.clock.forward(DAY * 6);
    assert!(admin.get(&place, "/session").await.json().get("account").is_some(), "used, so it went on");
    place.clock.forward(DAY * 8);
    assert!(admin.get(&place, "/session").await.json().get("account").is_none(), "unused for a week");

    let admin = Person::signed_in(&Person::sign_in(&place, "admin@example.org", PASSWORD).await);
    for _ in 0..5 {
        place.clock.forward(DAY * 5);
        assert_eq!(admin.get(&place, "/keys").await.status, StatusCode::OK);
    }
    place.clock.forward(DAY * 5);
    assert_eq!(admin.get(&place, "/keys").await.status, StatusCode::UNAUTHORIZED, "30 days in any case");
}

#[tokio::test]
async fn signing_out_ends_this_session_or_all() {
    let place = Place::new().await;
    let one = place.first().await;
    let other = Person::signed_in(&Person::sign_in(&place, "admin@example.org", PASSWORD).await);
    let third = Person::signed_in(&Person::sign_in(&place, "admin@example.org", PASSWORD).await);
    let ended = one.delete(&place, "/session").await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    assert!(
        ended.header("set-cookie").starts_with("session=; ")
            && ended.header("set-cookie").contains("Max-Age=0")
    );
    assert_eq!(one.get(&place, "/keys").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(other.get(&place, "/keys").await.status, StatusCode::OK);
    assert_eq!(other.delete(&place, "/sessions").await.status, StatusCode::NO_CONTENT);
    assert_eq!(third.get(&place, "/keys").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_new_password_signs_out_everywhere() {
    let place = Place::new().await;
    let one = place.first().await;
    let other = Person::signed_in(&Person::sign_in(&place, "admin@example.org", PASSWORD).await);
    let change = |present: &str, new: &str| json!({ "present": present, "password": new });
    let wrong = one.put(&place, "/password", change("not the one", "a new password")).await;
    assert_eq!(wrong.json()["findings"][0]["path"], "present");
    let nobody = Person::nobody().put(&place, "/password", change(PASSWORD, "a new password")).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    let changed = one.put(&place, "/password", change(PASSWORD, "a new password")).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT, "{}", changed.text());
    for person in [one, other] {
        assert_eq!(person.get(&place, "/keys").await.status, StatusCode::UNAUTHORIZED);
    }
    let status = |answer: crate::place::Answer| answer.status;
    assert_eq!(
        status(Person::sign_in(&place, "admin@example.org", PASSWORD).await),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(status(Person::sign_in(&place, "admin@example.org", "a new password").await), StatusCode::OK);
}

#[tokio::test]
async fn a_reset_link_sets_a_new_password_once() {
    let place = Place::new().await;
    let admin = place.first().await;
    let ada = place.invited(&admin, "Ada").await;
    let link = admin.post(&place, &format!("/accounts/{}/reset", ada.id), json!({})).await.json();
    let token = link["link"].as_str().expect("a link").split_once('#').expect("a token").1.to_owned();
    let change = |password: &str| json!({ "token": token, "password": password });
    let nobody = Person::nobody();
    assert_eq!(
        nobody.put(&place, "/password", change("short")).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let changed = nobody.put(&place, "/password", change("another password")).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT, "{}", changed.text());
    assert_eq!(nobody.put(&place, "/password", change("third password")).await.status, StatusCode::GONE);
    assert_eq!(ada.get(&place, "/keys").await.status, StatusCode::UNAUTHORIZED);
    let signed_in = Person::sign_in(&place, "ada@example.org", "another password").await;
    assert_eq!(signed_in.status, StatusCode::OK);
}

#[tokio::test]
async fn of_many_who_follow_a_link_at_once_one_arrives() {
    let place = Place::new().await;
    let link = place.app.first_link().await.expect("a link").expect("no account yet");
    let token = link.link.split_once('#').expect("a token").1.to_owned();
    let entry = |n: usize| json!({ "token": token, "name": "Ada", "email": format!("a{n}@example.org"), "password": PASSWORD });
    let nobody = Person::nobody();
    let calls = (0..8).map(|n| nobody.post(&place, "/accounts/first", entry(n)));
    let answers = futures::future::join_all(calls).await;
    let made = answers.iter().filter(|answer| answer.status == StatusCode::CREATED).count();
    assert_eq!(made, 1, "{answers:#?}");
}

#[tokio::test]
async fn guessing_is_slowed_down_alike_for_known_and_unknown_accounts() {
    let place = Place::new().await;
    place.first().await;
    for email in ["admin@example.org", "nobody@example.org"] {
        for attempt in 1..=10 {
            let answer = Person::sign_in(&place, email, "wrong wrong wrong").await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{email}, attempt {attempt}");
            let (detail, title) = (answer.json()["detail"].clone(), answer.json()["title"].clone());
            assert_eq!(detail, "the e-mail address or the password is wrong");
            assert_eq!(title, "Please sign in");
        }
        let answer = Person::sign_in(&place, email, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{email}");
        assert_eq!(answer.header("retry-after"), "90");
        assert_eq!(answer.json()["retry_after"], 90);
    }
    place.clock.forward(Duration::from_secs(90));
    assert_eq!(Person::sign_in(&place, "admin@example.org", PASSWORD).await.status, StatusCode::OK);
    let wrong = Person::sign_in(&place, "admin@example.org", "wrong wrong wrong").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED, "who has signed in starts anew");
}

#[tokio::test]
async fn an_address_has_so_many_attempts_whatever_it_tries() {
    let mut settings = settings();
    settings.accounts.attempts_by_address = 5;
    let place = Place::with(settings).await;
    for n in 0..5 {
        let answer = Person::sign_in(&place, &format!("a{n}@example.org"), "wrong wrong wrong").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    let reset = json!({ "token": "guessed", "password": PASSWORD });
    let answer = Person::nobody().put(&place, "/password", reset).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn the_last_administrator_stays_and_a_deleted_account_is_gone() {
    let place = Place::new().await;
    let admin = place.first().await;
    let ada = place.invited(&admin, "Ada").await;
    let key = ada.post(&place, "/keys", json!({ "name": "CI", "scope": "read" })).await.json();
    let key = Person::key(key["key"].as_str().expect("a key"));
    assert_eq!(key.get(&place, "/session").await.json()["account"]["id"], ada.id.as_str());
    let path = |person: &Person| format!("/accounts/{}", person.id);

    let last = admin.patch(&place, &path(&admin), json!({ "administrator": false })).await;
    assert_eq!(last.status, StatusCode::CONFLICT);
    let self_made = ada.patch(&place, &path(&ada), json!({ "administrator": true })).await;
    assert_eq!(self_made.status, StatusCode::FORBIDDEN);
    assert_eq!(
        ada.patch(&place, &path(&admin), json!({ "name": "Eve" })).await.status,
        StatusCode::FORBIDDEN
    );
    let renamed = ada.patch(&place, &path(&ada), json!({ "name": "Ada L.", "language": "fr" })).await;
    assert_eq!(renamed.json()["name"], "Ada L.");

    let names = |answer: crate::place::Answer| answer.json().as_array().expect("a list").len();
    assert_eq!(names(admin.get(&place, "/accounts").await), 2);
    assert_eq!(names(ada.get(&place, "/accounts").await), 1, "strangers are not in the list");
    assert_eq!(ada.delete(&place, &path(&admin)).await.status, StatusCode::FORBIDDEN);
    assert_eq!(admin.delete(&place, &path(&ada)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(ada.get(&place, "/keys").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(key.get(&place, "/session").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(admin.delete(&place, &path(&ada)).await.status, StatusCode::NOT_FOUND);
}
