//! Workflows: made, saved, looked at as they were, copied from the gallery.

use super::{findings::findings, runs::Paging};
use crate::{Allowed, App, Caller, Json, Kind, Noted, Path, Problem, Query, Row, accounts::People, gallery};
use axum::{
    Extension,
    extract::State,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ETAG, IF_MATCH, LOCATION},
    },
    response::IntoResponse,
};
use bus_core::{
    api::{
        GalleryEntry, KeyScope, NewWorkflow, Page, ROOT, Role, Saved, Version, WorkflowDetail,
        WorkflowSummary,
    },
    msg,
    workflow::Workflow,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use workers::StoredWorkflow;

/// Workflows of a list that are asked about at the same time: each takes a few calls to the store.
const TOGETHER: usize = 8;

pub(super) fn rows() -> Vec<Row> {
    let viewer = Allowed::Workflow(Role::Viewer);
    vec![
        Row::get("/workflows", "workflow.list", "The workflows one may see", Allowed::SignedIn, list)
            .key(KeyScope::Read)
            .query::<Paging>()
            .answer::<Page<WorkflowSummary>>(StatusCode::OK),
        Row::post("/workflows", "workflow.create", "Make a workflow", Allowed::SignedIn, create)
            .key(KeyScope::Write)
            .body::<NewWorkflow>()
            .answer::<WorkflowDetail>(StatusCode::CREATED),
        Row::get("/workflows/{id}", "workflow.read", "A workflow; its revision is the `ETag`", viewer, read)
            .key(KeyScope::Read)
            .answer::<WorkflowDetail>(StatusCode::OK),
        Row::put(
            "/workflows/{id}",
            "workflow.save",
            "Save a workflow; `If-Match` says which revision is changed",
            Allowed::Workflow(Role::Editor),
            save,
        )
        .key(KeyScope::Write)
        .body::<Workflow>()
        .answer::<Saved>(StatusCode::OK),
        Row::delete(
            "/workflows/{id}",
            "workflow.delete",
            "Delete a workflow and what belongs to it",
            Allowed::Workflow(Role::Owner),
            delete,
        )
        .key(KeyScope::Write)
        .answer_nothing(StatusCode::NO_CONTENT),
        Row::get(
            "/workflows/{id}/versions",
            "workflow.versions",
            "The states of a workflow",
            viewer,
            versions,
        )
        .key(KeyScope::Read)
        .answer::<Vec<Version>>(StatusCode::OK),
        Row::get(
            "/workflows/{id}/versions/{revision}",
            "workflow.version",
            "A workflow as it was at a revision",
            viewer,
            version,
        )
        .key(KeyScope::Read)
        .answer::<Workflow>(StatusCode::OK),
        Row::post(
            "/gallery/{id}",
            "workflow.take",
            "Make a workflow of the gallery one's own, with its files",
            Allowed::SignedIn,
            take,
        )
        .key(KeyScope::Write)
        .answer::<WorkflowDetail>(StatusCode::CREATED),
    ]
}

/// The revision as an `ETag`.
fn etag(revision: u64) -> HeaderValue {
    HeaderValue::try_from(format!("\"{revision}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// The revision that `If-Match` names; `None` for any (`*`).
fn expected(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let value = headers.get(IF_MATCH).ok_or_else(|| Problem::new(Kind::RevisionNeeded))?;
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let revision = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')?.parse().ok());
    let malformed = || Problem::of(Kind::Malformed, msg!("`If-Match` is a revision such as \"12\", or *"));
    revision.map(Some).ok_or_else(malformed)
}

async fn summary(app: &App, caller: &Caller, workflow: &StoredWorkflow) -> Result<WorkflowSummary, Problem> {
    let who = app.who(&caller.account()?.id).await?;
    let owner = People(app).get(&workflow.owner).await?;
    let runs = app.bus().runs(&workflow.id, None, 1).await?;
    Ok(WorkflowSummary {
        id: workflow.id.clone(),
        name: workflow.document.name.clone(),
        description: workflow.document.description.clone(),
        role: workflow.role(&who).unwrap_or(Role::Viewer),
        owner: owner.map(|owner| owner.value.name).unwrap_or_default(),
        revision: workflow.revision,
        changed: workflow.changed,
        draft: workflow.draft,
        last_run: runs.items.into_iter().next(),
        next: app.bus().schedules().next(&workflow.id).await?,
    })
}

async fn detail(app: &App, caller: &Caller, workflow: StoredWorkflow) -> Result<WorkflowDetail, Problem> {
    let mut whole = app.workflows().whole(&workflow.document, &workflow.owner).await?;
    whole.problems.extend(app.bus().unstaffed(&workflow.document).await?);
    Ok(WorkflowDetail {
        summary: summary(app, caller, &workflow).await?,
        findings: findings(&whole.problems, caller.language()),
        document: workflow.document,
    })
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<WorkflowSummary>>, Problem> {
    let who = app.who(&caller.account()?.id).await?;
    let page = app.workflows().list(&who, paging.after.as_deref(), paging.limit()).await?;
    let shown = page.items.iter().filter(|workflow| caller.key_covers(&workflow.id));
    let asked: Vec<_> = shown.map(|workflow| summary(&app, &caller, workflow)).collect();
    let items = stream::iter(asked).buffered(TOGETHER).try_collect().await?;
    Ok(Json(Page { items, next: page.next }))
}

/// The answer to a call that has made a workflow.
async fn made(
    app: &App,
    caller: &Caller,
    workflow: StoredWorkflow,
) -> Result<impl IntoResponse + use<>, Problem> {
    let detail = detail(app, caller, workflow).await?;
    let place = format!("{ROOT}/workflows/{}", detail.summary.id);
    let head = [(LOCATION, HeaderValue::try_from(place).unwrap_or(HeaderValue::from_static("/")))];
    let tag = [(ETAG, etag(detail.summary.revision))];
    let noted = Noted::new("workflow", &detail.summary.id);
    Ok((StatusCode::CREATED, head, tag, Extension(noted), Json(detail)))
}

async fn create(
    State(app): State<App>,
    caller: Caller,
    Json(asked): Json<NewWorkflow>,
) -> Result<impl IntoResponse, Problem> {
    let owner = &caller.account()?.id;
    let workflow = app.workflows().create(asked.document, owner).await?;
    made(&app, &caller, workflow).await
}

async fn read(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let workflow = app.workflows().get(&id).await?;
    let tag = [(ETAG, etag(workflow.revision))];
    Ok((tag, Json(detail(&app, &caller, workflow).await?)))
}

async fn save(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(document): Json<Workflow>,
) -> Result<impl IntoResponse, Problem> {
    let expected = expected(&headers)?;
    let by = &caller.account()?.name;
    let saved = app.workflows().save(&id, document, by, expected).await?;
    let mut whole = app.workflows().whole(&saved.document, &saved.owner).await?;
    whole.problems.extend(app.bus().unstaffed(&saved.document).await?);
    let findings = findings(&whole.problems, caller.language());
    Ok(([(ETAG, etag(saved.revision))], Json(Saved { revision: saved.revision, findings })))
}

async fn delete(State(app): State<App>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    app.workflows().delete(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn versions(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Vec<Version>>, Problem> {
    Ok(Json(app.workflows().versions(&id).await?))
}

async fn version(
    State(app): State<App>,
    Path((id, revision)): Path<(String, u64)>,
) -> Result<Json<Workflow>, Problem> {
    Ok(Json(app.workflows().version(&id, revision).await?.document))
}

async fn take(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let piece = gallery::pieces().iter().find(|piece| piece.entry.id == id);
    let piece = piece.ok_or_else(|| Problem::new(Kind::Missing))?;
    let GalleryEntry { document, .. } = piece.entry.clone();
    let workflow = app.workflows().create(document, &caller.account()?.id).await?;
    for (path, bytes) in piece.files() {
        let written = app.lay_out(&workflow.id, &path, bytes).await;
        written.map_err(|error| Problem::ours(&error))?;
    }
    made(&app, &caller, workflow).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_save_names_the_revision_it_changes() {
        let headers =
            |value: &'static str| HeaderMap::from_iter([(IF_MATCH, HeaderValue::from_static(value))]);
        assert_eq!(expected(&headers("\"12\"")).expect("a revision"), Some(12));
        assert_eq!(expected(&headers("*")).expect("any"), None);
        assert_eq!(expected(&headers("12")).expect_err("no tag").kind, Kind::Malformed);
        assert_eq!(expected(&HeaderMap::new()).expect_err("needed").kind, Kind::RevisionNeeded);
    }
}
