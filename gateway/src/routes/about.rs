//! What the API says about itself.

use crate::{Allowed, Json, Row, table::openapi};
use axum::http::StatusCode;
use bus_core::api::KeyScope;
use serde_json::Value;

pub(super) fn rows() -> Vec<Row> {
    let description =
        Row::get("/openapi.json", "api.describe", "This description", Allowed::Anyone, describe)
            .key(KeyScope::Read)
            .answer::<Value>(StatusCode::OK);
    vec![description]
}

async fn describe() -> Json<Value> {
    Json(openapi::document())
}
