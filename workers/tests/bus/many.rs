//! Several nodes over one store and one broker, which go away and come back.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use crate::{faulty::Faulty, house::*};
use backplane::{Broker, Collection, Store, embedded::Embedded};
use bus_core::{
    Language,
    api::{RunStatus, RunSummary},
    workflow::Workflow,
};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering::SeqCst},
    time::{Duration, Instant},
};
use tokio::{sync::Semaphore, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;
use workers::{Bus, BusError, BusSettings, Split, SystemClock};

/// A node among others.
struct Node {
    bus: Bus,
    stop: CancellationToken,
    work: JoinSet<()>,
}

impl Node {
    async fn stopped(mut self) {
        self.stop.cancel();
        while self.work.join_next().await.is_some() {}
    }

    /// Ends it at once, as a crash would: nothing is handed back or answered.
    async fn killed(mut self) {
        self.work.shutdown().await;
    }

    async fn ended(&self, run: &str) -> RunSummary {
        let summary = self.bus.wait(run, Duration::from_secs(60)).await.unwrap();
        assert!(summary.status.has_ended(), "{summary:?}");
        summary
    }
}

/// What several nodes stand on.
struct Place {
    plane: Faulty,
    folder: PathBuf,
    _own: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let own = tempfile::tempdir().unwrap();
        let clock = Arc::new(|| workers::now(&SystemClock));
        let plane = Faulty::new(Embedded::open(&own.path().join("data"), clock).unwrap());
        Self { plane, folder: own.path().to_owned(), _own: own }
    }

    fn node(&self, name: &str, slots: usize, settings: BusSettings) -> Node {
        let (store, broker): (Arc<dyn Store>, Arc<dyn Broker>) =
            (Arc::new(self.plane.clone()), Arc::new(self.plane.clone()));
        let settings = BusSettings { shared: true, ..settings };
        let bus = node_over(&self.folder, (name, store, broker), settings, slots);
        let (stop, mut work) = (CancellationToken::new(), JoinSet::new());
        let (worker, stopped) = (bus.clone(), stop.clone());
        work.spawn(async move { worker.work(stopped).await });
        Node { bus, stop, work }
    }

    async fn keep(&self, id: &str, document: &Workflow) {
        keep(&self.plane.inner, id, document).await;
    }

    /// The state of a run, as it is stored.
    async fn stands(&self, run: &str) -> String {
        const RUNS: Collection = Collection { name: "runs", indexes: &[] };
        self.plane.inner.get(RUNS, run).await.unwrap().unwrap().body.json()["state"].to_string()
    }

    fn file(&self, name: &str) -> String {
        read(&self.folder, "w", name)
    }
}

fn read(folder: &Path, workflow: &str, name: &str) -> String {
    std::fs::read_to_string(folder.join("files").join(workflow).join(name)).unwrap_or_default()
}

fn plain(count: usize) -> Workflow {
    workflow(
        &[("in", "generator", numbers(count)), ("out", "file-out", json!({ "path": "out.ndjson" }))],
        &["in -> out"],
    )
}

fn labelled(labels: &[&str]) -> BusSettings {
    BusSettings { labels: labels.iter().map(|&label| label.to_owned()).collect(), ..quick() }
}

