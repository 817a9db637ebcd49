//! Looking before leaping: checks, previews, the times of a schedule.

use super::{findings::findings, may::may};
use crate::{Allowed, App, Caller, Json, Kind, Problem, Query, Row, access};
use axum::{extract::State, http::StatusCode};
use bus_core::{
    api::{Checked, KeyScope, Preview, PreviewAsked, Role, ScheduleTimes},
    check::Whole,
    workflow::{Schedule, Workflow},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::post("/check", "workflow.check", "What is wrong with a document", Allowed::SignedIn, checked)
            .only_looks()
            .key(KeyScope::Read)
            .query::<Belongs>()
            .body::<Workflow>()
            .answer::<Checked>(StatusCode::OK),
        Row::post(
            "/preview",
            "workflow.preview",
            "What a step would send, on a sample",
            Allowed::SignedIn,
            preview,
        )
        .only_looks()
        .key(KeyScope::Run)
        .body::<PreviewAsked>()
        .answer::<Preview>(StatusCode::OK),
        Row::post(
            "/schedules/next",
            "schedule.next",
            "The next five times a schedule fires",
            Allowed::SignedIn,
            next_times,
        )
        .only_looks()
        .key(KeyScope::Read)
        .body::<Schedule>()
        .answer::<ScheduleTimes>(StatusCode::OK),
    ]
}

/// Whose document it is.
#[derive(Debug, Deserialize, JsonSchema)]
struct Belongs {
    /// The workflow it belongs to: what its owner may use, it may use. To those who may change it, the plan
    /// then says what would be done in parts, by the size of its files.
    workflow: Option<String>,
}

async fn checked(
    State(app): State<App>,
    caller: Caller,
    Query(belongs): Query<Belongs>,
    Json(document): Json<Workflow>,
) -> Result<Json<Checked>, Problem> {
    let language = caller.language();
    let (account, sized) = match &belongs.workflow {
        Some(workflow) => {
            let edits = may(&app, &caller, workflow, Role::Viewer).await? >= Role::Editor;
            (app.workflows().get(workflow).await?.owner, edits.then_some(workflow.as_str()))
        }
        None => (caller.account()?.id.clone(), None),
    };
    let Whole { mut problems, runs } = app.workflows().whole(&document, &account).await?;
    let plan = match runs {
        Some(runs) => app.bus().outline(&runs, sized, language).await,
        None => String::new(),
    };
    problems.extend(app.bus().unstaffed(&document).await?);
    Ok(Json(Checked { findings: findings(&problems, language), plan }))
}

async fn next_times(
    State(app): State<App>,
    caller: Caller,
    Json(schedule): Json<Schedule>,
) -> Result<Json<ScheduleTimes>, Problem> {
    let times = schedule.next(app.now(), 5, caller.language());
    times.map(Json).map_err(|message| Problem::of(Kind::Invalid, message))
}

async fn preview(
    State(app): State<App>,
    caller: Caller,
    Json(asked): Json<PreviewAsked>,
) -> Result<Json<Preview>, Problem> {
    // a preview uses the files and secrets of its workflow, and records of a run: who may not, may not
    if let Some(workflow) = &asked.workflow {
        may(&app, &caller, workflow, Role::Editor).await?;
    }
    if let Some(run) = &asked.sample_of {
        let workflow = access::workflow_of_run(&app, run).await?;
        let workflow = workflow.ok_or_else(|| Problem::new(Kind::Missing))?;
        may(&app, &caller, &workflow, Role::Viewer).await?;
    }
    let account = caller.account()?.id.clone();
    Ok(Json(app.bus().preview(asked, &account, caller.language()).await?))
}
