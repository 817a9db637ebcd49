//! What is read: catalogue, manual, the editor's files.

use crate::{place::Person, working::Working};
use axum::http::{Method, StatusCode};

#[tokio::test]
async fn the_catalogue_speaks_the_readers_language_and_is_sent_once() {
    let bus = Working::new().await;
    let headers = [("accept-language", "fr"), ("accept-encoding", "br")];
    let answer = bus.call(&bus.admin, (Method::GET, "/connectors"), &headers, "").await;
    assert_eq!((answer.status, answer.header("content-encoding")), (StatusCode::OK, "br"));
    let tag = answer.header("etag").to_owned();
    let known =
        bus.call(&bus.admin, (Method::GET, "/connectors"), &[headers[0], ("if-none-match", &tag)], "").await;
    assert_eq!(known.status, StatusCode::NOT_MODIFIED);
    let sort = bus.call(&bus.admin, (Method::GET, "/connectors/sort"), &[headers[0]], "").await.json();
    assert_eq!(sort["title"], "Trier");
    let unknown = bus.admin.get(&bus.place, "/connectors/sortt").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert_eq!(Person::nobody().get(&bus.place, "/connectors").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn everybody_reads_the_manual() {
    let bus = Working::new().await;
    let read = async |path: &str| {
        let request = Person::nobody().request_at(&Method::GET, path).body(axum::body::Body::empty());
        bus.place.send(request.expect("a request")).await
    };
    let contents = read("/manual?lang=fr").await;
    assert!(contents.text().contains("<html lang=\"fr\">"), "{}", contents.text());
    assert!(read("/manual/sort").await.text().contains("<h1>Sort</h1>"));
    assert_eq!(read("/manual/style.css").await.header("content-type"), "text/css; charset=utf-8");
    assert_eq!(read("/manual/nothing").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn other_paths_are_pages_of_the_editor_but_not_those_of_the_api() {
    let bus = Working::new().await;
    let read = async |method: Method, path: &str| {
        let request = Person::nobody().request_at(&method, path).body(axum::body::Body::empty());
        bus.place.send(request.expect("a request")).await
    };
    for path in ["/", "/workflows/1", "/accept"] {
        let page = read(Method::GET, path).await;
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{path}");
        assert_eq!(page.header("cache-control"), "no-cache", "{path}");
    }
    for path in ["/api/v1/nothing", "/assets/app.0000.js"] {
        assert_eq!(read(Method::GET, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(read(Method::POST, "/nothing").await.status, StatusCode::NOT_FOUND);
}
