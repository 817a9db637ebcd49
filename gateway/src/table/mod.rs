//! The route table: one row says everything there is to know of a call.
//!
//! Router, permission check, audit and OpenAPI all come from it. A path that is not in it does not exist.

pub(crate) mod openapi;
mod row;

pub use row::{Allowed, Row};
pub(crate) use row::{Content, Rule};

use crate::{App, access, http::editor, routes};
use axum::{Router, middleware::from_fn_with_state};

/// Every call there is.
pub(crate) fn rows() -> Vec<Row> {
    routes::rows()
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
