//! What there is to build with: connectors, manual, gallery.

use crate::{Allowed, Caller, Json, Kind, Path, Problem, Query, Row, catalogue, gallery, manual};
use axum::{
    http::{HeaderMap, StatusCode},
    response::Response,
};
use bus_core::{
    Language,
    api::{ConnectorInfo, GalleryEntry, KeyScope},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) fn rows() -> Vec<Row> {
    let html = "text/html";
    vec![
        Row::get("/connectors", "connector.list", "All connectors", Allowed::SignedIn, connectors)
            .key(KeyScope::Read)
            .answer::<Vec<ConnectorInfo>>(StatusCode::OK),
        Row::get("/connectors/{id}", "connector.read", "A connector", Allowed::SignedIn, connector)
            .key(KeyScope::Read)
            .answer::<ConnectorInfo>(StatusCode::OK),
        Row::get("/gallery", "gallery.list", "Workflows that come with the bus", Allowed::SignedIn, pieces)
            .key(KeyScope::Read)
            .answer::<Vec<GalleryEntry>>(StatusCode::OK),
        Row::get("/manual", "manual.contents", "The contents of the manual", Allowed::Anyone, contents)
            .absolute()
            .query::<Reader>()
            .answer_of(StatusCode::OK, html),
        Row::get("/manual/{id}", "manual.page", "A page of the manual", Allowed::Anyone, page)
            .absolute()
            .query::<Reader>()
            .answer_of(StatusCode::OK, html),
    ]
}

async fn connectors(caller: Caller, headers: HeaderMap) -> Response {
    catalogue::list(caller.language()).answer(&headers)
}

async fn connector(caller: Caller, Path(id): Path<String>) -> Result<Json<ConnectorInfo>, Problem> {
    let found = catalogue::one(&id, caller.language());
    found.map(Json).ok_or_else(|| Problem::new(Kind::Missing))
}

async fn pieces() -> Json<Vec<GalleryEntry>> {
    Json(gallery::pieces().iter().map(|piece| piece.entry.clone()).collect())
}

/// Who reads the manual.
#[derive(Debug, Deserialize, JsonSchema)]
struct Reader {
    /// `en` or `fr`; what the browser asks for otherwise.
    lang: Option<String>,
}

impl Reader {
    fn language(&self, caller: &Caller) -> Language {
        self.lang.as_deref().and_then(Language::of_tag).unwrap_or_else(|| caller.language())
    }
}

async fn contents(
    caller: Caller,
    Query(reader): Query<Reader>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    shown(None, reader.language(&caller), &headers)
}

async fn page(
    caller: Caller,
    Path(id): Path<String>,
    Query(reader): Query<Reader>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    shown(Some(&id), reader.language(&caller), &headers)
}

fn shown(id: Option<&str>, language: Language, headers: &HeaderMap) -> Result<Response, Problem> {
    let page = manual::page(id, language).ok_or_else(|| Problem::new(Kind::Missing))?;
    Ok(page.answer(headers))
}
