use super::*;
use crate::{Keys, Start, Vault, testing::Node};
use backplane::Pattern;
use bus_core::{
    Language,
    api::{Password, RunStatus, StartedBy},
    error::StepError,
    record::{Batch, BatchBuilder},
    workflow::{Link, Missed, Schedule, Step, Trigger, Workflow},
};
use connectors::contract::{Edition, Offer, Publisher};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const HOUR: i64 = 3_600_000;

fn offer(slug: &str) -> Offer {
    Offer {
        slug: slug.to_owned(),
        title: "T".to_owned(),
        description: String::new(),
        public: true,
        hours: Some(10),
    }
}

fn batch(numbers: std::ops::Range<i64>) -> Batch {
    let mut builder = BatchBuilder::new();
    for number in numbers {
        builder.json(&json!({ "n": number })).expect("a record");
    }
    let mut batch = builder.take();
    batch.set_context(Some(Arc::new(json!({ "n": "https://example.org/n" }))));
    batch
}

async fn begin(bus: &Bus, workflow: &str, run: &str) -> Result<Box<dyn Edition>, StepError> {
    Author::new(bus.publications(), run, workflow, None).begin(&offer("bornes")).await
}

async fn publish(bus: &Bus, run: &str, numbers: std::ops::Range<i64>) {
    let mut edition = begin(bus, "w", run).await.expect("begun");
    edition.add(&batch(numbers)).await.expect("added");
    edition.finish().await.expect("finished");
}

async fn read(mut records: Records) -> Result<Vec<Value>, BusError> {
    let mut seen = Vec::new();
    while let Some(batch) = records.next().await? {
        assert!(batch.context().is_some(), "the context stays with the records");
        seen.extend(batch.records().map(|record| record.to_json()["n"].clone()));
    }
    Ok(seen)
}

async fn known(bus: &Bus) -> Published {
    bus.publications().get("bornes").await.expect("read").expect("published")
}

#[tokio::test]
async fn an_edition_takes_the_place_of_the_old_one_as_one() {
    let node = Node::new();
    let bus = node.bus();
    publish(&bus, "r1", 0..3).await;
    let (first, old) = (known(&bus).await, bus.publications().batches("bornes").await.expect("there"));
    let mut edition = begin(&bus, "w", "r2").await.expect("begun");
    edition.add(&batch(0..5)).await.expect("added");
    assert_eq!(known(&bus).await, first, "nothing of it is seen before it is finished");
    drop(edition);
    node.hand.forward(1_000);
    publish(&bus, "r3", 0..4).await;
    let second = known(&bus).await;
    assert_eq!((second.info.records, second.info.run.as_str()), (4, "r3"));
    assert!(second.info.at > first.info.at && second.etag != first.etag);
    assert_eq!(read(old).await.expect("read").len(), 3, "whoever reads the old one reads it to its end");
    let new = bus.publications().batches("bornes").await.expect("there");
    assert_eq!(read(new).await.expect("read"), [0, 1, 2, 3]);
    let held = async || node.store().chunks("publication/", None, 10).await.expect("listed").len();
    let before = held().await;
    bus.publications().tidy().await.expect("tidied");
    assert_eq!(held().await, before, "not while somebody may read it");
    node.hand.forward(GRACE + 1);
    bus.publications().tidy().await.expect("tidied");
    assert_eq!(held().await, before - 1);
}

#[tokio::test]
async fn what_says_the_same_keeps_its_age() {
    let node = Node::new();
    let bus = node.bus();
    publish(&bus, "r1", 0..3).await;
    let first = known(&bus).await;
    node.hand.forward(HOUR);
    publish(&bus, "r2", 0..3).await;
    let second = known(&bus).await;
    assert_eq!((second.info.at, &second.etag), (first.info.at, &first.etag));
    assert_eq!(second.info.until.0, first.info.until.0 + HOUR);
    // the same in batches that were cut elsewhere
    let mut edition = begin(&bus, "w", "r3").await.expect("begun");
    for numbers in [0..1, 1..3] {
        edition.add(&batch(numbers)).await.expect("added");
    }
    edition.finish().await.expect("finished");
    let third = known(&bus).await;
    assert_eq!((third.info.at, &third.etag, third.info.run.as_str()), (first.info.at, &first.etag, "r3"));
    // runs that find nothing new keep it, also beyond its time
    for _ in 0..5 {
        node.hand.forward(6 * HOUR);
        bus.publications().prolong("w", &["bornes".to_owned()]).await.expect("prolonged");
        bus.publications().prolong("other", &["bornes".to_owned()]).await.expect("not theirs");
    }
    assert_eq!(known(&bus).await.etag, first.etag);
    let records = bus.publications().batches("bornes").await.expect("there");
    assert_eq!(read(records).await.expect("read").len(), 3);
    node.hand.forward(11 * HOUR);
    assert_eq!(bus.publications().get("bornes").await, Ok(None));
    assert!(bus.publications().list().await.expect("listed").is_empty());
}

