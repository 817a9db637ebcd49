//! Runs begin, are done whole or in stages, wait for their turn, and end.

use crate::house::*;
use backplane::{Expect, Store as _};
use bus_core::{
    Language,
    api::{RunStatus, StartedBy, StepOutcome, Time},
};
use serde_json::json;
use std::{
    sync::{Arc, atomic::Ordering::SeqCst},
    time::Duration,
};
use tokio::sync::Semaphore;
use workers::{BusError, BusSettings, RUNS, Split};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_done_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), quick());
    let document = workflow(
        &[
            ("in", "generator", numbers(3_000)),
            ("even", "refuse-odd", json!({})),
            ("out", "file-out", json!({ "path": "even.ndjson" })),
        ],
        &["in -> even -> out"],
    );
    house.keep("w", &document).await;
    let run = house.succeeds("w").await;
    assert_eq!((run.written, run.refused, run.revision), (1_500, 1_500, 1));
    assert_eq!(house.file("w", "even.ndjson").lines().count(), 1_500);
    let detail = house.bus.run(&run.id, Language::Fr).await.unwrap();
    assert_eq!(detail.document, document);
    let even = detail.steps.iter().find(|step| step.id == "even").unwrap();
    assert_eq!((even.counts.records_in, even.counts.records_out, even.counts.errors), (3_000, 1_500, 1_500));
    assert_eq!((even.counts.ports["out"], even.counts.ports["errors"]), (1_500, 1_500));
    assert_eq!(even.counts.outcome, StepOutcome::Done);
    assert_eq!((even.kept["out"], even.kept["errors"]), (1_000, 1_500));
    let out = detail.steps.last().unwrap();
    assert_eq!((out.written, out.target.as_deref()), (Some(1_500), Some("even.ndjson")));
    assert!(matches!(house.bus.run("nothing", Language::En).await, Err(BusError::Missing)));
    assert!(std::fs::read_dir(folder.path().join("scratch")).is_err(), "nothing was spilled");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stages_give_what_a_whole_run_gives() {
    let folder = tempfile::tempdir().unwrap();
    let document = workflow(
        &[
            ("in", "generator", numbers(5_000)),
            ("even", "refuse-odd", json!({})),
            ("some", "filter", json!({ "expression": "number < 4000" })),
            ("out-some", "file-out", json!({ "path": "some.ndjson" })),
            ("down", "sort", json!({ "by": [{ "field": "number", "direction": "descending" }] })),
            ("out-down", "file-out", json!({ "path": "down.ndjson" })),
            ("out-odd", "file-out", json!({ "path": "odd.ndjson" })),
        ],
        &["in -> even", "even -> some -> out-some", "even -> down -> out-down", "even.errors -> out-odd"],
    );
    let mut made = Vec::new();
    for split in [Split::Never, Split::Always] {
        let home = folder.path().join(format!("{split:?}"));
        let house = House::new(&home, BusSettings { split, chunk_records: 300, ..quick() });
        house.keep("w", &document).await;
        let run = house.succeeds("w").await;
        let detail = house.bus.run(&run.id, Language::En).await.unwrap();
        let counts: Vec<_> =
            detail.steps.iter().map(|step| (step.counts.records_in, step.counts.ports.clone())).collect();
        let kept: Vec<_> = detail.steps.iter().map(|step| step.kept.clone()).collect();
        let files = ["some.ndjson", "down.ndjson", "odd.ndjson"].map(|file| house.file("w", file));
        assert!(files.iter().all(|file| !file.is_empty()));
        made.push((run.written, run.refused, counts, kept, files));
        let left =
            backplane::Store::chunks(&house.store, &format!("run/{}", run.id), None, 1_000).await.unwrap();
        assert!(left.iter().all(|chunk| chunk.name.contains("/kept/")), "{left:?}");
        house.close().await;
    }
    assert_eq!(made[0], made[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_big_workflow_lets_others_pass() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::with_slots(folder.path(), quick(), 4);
    let gated = |name: &str| {
        workflow(&[("in", "gated", json!({ "name": name })), ("out", "discard", json!({}))], &["in -> out"])
    };
    house.keep("big", &gated("share-big")).await;
    house
        .keep(
            "small",
            &workflow(&[("in", "generator", numbers(10)), ("out", "discard", json!({}))], &["in -> out"]),
        )
        .await;
    let mut big = Vec::new();
    for _ in 0..30 {
        big.push(house.start("big").await.id);
    }
    // while the big one holds all it may hold, the small one is served
    for _ in 0..5 {
        house.succeeds("small").await;
    }
    gate("share-big", |gate| gate.open.get_or_insert_with(|| Arc::new(Semaphore::new(0))).add_permits(1_000));
    for run in &big {
        assert_eq!(house.ended(run).await.status, RunStatus::Succeeded);
    }
    assert_eq!(gate("share-big", |gate| gate.most.load(SeqCst)), 2, "half of the slots");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_those_that_wait_whoever_somebody_waits_for_comes_first() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::with_slots(folder.path(), quick(), 2);
    let document = workflow(
        &[("in", "gated", json!({ "name": "first" })), ("out", "discard", json!({}))],
        &["in -> out"],
    );
    house.keep("w", &document).await;
    let first = house.start("w").await.id;
    let by = StartedBy::Schedule(Time(0));
    let scheduled = || workers::Start { by: by.clone(), priority: backplane::Priority::Batch, ..start("w") };
    let late = house.bus.start(scheduled()).await.unwrap().id;
    let urgent = house.start("w").await.id;
    gate("first", |gate| gate.open.get_or_insert_with(|| Arc::new(Semaphore::new(0))).add_permits(3));
    let mut ended = Vec::new();
    for run in [&first, &urgent, &late] {
        house.ended(run).await;
        ended.push(house.bus.run(run, Language::En).await.unwrap().summary.ended.unwrap());
    }
    assert!(ended[0] <= ended[1] && ended[1] <= ended[2], "{ended:?}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_run_stops_within_two_seconds_and_makes_room() {
    for split in [Split::Never, Split::Always] {
        let folder = tempfile::tempdir().unwrap();
        let house = House::with_slots(folder.path(), BusSettings { split, ..quick() }, 1);
        let endless = workflow(
            &[
                ("in", "endless", json!({})),
                ("a", "file-out", json!({ "path": "a.ndjson" })),
                ("b", "discard", json!({})),
            ],
            &["in -> a", "in -> b"],
        );
        house.keep("endless", &endless).await;
        house
            .keep(
                "short",
                &workflow(&[("in", "generator", numbers(1)), ("out", "discard", json!({}))], &["in -> out"]),
            )
            .await;
        let run = house.start("endless").await.id;
        let mut watch = house.bus.watch(&run).await.unwrap();
        while watch.next().await.unwrap().steps["in"].records_out == 0 {}
        drop(watch);
        let asked = std::time::Instant::now();
        house.bus.cancel(&run).await.unwrap();
        assert_eq!(house.ended(&run).await.status, RunStatus::Cancelled);
        // the only slot is free again
        house.succeeds("short").await;
        assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
        assert_eq!(house.file("endless", "a.ndjson"), "", "what is half made does not stay");
        let detail = house.bus.run(&run, Language::En).await.unwrap();
        assert!(detail.steps.iter().all(|step| step.counts.outcome != StepOutcome::Done), "{detail:#?}");
        house.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_accepted_before_the_node_works_is_done_when_it_does() {
    let folder = tempfile::tempdir().unwrap();
    let document =
        workflow(&[("in", "generator", numbers(10)), ("out", "discard", json!({}))], &["in -> out"]);
    let (bus, store) = node(folder.path(), quick(), 2);
    keep(&store, "w", &document).await;
    let run = bus.start(start("w")).await.unwrap();
    assert_eq!(run.status, RunStatus::Waiting);
    drop(bus);
    store.close().await;
    let house = House::new(folder.path(), quick());
    assert_eq!(house.ended(&run.id).await.status, RunStatus::Succeeded);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stops_hands_back_what_takes_too_long() {
    let folder = tempfile::tempdir().unwrap();
    let document = workflow(
        &[("in", "gated", json!({ "name": "handed" })), ("out", "discard", json!({}))],
        &["in -> out"],
    );
    let house = House::new(folder.path(), quick());
    house.keep("w", &document).await;
    let run = house.start("w").await.id;
    let mut watch = house.bus.watch(&run).await.unwrap();
    while watch.next().await.unwrap().steps["in"].outcome != StepOutcome::Running {}
    drop(watch);
    house.close().await;
    gate("handed", |gate| gate.open.get_or_insert_with(|| Arc::new(Semaphore::new(0))).add_permits(1));
    let house = House::new(folder.path(), quick());
    assert_eq!(house.ended(&run).await.status, RunStatus::Succeeded);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_are_listed_latest_first_page_by_page() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), quick());
    house
        .keep(
            "w",
            &workflow(&[("in", "generator", numbers(1)), ("out", "discard", json!({}))], &["in -> out"]),
        )
        .await;
    let hour = 3_600_000;
    let mut started = Vec::new();
    for back in [0, 60_000, 5 * hour, 72 * hour, 2_400 * hour] {
        let id = house.succeeds("w").await.id;
        let run = house.store.get(RUNS, &id).await.unwrap().unwrap();
        let mut body = run.body.json().clone();
        body["accepted"] = (body["accepted"].as_i64().unwrap() - back).into();
        house.store.save(RUNS, &id, body.into(), Expect::Revision(run.revision)).await.unwrap();
        started.push(id);
    }
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page = house.bus.runs("w", after.as_deref(), 2).await.unwrap();
        listed.extend(page.items.into_iter().map(|run| run.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(listed, started);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_runs_on_schedule_behind_what_has_not_changed() {
    for split in [Split::Never, Split::Always] {
        let folder = tempfile::tempdir().unwrap();
        let house = House::new(folder.path(), BusSettings { split, ..quick() });
        let document = workflow(
            &[
                ("a", "file", json!({ "path": "a.ndjson" })),
                ("b", "file", json!({ "path": "b.ndjson" })),
                ("all", "sort", json!({ "by": [{ "field": "n" }] })),
                ("out", "file-out", json!({ "path": "out.ndjson" })),
            ],
            &["a -> all", "b -> all -> out"],
        );
        house.keep("w", &document).await;
        let files = folder.path().join("files/w");
        std::fs::create_dir_all(&files).unwrap();
        let write = |file: &str, text: &str| std::fs::write(files.join(file), text).unwrap();
        write("a.ndjson", "{\"n\":1}\n");
        write("b.ndjson", "{\"n\":2}\n");
        let scheduled = || workers::Start { by: StartedBy::Schedule(Time(0)), ..start("w") };
        let run = async || {
            let run = house.bus.start(scheduled()).await.unwrap();
            house.ended(&run.id).await.status
        };
        assert_eq!(run().await, RunStatus::Succeeded);
        assert_eq!(run().await, RunStatus::Unchanged);
        write("b.ndjson", "{\"n\":33}\n");
        assert_eq!(run().await, RunStatus::Succeeded);
        assert_eq!(house.file("w", "out.ndjson"), "{\"n\":1}\n{\"n\":33}\n", "{split:?}");
        assert_eq!(house.run("w").await.status, RunStatus::Succeeded, "a person wants to see records");
        house.close().await;
    }
}
