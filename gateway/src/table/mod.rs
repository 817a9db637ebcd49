//! The route table: one row says everything there is to know of a call.
//!
//! Router, permission check, audit and OpenAPI all come from it. A path that is not in it does not exist.

pub(crate) mod openapi;
mod row;

pub use row::{Allowed, Row};
pub(crate) use row::{Content, Rule};

use crate::{App, access, http::editor};
use axum::{Router, http::Method, middleware::from_fn_with_state};
use bus_core::api::KeyScope;

/// Every call there is.
pub(crate) fn rows() -> Vec<Row> {
    crate::routes::rows()
}

/// What the table says of a call.
#[derive(Debug, Clone)]
pub struct Route {
    /// Its method.
    pub method: Method,
    /// Its path, with parameters in braces.
    pub path: String,
    /// What it is called in the audit.
    pub operation: &'static str,
    /// Who may make it.
    pub allowed: Allowed,
    /// What a key must be good for; without it, keys are refused.
    pub key: Option<KeyScope>,
}

/// Every call there is, for whoever wants to look at the whole table.
#[must_use]
pub fn routes() -> Vec<Route> {
    let route = |row: Row| {
        let Rule { method, path, operation, allowed, key, .. } = (*row.rule).clone();
        Route { method, path, operation, allowed, key }
    };
    rows().into_iter().map(route).collect()
}

/// The router over the table, with the permission check before every handler.
pub(crate) fn router(app: &App) -> Router {
    let mut router = Router::new();
    for row in rows() {
        let guard = access::Guard::new(app.clone(), row.rule.clone());
        let handler = row.handler.route_layer(from_fn_with_state(guard, access::guard));
        router = router.route(&row.rule.path, handler);
    }
    router.fallback(editor::page).method_not_allowed_fallback(editor::wrong_method).with_state(app.clone())
}
