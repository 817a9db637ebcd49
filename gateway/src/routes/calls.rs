//! Workflows that programs call: by HTTP with an answer, by an upload, with files that stand for sources.

use super::runs::started;
use crate::{
    Allowed, App, Caller, Json, Kind, Noted, Path, Problem, Query, Row, accept, broken,
    download::{self, Target},
};
use axum::{
    Extension,
    extract::{RawQuery, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use backplane::Priority;
use bus_core::{
    api::{KeyScope, Role, RunStatus, RunSummary, StartedBy, Upload},
    msg,
    workflow::{HttpTrigger, Port, Trigger, UploadTrigger, Workflow},
};
use http_body_util::BodyExt;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, time::Duration};
use workers::{Start, Uploading};

pub(super) fn rows() -> Vec<Row> {
    let editor = Allowed::Workflow(Role::Editor);
    let about = "Run a workflow with an HTTP trigger: the query gives its parameters, the body its input. \
        Answers with its data, or with 202 if it takes long or `Prefer: respond-async` was sent";
    vec![
        Row::post("/uploads", "upload.create", "Keep a file for a run", Allowed::SignedIn, upload)
            .key(KeyScope::Run)
            .takes_files()
            .body_of("*/*")
            .query::<Named>()
            .answer::<Upload>(StatusCode::CREATED),
        Row::post(
            "/workflows/{id}/upload",
            "run.upload",
            "Run a workflow with an upload trigger on a file",
            editor,
            upload_and_run,
        )
        .key(KeyScope::Run)
        .takes_files()
        .body_of("*/*")
        .query::<Named>()
        .answer::<RunSummary>(StatusCode::ACCEPTED),
        Row::post("/workflows/{id}/call", "run.call", about, editor, call)
            .key(KeyScope::Run)
            .takes_files()
            .body_of("*/*")
            .answer_of(StatusCode::OK, "*/*")
            .answer::<RunSummary>(StatusCode::ACCEPTED),
        Row::get("/workflows/{id}/call", "run.call-by-get", about, editor, call)
            .changes()
            .key(KeyScope::Run)
            .answer_of(StatusCode::OK, "*/*")
            .answer::<RunSummary>(StatusCode::ACCEPTED),
    ]
}

/// How long a caller is kept waiting for its answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What an uploaded file is called.
#[derive(Debug, Deserialize, JsonSchema)]
struct Named {
    /// The file's name; its extension helps to find its format.
    name: Option<String>,
}

/// Keeps the body as a file, piece by piece as it comes.
async fn keep(app: &App, name: &str, request: Request) -> Result<Upload, Problem> {
    let uploading = poured(app, name, request).await?;
    Ok(uploading.finish().await?)
}

/// All that comes of the body.
async fn poured(app: &App, name: &str, request: Request) -> Result<Uploading, Problem> {
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mut uploading = app.bus().upload(name, media_type.unwrap_or_default());
    let pour = async {
        let mut body = request.into_body();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| broken(&error))?;
            if let Ok(bytes) = frame.into_data() {
                uploading.push(&bytes).await?;
            }
        }
        Ok::<(), Problem>(())
    };
    let came = tokio::time::timeout(app.settings().upload_time, pour).await;
    match came.unwrap_or_else(|_| Err(Problem::new(Kind::Slow))) {
        Ok(()) => Ok(uploading),
        Err(problem) => {
            uploading.abandon().await;
            Err(problem)
        }
    }
}

async fn upload(
    State(app): State<App>,
    Query(named): Query<Named>,
    request: Request,
) -> Result<impl IntoResponse, Problem> {
    let upload = keep(&app, named.name.as_deref().unwrap_or("upload"), request).await?;
    Ok((StatusCode::CREATED, Extension(Noted::new("upload", &upload.id)), Json(upload)))
}

async fn upload_and_run(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Query(named): Query<Named>,
    request: Request,
) -> Result<impl IntoResponse, Problem> {
    let document = app.workflows().get(&id).await?.document;
    let trigger = document.triggers.iter().find_map(|trigger| match trigger {
        Trigger::Upload(trigger) => Some(trigger),
        Trigger::Manual | Trigger::Schedule(_) | Trigger::Http(_) | Trigger::Live(_) => None,
    });
    let Some(UploadTrigger { input }) = trigger else {
        return Err(Problem::of(Kind::Conflict, msg!("the workflow has no upload trigger: give it one")));
    };
    let upload = keep(&app, named.name.as_deref().unwrap_or("upload"), request).await?;
    let start = Start {
        workflow: id,
        parameters: Map::new(),
        inputs: BTreeMap::from([(input.clone(), upload.id)]),
        by: StartedBy::Upload,
        language: caller.language(),
        priority: Priority::Interactive,
    };
    Ok(started(app.bus().start(start).await?))
}

async fn call(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    if request.method() == Method::GET && caller.session().is_some() {
        // a link on any page could make a browser do it
        return Err(Problem::of(Kind::Forbidden, msg!("a call by GET needs a key: use POST, or a key")));
    }
    let document = app.workflows().get(&id).await?.document;
    let trigger = document.triggers.iter().find_map(|trigger| match trigger {
        Trigger::Http(trigger) => Some(trigger),
        Trigger::Manual | Trigger::Schedule(_) | Trigger::Upload(_) | Trigger::Live(_) => None,
    });
    let Some(HttpTrigger { input }) = trigger else {
        return Err(Problem::of(Kind::Conflict, msg!("the workflow has no HTTP trigger: give it one")));
    };
    let headers = request.headers().clone();
    let parameters = parameters(&document, query.as_deref().unwrap_or_default())?;
    let inputs = body(&app, input.as_deref(), request).await?;
    let start = Start {
        workflow: id,
        parameters,
        inputs,
        by: StartedBy::Call,
        language: caller.language(),
        priority: Priority::Interactive,
    };
    let run = app.bus().start(start).await?;
    if prefers_later(&headers) {
        return Ok(started(run).into_response());
    }
    let run = app.bus().wait(&run.id, PATIENCE).await?;
    answer(&app, &caller, run, &headers).await
}

