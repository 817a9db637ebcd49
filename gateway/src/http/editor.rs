//! What is not in the route table.

use crate::{Kind, Problem, ui};
use axum::{
    http::{HeaderMap, Method, Uri},
    response::{IntoResponse, Response},
};
use bus_core::api::ROOT;

/// Everything that is no call of the API is a page of the editor.
pub(crate) async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let reads = matches!(method, Method::GET | Method::HEAD);
    if uri.path().starts_with(ROOT) || !reads {
        return Problem::new(Kind::Missing).into_response();
    }
    ui::page(uri.path(), &headers)
        .map_or_else(|| Problem::new(Kind::Missing).into_response(), IntoResponse::into_response)
}

/// The path is known, but not with this method.
pub(crate) async fn wrong_method() -> Problem {
    Problem::new(Kind::Method)
}
