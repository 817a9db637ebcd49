//! What can be seen of runs: how they stand, the records of their links, what a step would send.

use crate::house::*;
use backplane::Store;
use bus_core::{
    Language,
    api::{PreviewAsked, Replay, RunStatus, StartedBy},
    workflow::Workflow,
};
use serde_json::json;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::sync::Semaphore;
use workers::{BusError, BusSettings, Split};

fn even() -> Workflow {
    workflow(
        &[
            ("in", "generator", numbers(2_000)),
            ("even", "refuse-odd", json!({})),
            ("out", "file-out", json!({ "path": "even.ndjson" })),
        ],
        &["in -> even -> out"],
    )
}

fn asked(document: Workflow, step: &str) -> PreviewAsked {
    PreviewAsked {
        document,
        workflow: None,
        step: step.to_owned(),
        sample_of: None,
        inputs: BTreeMap::new(),
        records: 1_000,
        parameters: serde_json::Map::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_sees_how_it_stands_then_how_it_goes_on_then_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), quick());
    let document = workflow(
        &[("in", "gated", json!({ "name": "watched" })), ("out", "discard", json!({}))],
        &["in -> out"],
    );
    house.keep("w", &document).await;
    let run = house.start("w").await.id;
    let mut watch = house.bus.watch(&run).await.unwrap();
    let first = watch.next().await.unwrap();
    assert_eq!((first.run.as_str(), first.status), (run.as_str(), RunStatus::Running));
    assert_eq!(first.steps.len(), 2);
    gate("watched", |gate| gate.open.get_or_insert_with(|| Arc::new(Semaphore::new(0))).add_permits(1));
    let mut last = first;
    while let Some(next) = watch.next().await {
        assert!(next.steps["in"].records_out >= last.steps["in"].records_out);
        last = next;
    }
    assert_eq!((last.status, last.steps["out"].records_in), (RunStatus::Succeeded, 1));
    let mut late = house.bus.watch(&run).await.unwrap();
    assert_eq!(late.next().await.unwrap().status, RunStatus::Succeeded);
    assert!(late.next().await.is_none());
    drop((watch, late));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_has_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), quick());
    let document = workflow(
        &[("in", "gated", json!({ "name": "slow" })), ("out", "discard", json!({}))],
        &["in -> out"],
    );
    house.keep("w", &document).await;
    let run = house.start("w").await.id;
    let waited = house.bus.wait(&run, Duration::from_millis(50)).await.unwrap();
    assert_eq!(waited.status, RunStatus::Running);
    house.bus.cancel(&run).await.unwrap();
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_records_of_a_link_can_be_looked_at() {
    for split in [Split::Never, Split::Always] {
        let folder = tempfile::tempdir().unwrap();
        let house = House::new(folder.path(), BusSettings { split, ..quick() });
        house.keep("w", &even()).await;
        let run = house.succeeds("w").await.id;
        let table = house.bus.table(&run, "even", "out", 998, 10).await.unwrap();
        assert_eq!((table.from, table.kept, table.total), (998, 1_000, 1_000));
        assert_eq!(table.rows, [json!({ "number": 1_996 }), json!({ "number": 1_998 })]);
        assert_eq!((table.columns[0].name.as_str(), table.columns[0].kind.as_str()), ("number", "integer"));
        let table = house.bus.table(&run, "even", "errors", 0, 1).await.unwrap();
        assert_eq!(
            (table.rows[0]["record"].clone(), table.rows[0]["reason"].clone()),
            (json!({ "number": 1 }), json!("odd"))
        );
        let mut records = house.bus.records(&run, "in", "out").await.unwrap();
        let mut count = 0;
        while let Some(batch) = records.next().await.unwrap() {
            count += batch.len();
        }
        assert_eq!(count, 1_000, "the first of them");
        drop(records);
        assert_eq!(house.bus.table(&run, "out", "errors", 0, 1).await.unwrap().total, 0);
        for (step, port) in [("out", "out"), ("even", "nowhere"), ("nothing", "out")] {
            let missing = house.bus.table(&run, step, port, 0, 1).await;
            assert!(matches!(missing, Err(BusError::Missing)), "{step}.{port}");
            assert!(
                matches!(house.bus.records(&run, step, port).await, Err(BusError::Missing)),
                "{step}.{port}"
            );
        }
        for chunk in house.store.chunks(&format!("run/{run}"), None, 100).await.unwrap() {
            house.store.delete_chunk(&chunk.name).await.unwrap();
        }
        assert!(matches!(house.bus.table(&run, "even", "out", 0, 1).await, Err(BusError::Expired(_))));
        house.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_shows_a_sample_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), quick());
    let preview = house.bus.preview(asked(even(), "even"), "me", Language::En).await.unwrap();
    assert_eq!(preview.error, None);
    assert_eq!((preview.ports["out"].kept, preview.ports["errors"].kept), (500, 500));
    let source = house.bus.preview(asked(even(), "in"), "me", Language::En).await.unwrap();
    assert_eq!(source.ports["out"].rows.len(), 1_000);
    let sink = house.bus.preview(asked(even(), "out"), "me", Language::En).await.unwrap();
    assert_eq!(sink.ports["in"].rows.len(), 500);
    assert_eq!(house.file("", "even.ndjson"), "");
    let mut wrong = even();
    wrong.steps[0].settings.clear();
    let wrong = house.bus.preview(asked(wrong, "even"), "me", Language::En).await.unwrap();
    assert!(wrong.error.unwrap().text.contains("fields"));
    assert!(matches!(
        house.bus.preview(asked(even(), "no"), "me", Language::En).await,
        Err(BusError::Missing)
    ));
    let endless = workflow(&[("in", "endless", json!({})), ("out", "discard", json!({}))], &["in -> out"]);
    let endless = house.bus.preview(asked(endless, "in"), "me", Language::En).await.unwrap();
    assert_eq!((endless.ports["out"].rows.len(), endless.error), (1_000, None));
    assert!(preview.milliseconds > 0.0);
    assert!(house.store.chunks("", None, 10).await.unwrap().is_empty());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_runs_what_a_run_would() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), quick());
    let mut inner = workflow(
        &[
            ("entry", "workflow-input", json!({})),
            ("even", "refuse-odd", json!({})),
            ("exit", "workflow-output", json!({})),
        ],
        &["entry -> even -> exit"],
    );
    house.keep("evens", &inner).await;
    let steps = [
        ("in", "generator", numbers(100)),
        ("inner", "workflow", json!({ "workflow": "evens" })),
        ("few", "limit", json!({ "records": 5 })),
        ("out", "file-out", json!({ "path": "out.ndjson" })),
    ];
    let mut outer = workflow(&steps, &["in -> inner -> few -> out"]);
    let looked = async |document: &Workflow, step: &str| {
        house.bus.preview(asked(document.clone(), step), "me", Language::En).await.unwrap()
    };
    let inside = looked(&outer, "inner").await;
    assert_eq!(inside.error, None);
    assert_eq!((inside.ports["out"].total, inside.ports["errors"].total), (50, 50));
    assert_eq!(inside.ports["out"].rows[1], json!({ "number": 2 }));
    assert_eq!(inside.ports["errors"].rows[0]["step"], "inner~even");
    assert_eq!(looked(&outer, "out").await.ports["in"].total, 5);

    outer.steps[2].disabled = true;
    assert_eq!(looked(&outer, "out").await.ports["in"].total, 50, "what is switched off lets all through");
    let off = looked(&outer, "few").await;
    assert!(off.ports.is_empty() && off.error.unwrap().text.contains("switched off"));
    outer.steps[0].disabled = true;
    assert!(looked(&outer, "out").await.error.unwrap().text.contains("leads to the step is switched off"));
    outer.steps[0].disabled = false;

    let others = house.bus.preview(asked(outer.clone(), "inner"), "eve", Language::En).await.unwrap();
    assert_eq!(others.error.unwrap().text, "step `inner`: there is no workflow `evens`");
    inner.steps.pop();
    inner.links.pop();
    house.keep("evens", &inner).await;
    outer.links.truncate(1);
    let endless = looked(&outer, "inner").await;
    assert_eq!(
        endless.ports.keys().collect::<Vec<_>>(),
        ["errors"],
        "nothing leaves it: {:?}",
        endless.error
    );
    assert_eq!(house.file("", "out.ndjson"), "");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_may_take_the_records_of_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), quick());
    let document = workflow(
        &[
            ("in", "flaky", json!({ "name": "once" })),
            ("few", "limit", json!({ "records": 5 })),
            ("out", "discard", json!({})),
        ],
        &["in -> few -> out"],
    );
    house.keep("w", &document).await;
    let run = house.succeeds("w").await.id;
    let before = gate("once", |gate| gate.tries);
    let sample = PreviewAsked { sample_of: Some(run), ..asked(document, "few") };
    let preview = house.bus.preview(sample, "me", Language::En).await.unwrap();
    assert_eq!(preview.ports["out"].rows, [json!({ "read": true })]);
    assert_eq!(gate("once", |gate| gate.tries), before, "nothing outside was asked");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_records_are_mended_and_replayed() {
    for split in [Split::Never, Split::Always] {
        let folder = tempfile::tempdir().unwrap();
        let house = House::new(folder.path(), BusSettings { split, chunk_records: 100, ..quick() });
        house.keep("w", &even()).await;
        let run = house.succeeds("w").await.id;
        let by = || StartedBy::Replay(run.clone());
        let same = house.bus.replay(&run, "even", Replay { records: None }, by()).await.unwrap();
        let same = house.ended(&same.id).await;
        assert_eq!((same.status, same.written, same.refused), (RunStatus::Succeeded, 0, 1_000));
        let mended = Replay { records: Some(vec![json!({ "number": 10 }), json!({ "number": 12 })]) };
        let mended = house.bus.replay(&run, "even", mended, by()).await.unwrap();
        let mended = house.ended(&mended.id).await;
        assert_eq!((mended.written, mended.refused, &mended.by), (2, 0, &by()));
        let detail = house.bus.run(&mended.id, Language::En).await.unwrap();
        let steps: Vec<_> = detail.steps.iter().map(|step| step.id.as_str()).collect();
        assert_eq!(steps, ["even", "out"], "only the step and what follows");
        assert_eq!(house.file("w", "even.ndjson"), "{\"number\":10}\n{\"number\":12}\n");
        let none = house.bus.replay(&mended.id, "even", Replay { records: None }, by()).await;
        assert!(matches!(none, Err(BusError::Refused(_))));
        let into_source = Replay { records: Some(vec![json!({ "number": 20 })]) };
        let run = house.bus.replay(&run, "in", into_source, by()).await.unwrap();
        assert_eq!(house.ended(&run.id).await.written, 1);
        house.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_ended_long_ago_goes_with_all_that_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), BusSettings { history: Duration::from_millis(300), ..quick() });
    house.keep("w", &even()).await;
    let run = house.succeeds("w").await.id;
    while house.bus.run(&run, Language::En).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(house.store.chunks(&format!("run/{run}"), None, 10).await.unwrap().is_empty());
    assert!(house.bus.runs("w", None, 10).await.unwrap().items.is_empty());
    house.close().await;
}