#[tokio::test]
async fn a_name_belongs_to_the_first_workflow() {
    let node = Node::new();
    let bus = node.bus();
    publish(&bus, "r1", 0..3).await;
    let refused = begin(&bus, "other", "r2").await.err().expect("taken");
    assert_eq!(refused.to_string(), "another workflow publishes at /data/bornes already: take another name");
    forget(&*node.store(), "w").await.expect("forgotten");
    assert!(begin(&bus, "other", "r2").await.is_ok());
    assert!(node.store().chunks("publication/", None, 10).await.expect("listed").is_empty());
}

fn step(id: &str, connector: &str, settings: &Value) -> Step {
    let settings = settings.as_object().cloned().unwrap_or_default();
    Step { id: id.to_owned(), connector: connector.to_owned(), settings, ..Step::default() }
}

fn start(workflow: &str) -> Start {
    Start {
        workflow: workflow.to_owned(),
        parameters: serde_json::Map::new(),
        inputs: std::collections::BTreeMap::new(),
        by: StartedBy::Call,
        language: Language::En,
        priority: backplane::Priority::Interactive,
    }
}

/// Workflows in workflows, secrets, confinement, publications and schedules, over a bus that works.
#[tokio::test(flavor = "multi_thread")]
async fn a_bus_runs_what_it_keeps() {
    let node = Node::new();
    let vault =
        Vault::open(node.store(), node.clock(), Keys::random().expect("a key")).await.expect("opened");
    vault.set("anne", "token", &Password("canary".to_owned())).await.expect("set");
    let bus = node.bus().with_vault(vault);
    let (stop, mut work) = (CancellationToken::new(), JoinSet::new());
    work.spawn({
        let (bus, stop) = (bus.clone(), stop.clone());
        async move { bus.work(stop).await }
    });

    let mut inner = Workflow::new("twice");
    let fields = json!({ "fields": [{ "name": "n", "value": { "expression": "n * 2" } }] });
    inner.steps = vec![
        step("entry", "workflow-input", &json!({})),
        step("double", "map", &fields),
        step("exit", "workflow-output", &json!({})),
    ];
    inner.links = vec![Link::between("entry", "double"), Link::between("double", "exit")];
    bus.workflows().create(inner, "anne").await.expect("created");

    let mut outer = Workflow::new("outer");
    outer.steps = vec![
        step("numbers", "records", &json!({ "records": [{ "n": 1 }, { "n": 2 }] })),
        step("inner", "workflow", &json!({ "workflow": "twice" })),
        Step { disabled: true, ..step("off", "of-the-future", &json!({})) },
        step("out", "publish", &json!({ "slug": "bornes" })),
    ];
    outer.links =
        vec![Link::between("numbers", "inner"), Link::between("inner", "off"), Link::between("off", "out")];
    let cron = Schedule { cron: "0 6 * * *".to_owned(), zone: "UTC".to_owned(), missed: Missed::Once };
    outer.triggers = vec![Trigger::Schedule(cron)];
    let id = bus.workflows().create(outer.clone(), "anne").await.expect("created").id;
    let theirs = bus.workflows().create(outer.clone(), "bob").await.expect("created");
    assert!(theirs.draft, "another account does not see the workflow it names");
    assert!(matches!(bus.start(start(&theirs.id)).await, Err(BusError::Draft(_))));

    let run = bus.start(start(&id)).await.expect("started").id;
    let ended = bus.wait(&run, Duration::from_secs(60)).await.expect("ended");
    assert_eq!(ended.status, RunStatus::Succeeded, "{:?}", bus.run(&run, Language::En).await);
    let mut published = bus.publications().batches("bornes").await.expect("there");
    let batch = published.next().await.expect("read").expect("a batch");
    assert_eq!(batch.records().map(|record| record.to_json()["n"].clone()).collect::<Vec<_>>(), [2, 4]);
    let target =
        bus.run(&run, Language::En).await.expect("there").steps.into_iter().find_map(|step| step.target);
    assert_eq!(target.as_deref(), Some("/data/bornes"));

    outer.steps[0] = step("numbers", "file", &json!({ "path": "../../store.redb" }));
    outer.triggers.clear();
    bus.workflows().save(&id, outer, "anne", None).await.expect("saved");
    let run = bus.start(start(&id)).await.expect("started").id;
    let ended = bus.wait(&run, Duration::from_secs(60)).await.expect("ended");
    assert_eq!(ended.status, RunStatus::Failed, "a file of the server is out of reach");
    let detail = bus.run(&run, Language::En).await.expect("there");
    let said = detail.steps.into_iter().find_map(|step| step.error).expect("a reason").text;
    assert!(said.contains("files outside of the workflow's folder"), "{said}");
    stop.cancel();
    work.join_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_not_changed_stays_beside_what_has() {
    let node = Node::new();
    let bus = node.bus();
    let (stop, mut work) = (CancellationToken::new(), JoinSet::new());
    work.spawn({
        let (bus, stop) = (bus.clone(), stop.clone());
        async move { bus.work(stop).await }
    });
    let mut workflow = Workflow::new("two");
    for name in ["old", "new"] {
        workflow.steps.push(step(name, "file", &json!({ "path": format!("{name}.ndjson") })));
        let out = format!("out-{name}");
        workflow.steps.push(step(&out, "publish", &json!({ "slug": name })));
        workflow.links.push(Link::between(name, &out));
    }
    let id = bus.workflows().create(workflow, "anne").await.expect("created").id;
    std::fs::create_dir_all(bus.folder(&id)).expect("made");
    let write = |name: &str, text: &str| std::fs::write(bus.folder(&id).join(name), text).expect("written");
    let run = async || {
        let asked = Start { by: StartedBy::Schedule(Time(0)), ..start(&id) };
        let mut heard = bus.broker().listen(Pattern::new(&format!("run.{id}.*"))).await.expect("heard");
        let run = bus.start(asked).await.expect("started").id;
        // said when all that follows from the end is done
        while let Some(said) = heard.next().await {
            let said = String::from_utf8_lossy(&said.body).into_owned();
            if ["succeeded", "unchanged", "failed"]
                .iter()
                .any(|end| said == format!("{{\"changed\":\"{end}\"}}"))
            {
                break;
            }
        }
        bus.wait(&run, Duration::from_secs(60)).await.expect("ended").status
    };
    let known = async |slug: &str| bus.publications().get(slug).await.expect("read").expect("published");
    write("old.ndjson", "{\"n\":1}\n");
    write("new.ndjson", "{\"n\":2}\n");
    assert_eq!(run().await, RunStatus::Succeeded);
    let (old, new) = (known("old").await, known("new").await);
    node.hand.forward(13 * HOUR);
    write("new.ndjson", "{\"n\":33}\n");
    assert_eq!(run().await, RunStatus::Succeeded);
    let (still, newer) = (known("old").await, known("new").await);
    assert_eq!((still.info.at, &still.etag, &still.info.run), (old.info.at, &old.etag, &old.info.run));
    assert_eq!(still.info.until.0, old.info.until.0 + 13 * HOUR, "it holds as long again");
    assert!(newer.etag != new.etag && newer.info.at > new.info.at);
    node.hand.forward(13 * HOUR);
    assert_eq!(run().await, RunStatus::Unchanged);
    assert_eq!(known("old").await.info.until.0, old.info.until.0 + 26 * HOUR);
    stop.cancel();
    work.join_all().await;
}

#[tokio::test]
async fn a_schedule_starts_one_run_a_slot() {
    let node = Node::new();
    let bus = node.bus();
    let mut workflow = Workflow::new("w");
    workflow.steps =
        vec![step("in", "records", &json!({ "records": [] })), step("out", "discard", &json!({}))];
    workflow.links = vec![Link::between("in", "out")];
    let cron = Schedule { cron: "0 * * * *".to_owned(), zone: "UTC".to_owned(), missed: Missed::All };
    workflow.triggers = vec![Trigger::Schedule(cron)];
    let id = bus.workflows().create(workflow, "anne").await.expect("created").id;
    node.hand.forward(3 * HOUR);
    let (one, other) = (bus.schedules(), bus.schedules());
    let (one, other) = futures::join!(one.fire(&bus, 1), other.fire(&bus, 1));
    one.and(other).expect("fired");
    let runs = bus.runs(&id, None, 10).await.expect("listed").items;
    assert_eq!(runs.len(), 3, "{runs:?}");
    assert!(runs.iter().all(|run| matches!(run.by, StartedBy::Schedule(_))));
}
