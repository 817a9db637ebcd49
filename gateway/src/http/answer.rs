//! The outermost layer: names each request, logs it, and puts on every answer what all have.

use super::{
    address::{Peer, origin},
    language::accepted,
};
use crate::{App, Kind, Problem, random};
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bus_core::{Language, api::ROOT};
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Instant,
};
use tracing::Instrument;

/// What is known of a call before anybody looked who makes it.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// Its name in the log.
    pub(crate) id: Arc<str>,
    /// The language that was asked for.
    pub(crate) language: Option<Language>,
    pub(crate) address: IpAddr,
    pub(crate) tls: bool,
}

/// The language an answer is to be written in, where the request did not ask for one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reads(pub(crate) Language);

/// Nothing but the editor's own files may run; data from outside may be shown as pictures only.
const CONTENT_POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' data: https:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

const HEADERS: [(HeaderName, HeaderValue); 5] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_POLICY)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// The name of a call in answers; the log has it as `request`.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Wraps every call.
pub(crate) async fn finish(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let start = Instant::now();
    let peer = request.extensions().get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0);
    let origin = origin(request.headers(), peer, &app.settings().proxies);
    let call = Call {
        id: random::name().into(),
        language: accepted(request.headers()),
        address: origin.address,
        tls: origin.tls,
    };
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    request.extensions_mut().insert(call.clone());
    let span = tracing::info_span!(
        "call",
        request = %call.id,
        run = tracing::field::Empty,
        http.request.method = %method,
        http.response.status_code = tracing::field::Empty,
    );
    let response = next.run(request).instrument(span.clone()).await;
    let response = explained(response, &call);
    span.record("http.response.status_code", response.status().as_u16());
    app.metrics().answered(response.status().as_u16(), start.elapsed());
    span.in_scope(|| log(&method, &path, response.status(), start));
    dressed(response, &call, &path)
}

/// One line for each call: those that change or fail are worth reading.
fn log(method: &Method, path: &str, status: StatusCode, start: Instant) {
    let milliseconds = start.elapsed().as_secs_f64() * 1e3;
    let status = status.as_u16();
    if method == Method::GET && status < 500 {
        tracing::debug!(%method, path, status, milliseconds, "answered");
    } else {
        tracing::info!(%method, path, status, milliseconds, "answered");
    }
}

/// A refusal gets its text, in the language of the caller.
fn explained(mut response: Response, call: &Call) -> Response {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let reads = response.extensions().get::<Reads>().map(|reads| reads.0);
    let language = call.language.or(reads).unwrap_or_default();
    let problem = response.extensions_mut().remove::<Problem>();
    let problem = problem.unwrap_or_else(|| Problem::new(Kind::of_status(status)));
    let written = problem.written(language, &call.id);
    let text = serde_json::to_vec(&written).unwrap_or_default();
    let (mut head, _) = response.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    let tag = match language {
        Language::En => "en",
        Language::Fr => "fr",
    };
    head.headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(tag));
    Response::from_parts(head, Body::from(text))
}

/// The headers that every answer has, unless its handler has thought of something better.
fn dressed(mut response: Response, call: &Call, path: &str) -> Response {
    let headers = response.headers_mut();
    for (name, value) in &HEADERS {
        default(headers, name, value);
    }
    if call.tls {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        default(headers, &header::STRICT_TRANSPORT_SECURITY, &year);
    }
    if path.starts_with(ROOT) {
        default(headers, &header::CACHE_CONTROL, &HeaderValue::from_static("no-store"));
    }
    if let Ok(id) = HeaderValue::from_str(&call.id) {
        headers.insert(REQUEST_ID, id);
    }
    response
}

fn default(headers: &mut HeaderMap, name: &HeaderName, value: &HeaderValue) {
    headers.entry(name).or_insert_with(|| value.clone());
}

/// A handler that panicked has answered nothing: the caller hears that it was our fault.
pub(crate) fn panicked(_cause: Box<dyn std::any::Any + Send>) -> Response {
    Problem::ours(&"a handler panicked").into_response()
}
