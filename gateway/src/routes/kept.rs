//! Records kept of a run: as a table for the eye, or as a file of any format.

use crate::{Allowed, App, Json, Kind, Path, Problem, Query, Row, download};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bus_core::api::{KeyScope, Role, Table};
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::get(
            "/runs/{id}/steps/{step}/ports/{port}",
            "run.records",
            "Records kept of a port of a step: a table, or with `format` a file",
            Allowed::Run(Role::Viewer),
            records,
        )
        .key(KeyScope::Read)
        .query::<Asked>()
        .answer::<Table>(StatusCode::OK)
        .answer_of(StatusCode::OK, "*/*"),
    ]
}

/// Which records, and in which form.
#[derive(Debug, Deserialize, JsonSchema)]
struct Asked {
    /// The place of the first record of the table, from 0.
    from: Option<u64>,
    /// At most so many records in the table.
    limit: Option<usize>,
    /// A format, by its id: all records as a file.
    format: Option<String>,
}

async fn records(
    State(app): State<App>,
    Path((run, step, port)): Path<(String, String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let Some(format) = asked.format else {
        let limit = asked.limit.unwrap_or(100).clamp(1, 1_000);
        let table = app.bus().table(&run, &step, &port, asked.from.unwrap_or(0), limit).await?;
        return Ok(Json(table).into_response());
    };
    let format = download::Target::of_id(&format).ok_or_else(|| Problem::new(Kind::NotAcceptable))?;
    let records = app.bus().records(&run, &step, &port).await?;
    format.file(&format!("{step}-{port}"), records).await
}
