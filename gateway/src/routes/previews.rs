//! Looking before leaping: checks, previews, the times of a schedule.

use super::{findings::findings, may::may};
use crate::{Allowed, App, Caller, Json, Kind, Problem, Row, access};
use axum::{extract::State, http::StatusCode};
use bus_core::{
    api::{Checked, KeyScope, Preview, PreviewAsked, Role, ScheduleTimes},
    check::check,
    plan::plan,
    workflow::{Loaded, Schedule, Workflow},
};
use connectors::Connectors;

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::post("/check", "workflow.check", "What is wrong with a document", Allowed::SignedIn, checked)
            .only_looks()
            .key(KeyScope::Read)
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

async fn checked(caller: Caller, Json(document): Json<Workflow>) -> Json<Checked> {
    let language = caller.language();
    let loaded = Loaded::from(document);
    let problems = check(&loaded, &Connectors);
    let sound = !problems.iter().any(bus_core::check::Problem::is_error);
    let plan = if sound { plan(&loaded.workflow, &Connectors).text(language) } else { String::new() };
    Json(Checked { findings: findings(&problems, language), plan })
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
