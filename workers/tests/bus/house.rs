//! A node on a folder of its own, with connectors that do odd things.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use backplane::{Broker, Collection, Expect, Priority, Store, embedded::Embedded};
use bus_core::{
    Language,
    api::{RunStatus, RunSummary, StartedBy},
    catalogue::{Catalogue, Entry, SettingsProblem},
    error::StepError,
    msg,
    record::BatchBuilder,
    workflow::Workflow,
};
use connectors::{
    contract::{Connector, Context, Inputs, Limits, Outputs, Reading, Source, Transform},
    kit::http::{Http, HttpOptions},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::{sync::Semaphore, task::JoinSet};
use tokio_util::sync::CancellationToken;
use workers::{Bus, BusParts, BusSettings, Start, SystemClock};

static ODD: [Connector; 6] = [
    Connector::source::<Gated>("gated"),
    Connector::source::<Endless>("endless"),
    Connector::source::<Flaky>("flaky"),
    Connector::source::<Deaf>("deaf"),
    Connector::transform::<Break>("break"),
    Connector::transform::<Refuse>("refuse-odd"),
];

/// All connectors, the odd ones among them.
struct Odd;

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| ODD.iter().map(Connector::entry).collect());

impl Catalogue for Odd {
    fn entry(&self, id: &str) -> Option<&Entry> {
        ENTRIES.iter().find(|entry| entry.id == id).or_else(|| connectors::Connectors.entry(id))
    }

    fn ids(&self) -> Vec<&'static str> {
        connectors::Connectors.ids()
    }

    fn check_settings(&self, id: &str, settings: &Json) -> Vec<SettingsProblem> {
        let odd = ENTRIES.iter().any(|entry| entry.id == id);
        if odd { Vec::new() } else { connectors::Connectors.check_settings(id, settings) }
    }
}

pub(crate) fn find(id: &str) -> Option<&'static Connector> {
    ODD.iter().find(|connector| connector.id() == id).or_else(|| connectors::connector(id))
}

/// What tests and their connectors tell each other, by name.
#[derive(Default)]
pub(crate) struct Gate {
    pub(crate) open: Option<Arc<Semaphore>>,
    pub(crate) inside: Arc<AtomicUsize>,
    pub(crate) most: Arc<AtomicUsize>,
    pub(crate) fails: usize,
    pub(crate) tries: usize,
}

static GATES: LazyLock<Mutex<HashMap<String, Gate>>> = LazyLock::new(Mutex::default);

pub(crate) fn gate<R>(name: &str, with: impl FnOnce(&mut Gate) -> R) -> R {
    with(GATES.lock().unwrap().entry(name.to_owned()).or_default())
}

/// Waits until the gate of its name has room; sends one record.
#[derive(Deserialize, JsonSchema)]
struct Gated {
    name: String,
}

impl Source for Gated {
    async fn read(self, mut out: Outputs, context: Context) -> Result<Reading, StepError> {
        let (open, inside, most) = gate(&self.name, |gate| {
            let open = gate.open.get_or_insert_with(|| Arc::new(Semaphore::new(0)));
            (Arc::clone(open), Arc::clone(&gate.inside), Arc::clone(&gate.most))
        });
        most.fetch_max(inside.fetch_add(1, SeqCst) + 1, SeqCst);
        tokio::select! {
            permit = open.acquire() => permit.unwrap().forget(),
            () = context.cancellation().cancelled_owned() => {}
        }
        inside.fetch_sub(1, SeqCst);
        let mut builder = BatchBuilder::new();
        builder.json(&json!({ "through": self.name })).unwrap();
        out.send(builder.take()).await?;
        Ok(Reading::Complete)
    }
}

/// Never ends.
#[derive(Deserialize, JsonSchema)]
struct Endless {}

impl Source for Endless {
    async fn read(self, mut out: Outputs, _: Context) -> Result<Reading, StepError> {
        for number in 0_u64.. {
            let mut builder = BatchBuilder::new();
            builder.json(&json!({ "number": number })).unwrap();
            out.send(builder.take()).await?;
            if out.is_done() {
                break;
            }
        }
        Ok(Reading::Complete)
    }
}

/// Cannot be reached as often as its gate says.
#[derive(Deserialize, JsonSchema)]
struct Flaky {
    name: String,
}

impl Source for Flaky {
    async fn read(self, mut out: Outputs, _: Context) -> Result<Reading, StepError> {
        let fails = gate(&self.name, |gate| {
            gate.tries += 1;
            let fails = gate.fails > 0;
            gate.fails = gate.fails.saturating_sub(1);
            fails
        });
        if fails {
            return Err(StepError::passing(msg!("{problem}", problem = "away")));
        }
        let mut builder = BatchBuilder::new();
        builder.json(&json!({ "read": true })).unwrap();
        out.send(builder.take()).await?;
        Ok(Reading::Complete)
    }
}

/// Does not listen to the end of its run, the first time it is read; sends one record after that.
#[derive(Deserialize, JsonSchema)]
struct Deaf {
    name: String,
}

impl Source for Deaf {
    async fn read(self, mut out: Outputs, _: Context) -> Result<Reading, StepError> {
        let tries = gate(&self.name, |gate| {
            gate.tries += 1;
            gate.tries
        });
        if tries == 1 {
            std::future::pending::<()>().await;
        }
        let mut builder = BatchBuilder::new();
        builder.json(&json!({ "read": true })).unwrap();
        out.send(builder.take()).await?;
        Ok(Reading::Complete)
    }
}

/// Panics.
#[derive(Deserialize, JsonSchema)]
struct Break {}

impl Transform for Break {
    async fn apply(self, mut inputs: Inputs, _: Outputs, _: Context) -> Result<(), StepError> {
        inputs.next().await;
        panic!("broken on purpose");
    }
}