async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !holds().await {
        assert!(start.elapsed() < Duration::from_secs(30), "it did not come to that");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_front_without_slots_begins_runs_and_workers_do_them() {
    let place = Place::new();
    let front = place.node("front", 0, quick());
    place.keep("w", &plain(10)).await;
    let run = front.bus.start(start("w")).await.unwrap();
    let worker = place.node("worker", 2, quick());
    assert_eq!(front.ended(&run.id).await.status, RunStatus::Succeeded);
    assert_eq!((front.bus.done().took.count, worker.bus.done().took.count), (0, 1));
    front.stopped().await;
    worker.stopped().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_node_remembers_of_a_run_is_not_taken_for_how_it_stands() {
    let place = Place::new();
    let (front, worker) = (place.node("front", 0, quick()), place.node("worker", 2, quick()));
    let missing = ("in", "file", json!({ "path": "missing.csv" }));
    place.keep("w", &workflow(&[missing, ("out", "discard", json!({}))], &["in -> out"])).await;
    let run = front.bus.start(start("w")).await.unwrap();
    assert_eq!(front.ended(&run.id).await.status, RunStatus::Failed);
    for _ in 0..3 {
        // the front saved it last as running; that it has failed since, only the worker knows
        let before = worker.bus.done().took.count;
        front.bus.resume(&run.id).await.unwrap();
        assert_eq!(front.ended(&run.id).await.status, RunStatus::Failed);
        assert!(worker.bus.done().took.count > before, "it was not tried again");
    }
    front.stopped().await;
    worker.stopped().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_needs_a_label_waits_for_a_worker_that_has_it() {
    let place = Place::new();
    let any = place.node("any", 2, quick());
    let mut document = plain(10);
    "usine".clone_into(&mut document.label);
    place.keep("w", &document).await;
    let problems = any.bus.unstaffed(&document).await.unwrap();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].problem.text(Language::En).contains("`usine`"));
    let run = any.bus.start(start("w")).await.unwrap();
    let other = place.node("other", 2, labelled(&["lab"]));
    assert_eq!(any.bus.wait(&run.id, Duration::from_millis(300)).await.unwrap().status, RunStatus::Running);
    let there = place.node("there", 2, labelled(&["lab", "usine"]));
    assert_eq!(any.ended(&run.id).await.status, RunStatus::Succeeded);
    assert_eq!(there.bus.done().took.count, 1);
    assert_eq!(any.bus.done().took.count + other.bus.done().took.count, 0);
    until(async || any.bus.unstaffed(&document).await.unwrap().is_empty()).await;
    there.stopped().await;
    // who leaves says so
    assert_eq!(any.bus.unstaffed(&document).await.unwrap().len(), 1);
    for node in [any, other] {
        node.stopped().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_of_one_run_go_to_the_workers_of_their_labels() {
    let place = Place::new();
    let any = place.node("any", 2, quick());
    let there = place.node("there", 2, labelled(&["usine"]));
    let mut document = plain(500);
    "usine".clone_into(&mut document.steps[0].label);
    place.keep("w", &document).await;
    let run = any.bus.start(start("w")).await.unwrap();
    assert_eq!(any.ended(&run.id).await.written, 500);
    assert!(there.bus.done().took.count >= 1);
    assert_eq!(place.file("out.ndjson").lines().count(), 500);
    for node in [any, there] {
        node.stopped().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_worker_had_is_done_by_another_in_time() {
    let place = Place::new();
    let settings = quick().redelivering_after(Duration::from_secs(4));
    let first = place.node("first", 1, settings.clone());
    let document = workflow(
        &[("in", "gated", json!({ "name": "dead" })), ("out", "discard", json!({}))],
        &["in -> out"],
    );
    place.keep("w", &document).await;
    let run = first.bus.start(start("w")).await.unwrap();
    let (open, inside) = gate("dead", |gate| {
        let open = gate.open.get_or_insert_with(|| Arc::new(Semaphore::new(0)));
        (Arc::clone(open), Arc::clone(&gate.inside))
    });
    until(async || inside.load(SeqCst) == 1).await;
    until(async || place.stands(&run.id).await.contains("\"out\"")).await;
    first.killed().await;
    let (died, second) = (Instant::now(), place.node("second", 1, settings));
    open.add_permits(2);
    assert_eq!(second.ended(&run.id).await.status, RunStatus::Succeeded);
    assert!(died.elapsed() < Duration::from_millis(5_500), "{:?}", died.elapsed());
    second.stopped().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stops_hands_its_task_to_another() {
    let place = Place::new();
    let first = place.node("first", 1, quick());
    let document = workflow(
        &[("in", "gated", json!({ "name": "stops" })), ("out", "discard", json!({}))],
        &["in -> out"],
    );
    place.keep("w", &document).await;
    let run = first.bus.start(start("w")).await.unwrap();
    let (open, inside) = gate("stops", |gate| {
        let open = gate.open.get_or_insert_with(|| Arc::new(Semaphore::new(0)));
        (Arc::clone(open), Arc::clone(&gate.inside))
    });
    until(async || inside.load(SeqCst) == 1).await;
    let second = place.node("second", 1, quick());
    let stopping = Instant::now();
    let handed_back = first.bus.clone();
    first.stopped().await;
    assert!(stopping.elapsed() < Duration::from_secs(3), "{:?}", stopping.elapsed());
    assert_eq!(handed_back.done().tasks[4], ("handed_back", 1));
    open.add_permits(1);
    assert_eq!(second.ended(&run.id).await.status, RunStatus::Succeeded);
    second.stopped().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_away_holds_runs_up_and_loses_none() {
    let place = Place::new();
    let node = place.node("node", 2, quick());
    place.keep("w", &plain(10)).await;
    until(async || node.bus.health().await.is_well()).await;
    place.plane.broker_away(true);
    assert!(node.bus.health().await.broker.is_some());
    let run = node.bus.start(start("w")).await.unwrap();
    assert_eq!(node.bus.wait(&run.id, Duration::from_millis(300)).await.unwrap().status, RunStatus::Running);
    place.plane.broker_away(false);
    let back = Instant::now();
    assert_eq!(node.ended(&run.id).await.status, RunStatus::Succeeded);
    assert!(back.elapsed() < Duration::from_secs(5), "{:?}", back.elapsed());
    node.stopped().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_starts_a_run_does_not_wait_for_a_broker_that_says_nothing() {
    let place = Place::new();
    let node = place.node("node", 2, quick());
    place.keep("w", &plain(10)).await;
    until(async || node.bus.health().await.is_well()).await;
    place.plane.broker_mute(true);
    let run = timeout(Duration::from_secs(20), node.bus.start(start("w"))).await.expect("answered").unwrap();
    assert_eq!(node.bus.wait(&run.id, Duration::from_millis(300)).await.unwrap().status, RunStatus::Running);
    place.plane.broker_mute(false);
    assert_eq!(node.ended(&run.id).await.status, RunStatus::Succeeded);
    node.stopped().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_broker_has_lost_is_published_again() {
    let place = Place::new();
    let patient = BusSettings { patience: Duration::from_millis(500), ..quick() };
    let node = place.node("node", 2, patient);
    place.keep("w", &plain(10)).await;
    place.plane.loses(true);
    let run = node.bus.start(start("w")).await.unwrap();
    place.plane.loses(false);
    assert_eq!(node.ended(&run.id).await.status, RunStatus::Succeeded);
    node.stopped().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_delivered_twice_is_done_once_and_counted_once() {
    let place = Place::new();
    let settings = BusSettings { split: Split::Always, chunk_records: 100, ..quick() };
    let nodes = [place.node("a", 2, settings.clone()), place.node("b", 2, settings)];
    place.keep("w", &plain(2_000)).await;
    place.plane.doubles(true);
    let run = nodes[0].bus.start(start("w")).await.unwrap();
    assert_eq!(nodes[0].ended(&run.id).await.written, 2_000);
    assert_eq!(place.file("out.ndjson").lines().count(), 2_000);
    for node in nodes {
        node.stopped().await;
    }
}

/// A store that was away for longer than the deliveries of a message last once made a run fail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_away_when_a_task_is_taken_uses_up_no_deliveries() {
    let place = Place::new();
    let front = place.node("front", 0, quick());
    place.keep("w", &plain(10)).await;
    let run = front.bus.start(start("w")).await.unwrap();
    place.plane.store_away(true);
    let worker = place.node("worker", 1, quick());
    assert!(worker.bus.health().await.store.is_some());
    let before = place.plane.refused();
    until(async || place.plane.refused() >= before + 10).await;
    place.plane.store_away(false);
    assert_eq!(front.ended(&run.id).await.status, RunStatus::Succeeded);
    assert_eq!(worker.bus.done().redelivered, 0);
    for node in [front, worker] {
        node.stopped().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_is_done_while_the_store_is_away_is_not_done_again() {
    let place = Place::new();
    let node = place.node("node", 1, quick());
    let document = workflow(
        &[("in", "gated", json!({ "name": "away" })), ("out", "discard", json!({}))],
        &["in -> out"],
    );
    place.keep("w", &document).await;
    let run = node.bus.start(start("w")).await.unwrap();
    let (open, inside) = gate("away", |gate| {
        let open = gate.open.get_or_insert_with(|| Arc::new(Semaphore::new(0)));
        (Arc::clone(open), Arc::clone(&gate.inside))
    });
    until(async || inside.load(SeqCst) == 1).await;
    place.plane.store_away(true);
    // one permit: a second time would wait for ever
    open.add_permits(1);
    until(async || inside.load(SeqCst) == 0).await;
    let before = place.plane.refused();
    until(async || place.plane.refused() >= before + 5).await;
    place.plane.store_away(false);
    assert_eq!(node.ended(&run.id).await.status, RunStatus::Succeeded);
    until(async || node.bus.done().tasks[0] == ("done", 1)).await;
    node.stopped().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chunk_that_has_left_ends_the_run_with_the_reason() {
    let place = Place::new();
    let settings = BusSettings { split: Split::Always, ..quick() };
    let node = place.node("node", 2, settings);
    let mut document = workflow(
        &[
            ("in", "generator", numbers(10)),
            ("down", "sort", json!({ "by": [{ "field": "number" }] })),
            ("out", "discard", json!({})),
        ],
        &["in -> down -> out"],
    );
    // the second stage waits for a worker, and its chunk leaves meanwhile
    "usine".clone_into(&mut document.steps[1].label);
    place.keep("w", &document).await;
    let run = node.bus.start(start("w")).await.unwrap();
    let chunks = async || place.plane.inner.chunks(&format!("run/{}", run.id), None, 100).await.unwrap();
    until(async || chunks().await.iter().any(|chunk| chunk.name.contains("in.out"))).await;
    for chunk in chunks().await {
        place.plane.inner.delete_chunk(&chunk.name).await.unwrap();
    }
    let there = place.node("there", 2, BusSettings { split: Split::Always, ..labelled(&["usine"]) });
    assert_eq!(node.ended(&run.id).await.status, RunStatus::Failed);
    let detail = node.bus.run(&run.id, Language::En).await.unwrap();
    let said = serde_json::to_string(&detail).unwrap();
    assert!(said.contains("are gone: run the workflow again"), "{said}");
    for node in [node, there] {
        node.stopped().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_share_the_memory_of_a_node() {
    let place = Place::new();
    // a task of two streaming steps holds 8 MiB: one at a time
    let node = place.node("node", 4, BusSettings { memory: Some(12 << 20), share: Some(4), ..quick() });
    let document = workflow(
        &[("in", "gated", json!({ "name": "memory" })), ("out", "discard", json!({}))],
        &["in -> out"],
    );
    place.keep("w", &document).await;
    let (open, most) = gate("memory", |gate| {
        let open = gate.open.get_or_insert_with(|| Arc::new(Semaphore::new(0)));
        (Arc::clone(open), Arc::clone(&gate.most))
    });
    let mut runs = Vec::new();
    for _ in 0..4 {
        runs.push(node.bus.start(start("w")).await.unwrap().id);
    }
    open.add_permits(4);
    for run in runs {
        assert_eq!(node.ended(&run).await.status, RunStatus::Succeeded);
    }
    assert_eq!(most.load(SeqCst), 1);
    node.stopped().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_of_a_labels_queue_is_found_and_answered() {
    let place = Place::new();
    let node = place.node("node", 2, labelled(&["usine"]));
    let mut document = workflow(
        &[("in", "flaky", json!({ "name": "letter" })), ("out", "discard", json!({}))],
        &["in -> out"],
    );
    "usine".clone_into(&mut document.label);
    place.keep("w", &document).await;
    gate("letter", |gate| gate.fails = 3);
    let run = node.bus.start(start("w")).await.unwrap();
    assert_eq!(node.ended(&run.id).await.status, RunStatus::Failed);
    until(async || !node.bus.dead_letters(10).await.unwrap().is_empty()).await;
    let letter = node.bus.dead_letters(10).await.unwrap().remove(0);
    assert_eq!(letter.run, run.id);
    node.bus.bury(&letter.id, true).await.unwrap();
    assert_eq!(node.ended(&run.id).await.status, RunStatus::Succeeded);
    assert!(node.bus.dead_letters(10).await.unwrap().is_empty());
    assert!(matches!(
        node.bus.bury("no/0.0/1", false).await,
        Err(BusError::Backplane(_) | BusError::Missing)
    ));
    node.stopped().await;
}
