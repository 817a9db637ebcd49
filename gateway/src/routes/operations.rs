//! For those who keep the bus running: health, metrics, the cache, tasks that were given up.

use super::{may::may, runs::Paging};
use crate::{
    Allowed, App, Caller, Json, Kind, Noted, Path, Problem, Query, Row, access, engine,
    metrics::{Page as Metrics, float},
    worker::readiness,
};
use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use backplane::Chunk;
use bus_core::{
    Message,
    api::{CacheEntry, DeadLetterInfo, Health, KeyScope, Page, Role, Time, Worker},
    msg,
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::HashMap;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = watched();
    rows.extend(kept());
    rows
}

/// What those ask who watch the server.
fn watched() -> Vec<Row> {
    let text = "text/plain";
    vec![
        Row::get("/healthz", "server.live", "Whether the process lives", Allowed::Anyone, live)
            .absolute()
            .key(KeyScope::Read)
            .answer_of(StatusCode::OK, text),
        Row::get(
            "/readyz",
            "server.ready",
            "Whether the store and the broker can be reached",
            Allowed::Anyone,
            ready,
        )
        .absolute()
        .key(KeyScope::Read)
        .answer_of(StatusCode::OK, text),
        Row::get(
            "/health",
            "server.health",
            "What the server reaches, and which workers there are",
            Allowed::SignedIn,
            health,
        )
        .key(KeyScope::Read)
        .answer::<Health>(StatusCode::OK),
        Row::get(
            "/metrics",
            "server.metrics",
            "Counts for Prometheus, without names",
            Allowed::Anyone,
            metrics,
        )
        .absolute()
        .key(KeyScope::Read)
        .answer_of(StatusCode::OK, text),
    ]
}

/// What is held, and what was given up.
fn kept() -> Vec<Row> {
    vec![
        Row::get(
            "/cache",
            "cache.list",
            "What is held for the workflows one may see",
            Allowed::SignedIn,
            held,
        )
        .key(KeyScope::Read)
        .query::<Paging>()
        .answer::<Page<CacheEntry>>(StatusCode::OK),
        Row::delete("/cache", "cache.delete", "Delete something held, by name", Allowed::SignedIn, delete)
            .key(KeyScope::Write)
            .query::<Named>()
            .answer_nothing(StatusCode::NO_CONTENT),
        Row::get("/dead-letters", "letter.list", "Tasks that were given up", Allowed::Administrator, letters)
            .answer::<Vec<DeadLetterInfo>>(StatusCode::OK),
        Row::post(
            "/dead-letters/{id}",
            "letter.answer",
            "Try a task again, or drop it",
            Allowed::Administrator,
            bury,
        )
        .body::<Answer>()
        .answer_nothing(StatusCode::NO_CONTENT),
    ]
}

async fn live() -> &'static str {
    "ok\n"
}

async fn ready(State(app): State<App>) -> Result<(StatusCode, String), Problem> {
    if app.stopping().is_cancelled() {
        return Err(Problem::of(Kind::Unavailable, msg!("the server is stopping")));
    }
    Ok(readiness(&app.bus().health().await))
}

async fn health(State(app): State<App>, caller: Caller) -> Json<Health> {
    let (health, language) = (app.bus().health().await, caller.language());
    let text = |trouble: Option<Message>| trouble.map(|trouble| trouble.text(language));
    let workers = app.bus().staff().await.unwrap_or_default();
    let workers = workers.into_iter().filter(|node| node.slots > 0);
    Json(Health {
        ready: health.is_well(),
        store: text(health.store),
        broker: text(health.broker),
        workers: workers
            .map(|node| Worker {
                name: node.node,
                slots: node.slots,
                labels: node.labels,
                seen: Time(node.seen),
            })
            .collect(),
    })
}

async fn metrics(State(app): State<App>) -> Result<impl IntoResponse, Problem> {
    let mut page = Metrics::default();
    app.metrics().write(&mut page);
    page.one("semantic_bus_uptime_seconds", "gauge", "Time since the start.", app.uptime().as_secs_f64());
    page.one(
        "semantic_bus_event_streams",
        "gauge",
        "Open streams of events.",
        float(app.streams().count() as u64),
    );
    page.one(
        "semantic_bus_shelf_bytes",
        "gauge",
        "Published data in memory.",
        float(app.shelf().bytes() as u64),
    );
    engine::write(&mut page, app.bus()).await;
    if let Err(problem) = held_and_standing(&mut page, &app).await {
        tracing::warn!(kind = ?problem.kind, "what stands in the store cannot be counted");
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page.0))
}

/// Counts what stands in the store: left out while that is away.
async fn held_and_standing(page: &mut Metrics, app: &App) -> Result<(), Problem> {
    let (chunks, bytes) = cached(app).await?;
    page.one("semantic_bus_cache_chunks", "gauge", "Chunks in the cache.", float(chunks));
    page.one("semantic_bus_cache_bytes", "gauge", "Bytes in the cache.", float(bytes));
    let census = app.bus().census().await?;
    let runs: Vec<(String, f64)> = census
        .runs
        .iter()
        .map(|(status, count)| (format!("{{status=\"{status}\"}}"), float(*count)))
        .collect();
    page.family(
        "semantic_bus_runs",
        "gauge",
        "Runs on record by how they stand, 100000 of each at most.",
        &runs,
    );
    Ok(())
}

