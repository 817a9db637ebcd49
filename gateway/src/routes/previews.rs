//! Looking before leaping: checks, previews, the times of a schedule.

use super::{findings::findings, may::may};
use crate::{Allowed, App, Caller, Json, Kind, Problem, Query, Row, access};
use axum::{extract::State, http::StatusCode};
use bus_core::{
    api::{Checked, KeyScope, Preview, PreviewAsked, Role, ScheduleTimes},
    check::check,
    workflow::{Loaded, Schedule, Workflow},
};
use connectors::Connectors;
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::post("/check", "workflow.check", "What is wrong with a document", Allowed::SignedIn, checked)
            .only_looks()
            .key(KeyScope::Read)
            .query::<About>()
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

/// What a document is about to become.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct About {
    /// The workflow it is of, by id: its plan then says what would be done in parts, by the size of its files.
    #[serde(default)]
    workflow: Option<String>,
}

async fn checked(
    State(app): State<App>,
    caller: Caller,
    Query(about): Query<About>,
    Json(document): Json<Workflow>,
) -> Result<Json<Checked>, Problem> {
    if let Some(workflow) = &about.workflow {
        may(&app, &caller, workflow, Role::Editor).await?;
    }
    let language = caller.language();
    let loaded = Loaded::from(document);
    let problems = check(&loaded, &Connectors);
    let sound = !problems.iter().any(bus_core::check::Problem::is_error);
    let outline = || app.bus().outline(&loaded.workflow, about.workflow.as_deref(), language);
    let plan = if sound { outline() } else { String::new() };
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
    Ok(Json(app.bus().preview(asked, caller.language()).await?))
}
