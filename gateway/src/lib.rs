//! HTTP in front of the bus: API, sessions, publications, live events, manual, the embedded editor.
//!
//! Every call is a row of one table (`table/`): its path, who may make it, what it takes and answers.
//! Router, permission check, audit and OpenAPI document all come from it.

mod accept;
mod access;
mod accounts;
mod audit;
mod catalogue;
mod documents;
mod download;
mod engine;
mod gallery;
mod http;
mod manual;
mod metrics;
mod packed;
mod problem;
mod random;
mod routes;
mod settings;
mod shelf;
mod state;
mod streams;
mod table;
mod ui;
mod worker;

pub use access::Caller;
pub use audit::Noted;
pub use http::{
    extract::{Json, Path, Query, broken, whole},
    serve::serve,
};
pub use manual::examples;
pub use problem::{Kind, Problem};
pub use settings::{Accounts, PasswordCost, Settings};
pub use state::{App, Parts};
pub use table::{Allowed, Route, Row, openapi::document as openapi, routes};
pub use worker::{serve_worker, worker};

use axum::{Router, middleware::from_fn_with_state};

/// All of HTTP, as one service.
pub fn app(state: App) -> Router {
    table::router(&state)
        .layer(tower_http::catch_panic::CatchPanicLayer::custom(http::answer::panicked))
        .layer(from_fn_with_state(state, http::answer::finish))
}