/// How much is in the cache, as far as it can be counted in a moment.
async fn cached(app: &App) -> Result<(u64, u64), Problem> {
    let (mut chunks, mut bytes, mut after) = (0, 0, None);
    for _ in 0..50 {
        let found = app.store().chunks("", after.as_ref(), 1_000).await?;
        chunks += found.len() as u64;
        bytes += found.iter().map(|chunk| chunk.size).sum::<u64>();
        after = found.into_iter().last();
        if after.is_none() {
            break;
        }
    }
    Ok((chunks, bytes))
}

/// Between owner and name in the mark of a page.
const BETWEEN: char = '|';

async fn held(
    State(app): State<App>,
    caller: Caller,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<CacheEntry>>, Problem> {
    let after = paging.after.as_deref().and_then(|mark| mark.split_once(BETWEEN));
    let after = after.map(|(owner, name)| Chunk {
        name: name.to_owned(),
        owner: owner.to_owned(),
        size: 0,
        until: 0,
    });
    let limit = paging.limit();
    let chunks = app.store().chunks("", after.as_ref(), limit).await?;
    let next = chunks.last().filter(|_| chunks.len() == limit);
    let next = next.map(|chunk| format!("{}{BETWEEN}{}", chunk.owner, chunk.name));
    let mut seen = Seen { app: &app, caller: &caller, owners: HashMap::new() };
    let mut items = Vec::new();
    for chunk in chunks {
        if let Some(workflow) = seen.workflow(&chunk.owner, Role::Viewer).await? {
            let until = Time(chunk.until);
            items.push(CacheEntry {
                name: chunk.name,
                owner: chunk.owner,
                workflow,
                size: chunk.size,
                until,
            });
        }
    }
    Ok(Json(Page { items, next }))
}

/// Who may see what is held, found out once for each owner.
struct Seen<'a> {
    app: &'a App,
    caller: &'a Caller,
    owners: HashMap<String, Option<String>>,
}

impl Seen<'_> {
    /// The name of the workflow that something is held for, if the caller may; administrators may see everything.
    async fn workflow(&mut self, owner: &str, needed: Role) -> Result<Option<String>, Problem> {
        if let Some(known) = self.owners.get(owner) {
            return Ok(known.clone());
        }
        let found = self.find(owner, needed).await?;
        self.owners.insert(owner.to_owned(), found.clone());
        Ok(found)
    }

    async fn find(&self, owner: &str, needed: Role) -> Result<Option<String>, Problem> {
        let administrator = self.caller.account()?.administrator;
        let id = match owner.split_once('/') {
            Some(("run", run)) => access::workflow_of_run(self.app, run).await?,
            Some(("publication", slug)) => self.app.published(slug).await?.map(|it| it.workflow),
            _ => None,
        };
        let Some(id) = id else { return Ok(administrator.then(String::new)) };
        if !administrator && may(self.app, self.caller, &id, needed).await.is_err() {
            return Ok(None);
        }
        let workflow = self.app.workflows().get(&id).await;
        Ok(Some(workflow.map(|workflow| workflow.document.name).unwrap_or_default()))
    }
}

/// What is to be deleted.
#[derive(Debug, Deserialize, JsonSchema)]
struct Named {
    /// The name, as the list has it.
    name: String,
    /// For what it is kept, as the list has it.
    owner: String,
}

async fn delete(
    State(app): State<App>,
    caller: Caller,
    Query(named): Query<Named>,
) -> Result<impl IntoResponse, Problem> {
    let mut seen = Seen { app: &app, caller: &caller, owners: HashMap::new() };
    let allowed = seen.workflow(&named.owner, Role::Editor).await?;
    let chunks = app.store().chunks(&named.owner, None, 10_000).await?;
    let is_there = chunks.iter().any(|chunk| chunk.owner == named.owner && chunk.name == named.name);
    if allowed.is_none() || !is_there {
        return Err(Problem::new(Kind::Missing));
    }
    app.store().delete_chunk(&named.name).await?;
    Ok((StatusCode::NO_CONTENT, Extension(Noted::new("cache", &named.name))))
}

/// So many tasks that were given up are shown; those behind them come when these are seen to.
const MOST_LETTERS: usize = 1_000;

async fn letters(State(app): State<App>) -> Result<Json<Vec<DeadLetterInfo>>, Problem> {
    Ok(Json(app.bus().dead_letters(MOST_LETTERS).await?))
}

/// What becomes of a task that was given up.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Answer {
    /// Whether it is tried again; dropped otherwise.
    again: bool,
}

async fn bury(
    State(app): State<App>,
    Path(id): Path<String>,
    Json(answer): Json<Answer>,
) -> Result<StatusCode, Problem> {
    app.bus().bury(&id, answer.again).await?;
    Ok(StatusCode::NO_CONTENT)
}