/// What the query says of the parameters, each read by its type.
fn parameters(document: &Workflow, query: &str) -> Result<Map<String, Value>, Problem> {
    let mut values = Map::new();
    let mut problem = Problem::new(Kind::Invalid);
    for (name, text) in url::form_urlencoded::parse(query.as_bytes()) {
        let Some(parameter) = document.parameters.get(&name) else {
            let said = msg!("there is no parameter `{name}`", name = name.as_ref());
            problem = problem.at(name.into_owned(), said);
            continue;
        };
        match parameter.kind.read(&text) {
            Some(value) => drop(values.insert(name.into_owned(), value)),
            None => {
                let said =
                    msg!("`{value}` is not {kind}", value = text.as_ref(), kind = parameter.kind.name());
                problem = problem.at(name.into_owned(), said);
            }
        }
    }
    if problem.places.is_empty() { Ok(values) } else { Err(problem) }
}

/// The body, as what the trigger's source reads.
async fn body(app: &App, input: Option<&str>, request: Request) -> Result<BTreeMap<String, String>, Problem> {
    let Some(step) = input else { return none(request).await.map(|()| BTreeMap::new()) };
    let uploading = poured(app, "call", request).await?;
    if uploading.is_empty() {
        return Ok(BTreeMap::new());
    }
    Ok(BTreeMap::from([(step.to_owned(), uploading.finish().await?.id)]))
}

/// Refuses a body that nobody reads, at its first byte.
async fn none(request: Request) -> Result<(), Problem> {
    let mut body = request.into_body();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| broken(&error))?;
        if frame.data_ref().is_some_and(|bytes| !bytes.is_empty()) {
            let said = msg!(
                "the workflow's HTTP trigger names no source for the body: send none, or name one there"
            );
            return Err(Problem::of(Kind::Invalid, said));
        }
    }
    Ok(())
}

/// Whether the caller does not want to wait (RFC 7240).
fn prefers_later(headers: &HeaderMap) -> bool {
    let lines = headers.get_all("prefer").into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|wish| wish.trim().eq_ignore_ascii_case("respond-async"))
}

/// The answer of a run: what reached its answering sink, in the form the caller likes best. Where that is not kept
/// whole (too much, or nothing), how the run ended.
async fn answer(
    app: &App,
    caller: &Caller,
    run: RunSummary,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    match run.status {
        RunStatus::Succeeded | RunStatus::Unchanged => {}
        RunStatus::Waiting | RunStatus::Running => return Ok(started(run).into_response()),
        RunStatus::Failed | RunStatus::Cancelled => return Err(failed(app, caller, &run.id).await?),
    }
    let noted = Extension(Noted::new("run", &run.id));
    // as it ran: sub-workflows in place, without what is switched off
    let document = app.bus().run(&run.id, caller.language()).await?.document;
    let Some(port) = answering(&document) else { return Ok((noted, Json(run)).into_response()) };
    let table = app.bus().table(&run.id, &port.step, &port.port, 0, 1).await;
    if !table.is_ok_and(|table| table.kept == table.total) {
        return Ok((noted, Json(run)).into_response());
    }
    let offers: Vec<(String, &str)> = ["json", "ndjson", "csv", "geojson", "jsonld", "turtle", "xml"]
        .into_iter()
        .filter_map(|id| Some((download::essence(id)?, id)))
        .collect();
    let names: Vec<&str> = offers.iter().map(|(name, _)| name.as_str()).collect();
    let place = accept::media_type(headers, &names).ok_or_else(|| Problem::new(Kind::NotAcceptable))?;
    let (_, id) = offers.get(place).ok_or_else(|| Problem::new(Kind::NotAcceptable))?;
    let target = Target::of_id(id).ok_or_else(|| Problem::new(Kind::NotAcceptable))?;
    let records = app.bus().records(&run.id, &port.step, &port.port).await?;
    Ok((noted, target.answer(records).await?).into_response())
}

/// The port whose records answer: what leads to the first sink that publishes or hands over, or else to the last sink.
fn answering(document: &Workflow) -> Option<&Port> {
    let into = |step: &str| document.links.iter().find(|link| link.to.step == step).map(|link| &link.from);
    let answers =
        |step: &&bus_core::workflow::Step| ["publish", "workflow-output"].contains(&step.connector.as_str());
    let leads_on =
        |step: &&bus_core::workflow::Step| document.links.iter().any(|link| link.from.step == step.id);
    let first = document.steps.iter().find(answers);
    let last = document.steps.iter().rev().find(|step| !leads_on(step));
    first.or(last).and_then(|step| into(&step.id))
}

/// Why a run failed, as the answer to its caller.
async fn failed(app: &App, caller: &Caller, run: &str) -> Result<Problem, Problem> {
    let detail = app.bus().run(run, caller.language()).await?;
    let mut steps = detail.steps.iter().filter_map(|step| Some((&step.id, step.error.as_ref()?)));
    let said = match (steps.next(), &detail.error) {
        (Some((step, failure)), _) => {
            msg!(
                "the run {run} failed: step \"{step}\": {problem}",
                run = run,
                step = step,
                problem = &failure.text
            )
        }
        (None, Some(failure)) => msg!("the run {run} failed: {problem}", run = run, problem = &failure.text),
        (None, None) => msg!("the run {run} was cancelled", run = run),
    };
    Ok(Problem::of(Kind::Invalid, said))
}
