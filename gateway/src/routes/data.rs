//! Published data: `/data/<slug>`, in the format that is asked for.
//!
//! A version is encoded and packed once; after that, a call is answered from memory (`shelf.rs`).

use super::may::may;
use crate::{
    Allowed, App, Caller, Json, Kind, Path, Problem, Query, Row, accept,
    download::Target,
    packed::Packed,
    shelf::{Look, Published},
};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use bus_core::api::{KeyScope, PublicationInfo, Role};
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::get("/publications", "publication.list", "Published data one may see", Allowed::SignedIn, list)
            .key(KeyScope::Read)
            .answer::<Vec<PublicationInfo>>(StatusCode::OK),
        Row::get(
            "/data/{slug}",
            "publication.read",
            "Published data; the format by extension, `format` or `Accept`",
            Allowed::Anyone,
            read,
        )
        .absolute()
        .key(KeyScope::Read)
        .query::<Wanted>()
        .answer_of(StatusCode::OK, "*/*"),
    ]
}

/// How the data is wanted.
#[derive(Debug, Deserialize, JsonSchema)]
struct Wanted {
    /// A format, by its id or extension.
    format: Option<String>,
}

/// Formats that are offered, the usual one first: id, extension and media type.
const OFFERS: [(&str, &str, &str); 8] = [
    ("json", "json", "application/json"),
    ("csv", "csv", "text/csv"),
    ("geojson", "geojson", "application/geo+json"),
    ("turtle", "ttl", "text/turtle"),
    ("jsonld", "jsonld", "application/ld+json"),
    ("ntriples", "nt", "application/n-triples"),
    ("ndjson", "ndjson", "application/x-ndjson"),
    ("xml", "xml", "application/xml"),
];

async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<PublicationInfo>>, Problem> {
    let mut seen = Vec::new();
    for info in app.bus().publications().list().await? {
        if may(&app, &caller, &info.workflow, Role::Viewer).await.is_ok() {
            seen.push(info);
        }
    }
    Ok(Json(seen))
}

async fn read(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (slug, extension) = match name.rsplit_once('.') {
        Some((slug, extension)) if offer(extension).is_some() => (slug, Some(extension)),
        _ => (name.as_str(), None),
    };
    let published = known(&app, slug).await?.ok_or_else(|| Problem::new(Kind::Missing))?;
    if !published.public {
        // whoever may not read it does not hear whether it is there
        may(&app, &caller, &published.workflow, Role::Viewer)
            .await
            .map_err(|_| Problem::new(Kind::Missing))?;
    }
    let named = wanted.format.as_deref().or(extension);
    let format = match named {
        Some(named) => offer(named),
        None => accept::media_type(&headers, &OFFERS.map(|(_, _, media_type)| media_type)),
    };
    let format = format.ok_or_else(|| Problem::new(Kind::NotAcceptable))?;
    let packed = match app.shelf().get((slug, format), &published.version) {
        Some(packed) => packed,
        None => make(&app, slug, format, &published).await?,
    };
    let mut response = packed.answer(&headers);
    dress(&mut response, &app, &published);
    Ok(response)
}

/// The place of a format among the offers, by id or extension.
fn offer(named: &str) -> Option<usize> {
    OFFERS.iter().position(|(id, extension, _)| [*id, *extension].contains(&named))
}

/// What is known of a publication; the store is asked now and then, by one for all.
async fn known(app: &App, slug: &str) -> Result<Option<Published>, Problem> {
    if let Look::Fresh(published) = app.shelf().look(slug) {
        return Ok(Some(published));
    }
    let published = app.published(slug).await?;
    app.shelf().note(slug, published.as_ref());
    Ok(published)
}

/// Encodes and packs a version, and keeps it.
async fn make(app: &App, slug: &str, format: usize, published: &Published) -> Result<Packed, Problem> {
    let turn = app.shelf().making.lock().await;
    if let Some(packed) = app.shelf().get((slug, format), &published.version) {
        return Ok(packed);
    }
    let (id, _, media_type) = OFFERS.get(format).copied().unwrap_or_default();
    let target = Target::of_id(id).ok_or_else(|| Problem::new(Kind::NotAcceptable))?;
    let media_type = match media_type {
        "text/csv" => "text/csv; charset=utf-8",
        "text/turtle" => "text/turtle; charset=utf-8",
        other => other,
    };
    let records = app.bus().publications().batches(slug).await?;
    let bytes = target.whole(records).await?;
    let caching = if published.public { "public, no-cache" } else { "private, no-cache" };
    let pack = move || Packed::new(media_type, bytes).varying("accept, accept-encoding").cached(caching);
    let packed = tokio::task::spawn_blocking(pack).await.map_err(|error| Problem::ours(&error))?;
    app.shelf().put((slug, format), &published.version, &packed);
    drop(turn);
    Ok(packed)
}

/// How old the data is; pages of any site may read what is public.
fn dress(response: &mut Response, app: &App, published: &Published) {
    let headers = response.headers_mut();
    let age = app.now().0.saturating_sub(published.at.0).max(0) / 1_000;
    headers.insert(header::AGE, HeaderValue::from(age));
    if published.public {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("age, etag"));
        let anywhere = HeaderName::from_static("cross-origin-resource-policy");
        headers.insert(anywhere, HeaderValue::from_static("cross-origin"));
    }
}

#[cfg(test)]
mod tests {
    use super::OFFERS;
    use crate::download::{Target, essence};

    #[test]
    fn every_offer_can_be_written_and_is_what_it_says() {
        for (id, _, media_type) in OFFERS {
            assert!(Target::of_id(id).is_some(), "{id}");
            assert_eq!(essence(id).as_deref(), Some(media_type), "{id}");
        }
    }
}
