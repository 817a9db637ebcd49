//! Runs: started, looked at, ended, tried again.

use crate::{Allowed, App, Caller, Json, Noted, Path, Problem, Query, Row};
use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header::LOCATION},
    response::IntoResponse,
};
use backplane::Priority;
use bus_core::api::{
    KeyScope, LiveState, Page, ROOT, Replay, Role, RunAsked, RunDetail, RunSummary, StartedBy,
};
use schemars::JsonSchema;
use serde::Deserialize;
use workers::Start;

pub(super) fn rows() -> Vec<Row> {
    let (editor, viewer) = (Allowed::Run(Role::Editor), Allowed::Run(Role::Viewer));
    vec![
        Row::post("/workflows/{id}/runs", "run.start", "Start a run", Allowed::Workflow(Role::Editor), start)
            .key(KeyScope::Run)
            .body::<RunAsked>()
            .answer::<RunSummary>(StatusCode::ACCEPTED),
        Row::get(
            "/workflows/{id}/runs",
            "run.list",
            "The runs of a workflow, latest first",
            Allowed::Workflow(Role::Viewer),
            list,
        )
        .key(KeyScope::Read)
        .query::<Paging>()
        .answer::<Page<RunSummary>>(StatusCode::OK),
        Row::get(
            "/workflows/{id}/live",
            "live.read",
            "How it stands with the messages that start runs of a workflow",
            Allowed::Workflow(Role::Viewer),
            live,
        )
        .key(KeyScope::Read)
        .answer::<LiveState>(StatusCode::OK),
        Row::get("/runs/{id}", "run.read", "A run", viewer, read)
            .key(KeyScope::Read)
            .answer::<RunDetail>(StatusCode::OK),
        Row::post("/runs/{id}/cancel", "run.cancel", "End a run", editor, cancel)
            .key(KeyScope::Run)
            .answer_nothing(StatusCode::NO_CONTENT),
        Row::post(
            "/runs/{id}/resume",
            "run.resume",
            "Try a failed run again, from where it failed",
            editor,
            resume,
        )
        .key(KeyScope::Run)
        .answer_nothing(StatusCode::NO_CONTENT),
        Row::post(
            "/runs/{id}/steps/{step}/replay",
            "run.replay",
            "Give refused records, mended, to their step again",
            editor,
            replay,
        )
        .key(KeyScope::Run)
        .body::<Replay>()
        .answer::<RunSummary>(StatusCode::ACCEPTED),
    ]
}

/// A page of a list.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Paging {
    /// What the page before gave as `next`.
    pub(super) after: Option<String>,
    /// At most so many.
    pub(super) limit: Option<usize>,
}

impl Paging {
    /// At most so many, within reason.
    pub(super) fn limit(&self) -> usize {
        self.limit.unwrap_or(50).clamp(1, 1_000)
    }
}

/// The answer to a call that has started a run: where to look at it.
pub(super) fn started(run: RunSummary) -> impl IntoResponse {
    let place = format!("{ROOT}/runs/{}", run.id);
    (StatusCode::ACCEPTED, [(LOCATION, place)], Extension(Noted::new("run", &run.id)), Json(run))
}

async fn start(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(asked): Json<RunAsked>,
) -> Result<impl IntoResponse, Problem> {
    let start = Start {
        workflow: id,
        parameters: asked.parameters,
        inputs: asked.inputs,
        by: StartedBy::Person(caller.account()?.name.clone()),
        language: caller.language(),
        priority: Priority::Interactive,
    };
    Ok(started(app.bus().start(start).await?))
}

async fn list(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<RunSummary>>, Problem> {
    Ok(Json(app.bus().runs(&id, paging.after.as_deref(), paging.limit()).await?))
}

async fn live(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<LiveState>, Problem> {
    Ok(Json(app.bus().listeners().state(&id, caller.language()).await?))
}

async fn read(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<RunDetail>, Problem> {
    Ok(Json(app.bus().run(&id, caller.language()).await?))
}

async fn cancel(State(app): State<App>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    app.bus().cancel(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn resume(State(app): State<App>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    app.bus().resume(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn replay(
    State(app): State<App>,
    caller: Caller,
    Path((id, step)): Path<(String, String)>,
    Json(asked): Json<Replay>,
) -> Result<impl IntoResponse, Problem> {
    let by = StartedBy::Person(caller.account()?.name.clone());
    Ok(started(app.bus().replay(&id, &step, asked, by).await?))
}