/// Refuses records whose number is odd.
#[derive(Deserialize, JsonSchema)]
struct Refuse {}

impl Transform for Refuse {
    async fn apply(self, mut inputs: Inputs, mut out: Outputs, _: Context) -> Result<(), StepError> {
        while let Some(batch) = inputs.next().await {
            let mut even = Vec::new();
            for (place, record) in batch.records().enumerate() {
                let number = record.as_object().and_then(|record| record.get("number"));
                if number
                    .is_some_and(|number| number.to_json().as_i64().is_some_and(|number| number % 2 == 0))
                {
                    even.push(place);
                } else {
                    let reason = msg!("{problem}", problem = "odd");
                    out.reject(record, &bus_core::error::Reject::field("number", reason));
                }
            }
            out.send(batch.select(&even)).await?;
        }
        Ok(())
    }
}

const WORKFLOWS: Collection = Collection { name: "workflows", indexes: &[] };

/// A node that works.
pub(crate) struct House {
    pub(crate) bus: Bus,
    pub(crate) store: Embedded,
    stop: CancellationToken,
    work: JoinSet<()>,
    folder: PathBuf,
}

pub(crate) fn quick() -> BusSettings {
    BusSettings {
        sweep: Duration::from_millis(200),
        grace: Duration::from_millis(200),
        ..BusSettings::default()
    }
}

pub(crate) fn node(folder: &Path, settings: BusSettings, slots: usize) -> (Bus, Embedded) {
    let clock = Arc::new(|| workers::now(&SystemClock));
    let store = Embedded::open(&folder.join("data"), clock).unwrap();
    let plane: (&str, Arc<dyn Store>, Arc<dyn Broker>) =
        ("here", Arc::new(store.clone()), Arc::new(store.clone()));
    (node_over(folder, plane, settings, slots), store)
}

/// A node of this name over this store and broker.
pub(crate) fn node_over(
    folder: &Path,
    (name, store, broker): (&str, Arc<dyn Store>, Arc<dyn Broker>),
    settings: BusSettings,
    slots: usize,
) -> Bus {
    Bus::new(BusParts {
        node: name.to_owned(),
        broker,
        store,
        clock: Arc::new(SystemClock),
        find,
        catalogue: Arc::new(Odd),
        http: Http::new(HttpOptions { allow_private: true, ..HttpOptions::default() }),
        limits: Limits::default(),
        folder: folder.join("files"),
        scratch: folder.join("scratch"),
        slots,
        settings,
    })
}

impl House {
    pub(crate) fn new(folder: &Path, settings: BusSettings) -> Self {
        Self::with_slots(folder, settings, 4)
    }

    pub(crate) fn with_slots(folder: &Path, settings: BusSettings, slots: usize) -> Self {
        let (bus, store) = node(folder, settings, slots);
        let (stop, mut work) = (CancellationToken::new(), JoinSet::new());
        let (worker, stopped) = (bus.clone(), stop.clone());
        work.spawn(async move { worker.work(stopped).await });
        Self { bus, store, stop, work, folder: folder.to_owned() }
    }

    pub(crate) async fn close(mut self) {
        self.stop.cancel();
        while self.work.join_next().await.is_some() {}
        let Self { bus, store, .. } = self;
        drop(bus);
        store.close().await;
    }

    pub(crate) fn file(&self, workflow: &str, name: &str) -> String {
        std::fs::read_to_string(self.folder.join("files").join(workflow).join(name)).unwrap_or_default()
    }

    pub(crate) async fn keep(&self, id: &str, document: &Workflow) {
        keep(&self.store, id, document).await;
    }

    pub(crate) async fn start(&self, workflow: &str) -> RunSummary {
        self.bus.start(start(workflow)).await.unwrap()
    }

    pub(crate) async fn run(&self, workflow: &str) -> RunSummary {
        let run = self.start(workflow).await;
        self.ended(&run.id).await
    }

    pub(crate) async fn ended(&self, run: &str) -> RunSummary {
        let summary = self.bus.wait(run, Duration::from_secs(60)).await.unwrap();
        assert!(summary.status.has_ended(), "{summary:?}");
        summary
    }

    pub(crate) async fn succeeds(&self, workflow: &str) -> RunSummary {
        let summary = self.run(workflow).await;
        if summary.status != RunStatus::Succeeded {
            panic!("{:#?}", self.bus.run(&summary.id, Language::En).await.unwrap());
        }
        summary
    }
}

pub(crate) async fn keep(store: &Embedded, id: &str, document: &Workflow) {
    let body = json!({
        "form": 1, "document": document, "owner": "me", "shares": [], "draft": false,
        "changed": "2026-11-25T00:00:00Z", "by": "me", "revision": 1,
    });
    store.save(WORKFLOWS, id, body.into(), Expect::Anything).await.unwrap();
}

pub(crate) fn start(workflow: &str) -> Start {
    Start {
        workflow: workflow.to_owned(),
        parameters: serde_json::Map::new(),
        inputs: std::collections::BTreeMap::new(),
        by: StartedBy::Person("me".to_owned()),
        language: Language::En,
        priority: Priority::Interactive,
    }
}

pub(crate) fn workflow(steps: &[(&str, &str, Json)], links: &[&str]) -> Workflow {
    let steps: Vec<Json> = steps
        .iter()
        .map(|(id, connector, settings)| json!({ "id": id, "connector": connector, "settings": settings }))
        .collect();
    serde_json::from_value(json!({ "version": 1, "steps": steps, "links": links })).unwrap()
}

pub(crate) fn numbers(count: usize) -> Json {
    json!({
        "records": count,
        "fields": [{ "name": "number", "values": { "sequence": {} } }],
    })
}
