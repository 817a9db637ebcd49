//! Measures short runs over the embedded store: 3 steps, 100 records each. Prints one line of JSON.
//!
//! `cargo run --release -p workers --example short_runs [runs]`
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use backplane::{Collection, Expect, Priority, Store, embedded::Embedded};
use bus_core::{
    Language,
    api::{PreviewAsked, RunStatus, StartedBy},
};
use serde_json::{Map, json};
use std::{
    collections::BTreeMap,
    error::Error,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use workers::{Bus, BusParts, BusSettings, Start, SystemClock};

const WORKFLOWS: Collection = Collection { name: "workflows", indexes: &[] };
/// Who starts runs at the same time, each of a workflow of its own.
const CALLERS: usize = 8;

fn main() -> Result<(), Box<dyn Error>> {
    let runs = std::env::args().nth(1).and_then(|runs| runs.parse().ok()).unwrap_or(2_000);
    workers::runtime(None)?.block_on(measure(runs))
}

/// Three steps, a hundred records.
fn document() -> serde_json::Value {
    json!({
        "version": 1,
        "steps": [
            { "id": "in", "connector": "generator", "settings": {
                "records": 100,
                "fields": [{ "name": "n", "values": { "sequence": {} } }],
            } },
            { "id": "few", "connector": "filter", "settings": { "expression": "n % 2 == 0" } },
            { "id": "out", "connector": "discard" },
        ],
        "links": ["in -> few -> out"],
    })
}

async fn measure(runs: usize) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let store = Embedded::open(&folder.path().join("data"), Arc::new(|| workers::now(&SystemClock)))?;
    let bus = node(folder.path(), &store);
    let document = document();
    for caller in 0..CALLERS {
        let body = json!({
            "form": 1, "document": document, "owner": "bench", "shares": [], "draft": false,
            "changed": "2026-11-25T00:00:00Z", "by": "bench", "revision": 1,
        });
        store.save(WORKFLOWS, &format!("w{caller}"), body.into(), Expect::Anything).await?;
    }
    let (stop, mut work) = (CancellationToken::new(), JoinSet::new());
    let (worker, stopped) = (bus.clone(), stop.clone());
    work.spawn(async move { worker.work(stopped).await });

    let (began, cpu) = (Instant::now(), workers::cpu_seconds());
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let bus = bus.clone();
        callers.spawn(async move { call(&bus, caller, runs / CALLERS).await });
    }
    let mut waits: Vec<Duration> = callers.join_all().await.into_iter().flatten().collect();
    let (seconds, cpu) = (began.elapsed().as_secs_f64(), workers::cpu_seconds() - cpu);
    waits.sort();
    let share =
        |part: usize| waits.get(waits.len() * part / 100).map_or(0.0, |wait| wait.as_secs_f64() * 1e3);
    let preview = PreviewAsked {
        document: serde_json::from_value(document)?,
        workflow: None,
        step: "few".to_owned(),
        sample_of: None,
        inputs: BTreeMap::new(),
        records: 1_000,
        parameters: Map::new(),
    };
    let preview = bus.preview(preview, "me", Language::En).await?;
    println!(
        "{}",
        json!({
            "runs": waits.len(),
            "runs_per_second": waits.len() as f64 / seconds,
            "cpu_ms_per_run": cpu * 1e3 / waits.len() as f64,
            "ms_p50": share(50),
            "ms_p99": share(99),
            "preview_ms": preview.milliseconds,
        })
    );
    stop.cancel();
    while work.join_next().await.is_some() {}
    Ok(())
}

/// Starts runs one after the other, and waits for each; gives how long each took.
async fn call(bus: &Bus, caller: usize, runs: usize) -> Vec<Duration> {
    let mut waits = Vec::new();
    for _ in 0..runs {
        let began = Instant::now();
        let asked = Start {
            workflow: format!("w{caller}"),
            parameters: Map::new(),
            inputs: BTreeMap::new(),
            by: StartedBy::Call,
            language: Language::En,
            priority: Priority::Interactive,
        };
        let Ok(run) = bus.start(asked).await else { continue };
        let ended = bus.wait(&run.id, Duration::from_secs(60)).await;
        if ended.is_ok_and(|ended| ended.status == RunStatus::Succeeded) {
            waits.push(began.elapsed());
        }
    }
    waits
}

fn node(folder: &std::path::Path, store: &Embedded) -> Bus {
    Bus::new(BusParts {
        node: "bench".to_owned(),
        broker: Arc::new(store.clone()),
        store: Arc::new(store.clone()),
        clock: Arc::new(SystemClock),
        find: connectors::connector,
        catalogue: Arc::new(connectors::Connectors),
        http: connectors::kit::http::Http::default(),
        limits: connectors::contract::Limits::default(),
        folder: folder.join("files"),
        scratch: folder.join("scratch"),
        slots: CALLERS,
        settings: BusSettings::default(),
    })
}
