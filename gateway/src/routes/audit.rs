//! Who did what, for administrators and the owners of workflows.

use crate::{
    Allowed, App, Caller, Json, Kind, Problem, Query, Row,
    access::on_workflow,
    audit::{AUDIT, Entry},
    documents,
};
use axum::{extract::State, http::StatusCode};
use bus_core::{
    api::{AuditEntry, Page, Role},
    msg,
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::get(
            "/audit",
            "audit.list",
            "Who did what, latest first: everything for administrators; of a workflow for its owner",
            Allowed::SignedIn,
            list,
        )
        .query::<Asked>()
        .answer::<Page<AuditEntry>>(StatusCode::OK),
    ]
}

/// What the audit is asked.
#[derive(Debug, Deserialize, JsonSchema)]
struct Asked {
    /// Only what was done on this: `workflow/<id>` (with its runs), `account/<id>`, …
    object: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// Entries on a page, 1 to 1000.
    limit: Option<u16>,
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Json<Page<AuditEntry>>, Problem> {
    may_read(&app, &caller, asked.object.as_deref()).await?;
    let limit = usize::from(asked.limit.unwrap_or(100)).clamp(1, 1_000);
    let after = match &asked.after {
        None => None,
        Some(id) => Some(app.store().get(AUDIT, id).await?.ok_or_else(unknown_page)?),
    };
    let (index, equal) = match asked.object.as_deref() {
        None => ("at", Vec::new()),
        Some(object) if object.starts_with("workflow/") => ("workflow", vec![object.into()]),
        Some(object) => ("object", vec![object.into()]),
    };
    let query =
        backplane::Query { descending: true, after, limit: limit + 1, ..backplane::Query::of(index, equal) };
    let mut found = documents::find::<Entry>(app.store(), AUDIT, query).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|entry| entry.id.clone());
    Ok(Json(Page { items: found.into_iter().map(|entry| entry.value.shown()).collect(), next }))
}

fn unknown_page() -> Problem {
    Problem::invalid("after", msg!("there is no such page"))
}

async fn may_read(app: &App, caller: &Caller, object: Option<&str>) -> Result<(), Problem> {
    let account = caller.account()?;
    if account.administrator {
        return Ok(());
    }
    let Some(workflow) = object.and_then(|object| object.strip_prefix("workflow/")) else {
        return Err(Problem::new(Kind::Forbidden));
    };
    match on_workflow(app, &account.id, workflow).await? {
        Some(Role::Owner) => Ok(()),
        Some(Role::Editor | Role::Viewer) => Err(Problem::new(Kind::Forbidden)),
        None => Err(Problem::new(Kind::Missing)),
    }
}
