//! A node of the bus: starts runs, does their tasks, keeps what they made for the eye.

mod arrived;
mod budget;
mod census;
pub(crate) mod chunk;
mod detail;
mod error;
mod execute;
mod hands;
mod health;
mod kept;
mod letters;
mod lines;
mod list;
mod listen;
mod memory;
mod nodes;
mod origins;
mod patience;
mod pinned;
mod preview;
mod queues;
mod record;
mod replay;
mod report;
mod runs;
mod settings;
mod share;
mod shared;
mod shelves;
mod stages;
mod start;
mod survey;
mod sweep;
mod tally;
mod uploads;
mod watch;
mod worker;

pub use census::Census;
pub use error::BusError;
pub use health::Health;
pub use nodes::NodeInfo;
pub use record::RUNS;
pub use settings::{BusSettings, Split};
pub use tally::{Done, Histogram};
pub use uploads::Uploading;
pub use watch::{Records, Watch};

use budget::Budget;
use hands::Hands;
use lines::Lines;
use origins::Origins;
use queues::Unsent;
use share::Share;
use tally::Tally;

use crate::{Vault, new_id, now};
use backplane::{Broker, Priority, Store};
use bus_core::{
    Language,
    api::{Preview, PreviewAsked, Replay, RunDetail, RunSummary, StartedBy, Table},
    catalogue::Catalogue,
    msg,
    run::{Event, Status},
};
use connectors::{
    contract::{Clock, Connector, Limits},
    kit::http::Http,
};
use serde_json::{Map, Value};
use std::{
    collections::BTreeMap,
    fmt,
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{sync::Semaphore, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// What a node is made of.
pub struct BusParts {
    /// Names the node among others.
    pub node: String,
    /// The courier.
    pub broker: Arc<dyn Broker>,
    /// The truth.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Finds a connector by its id.
    pub find: fn(&str) -> Option<&'static Connector>,
    /// What is known of the connectors.
    pub catalogue: Arc<dyn Catalogue + Send + Sync>,
    /// Outbound HTTP.
    pub http: Http,
    /// What may be taken from outside.
    pub limits: Limits,
    /// Holds a folder for each workflow; its steps reach files there and nowhere else.
    pub folder: PathBuf,
    /// Where steps spill.
    pub scratch: PathBuf,
    /// Tasks done at a time; none if the node takes none, and only begins runs and sees to them.
    pub slots: usize,
    /// How much is kept, and how patient the node is.
    pub settings: BusSettings,
}

/// A node of the bus. Cheap to clone.
#[derive(Clone)]
pub struct Bus(Arc<Node>);

struct Node {
    parts: BusParts,
    /// Begins the names of the workers of this process: `node/boot/`.
    boot: String,
    workers: AtomicU64,
    working: AtomicBool,
    share: Share,
    hands: Hands,
    lines: Lines,
    origins: Origins,
    /// One place for each task that may be under way.
    places: Arc<Semaphore>,
    budget: Budget,
    unsent: Unsent,
    tally: Tally,
    vault: OnceLock<Vault>,
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bus").field("node", &self.0.parts.node).finish_non_exhaustive()
    }
}

/// A run to start.
#[derive(Debug, Clone)]
pub struct Start {
    /// The workflow, by id.
    pub workflow: String,
    /// Values of its parameters.
    pub parameters: Map<String, Value>,
    /// Uploads that stand for the data of sources: step id → upload id.
    pub inputs: BTreeMap<String, String>,
    /// What starts it.
    pub by: StartedBy,
    /// The language of whoever reads its refused records.
    pub language: Language,
    /// How urgent it is.
    pub priority: Priority,
}

impl Bus {
    /// A node of these parts; it does nothing until [`Bus::work`] is called.
    #[must_use]
    pub fn new(parts: BusParts) -> Self {
        let boot = format!("{}/{}/", parts.node, new_id(&*parts.clock));
        let share = Share::new(parts.settings.share.unwrap_or(parts.slots / 2));
        let (slots, budget) = (parts.slots, Budget::new(parts.settings.memory));
        Self(Arc::new(Node {
            parts,
            boot,
            workers: AtomicU64::new(0),
            working: AtomicBool::new(false),
            share,
            hands: Hands::default(),
            lines: Lines::default(),
            origins: Origins::default(),
            places: Arc::new(Semaphore::new(slots)),
            budget,
            unsent: Unsent::default(),
            tally: Tally::default(),
            vault: OnceLock::new(),
        }))
    }

    fn parts(&self) -> &BusParts {
        &self.0.parts
    }

    /// The store of the node.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.0.parts.store
    }

    /// The name of the node.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.0.parts.node
    }

    /// The broker of the node.
    #[must_use]
    pub fn broker(&self) -> &Arc<dyn Broker> {
        &self.0.parts.broker
    }

    /// The folder of a workflow: its steps reach files there and nowhere else.
    #[must_use]
    pub fn folder(&self, workflow: &str) -> PathBuf {
        self.0.parts.folder.join(workflow)
    }

    fn settings(&self) -> &BusSettings {
        &self.0.parts.settings
    }

    fn share(&self) -> &Share {
        &self.0.share
    }

    fn hands(&self) -> &Hands {
        &self.0.hands
    }

    fn lines(&self) -> &Lines {
        &self.0.lines
    }

    fn origins(&self) -> &Origins {
        &self.0.origins
    }

    fn budget(&self) -> &Budget {
        &self.0.budget
    }

    fn unsent(&self) -> &Unsent {
        &self.0.unsent
    }

    fn tally(&self) -> &Tally {
        &self.0.tally
    }

    fn boot(&self) -> &str {
        &self.0.boot
    }

    fn is_working(&self) -> bool {
        self.0.working.load(Relaxed)
    }

    fn worker_name(&self) -> String {
        format!("{}{}", self.0.boot, self.0.workers.fetch_add(1, Relaxed))
    }

    /// The time, ms since the Unix epoch.
    fn now(&self) -> i64 {
        now(&*self.0.parts.clock)
    }

    /// Works until cancelled: takes tasks, moves runs on, sees to what stayed out too long, deletes what has
    /// outlived its time. Returns when what was begun is finished or handed back.
    pub async fn work(&self, stop: CancellationToken) {
        self.0.working.store(true, Relaxed);
        let mut hearing = JoinSet::new();
        let bus = self.clone();
        hearing.spawn(async move { bus.hear_stops().await });
        let bus = self.clone();
        hearing.spawn(async move { bus.hear_waiting().await });
        let bus = self.clone();
        hearing.spawn(async move { bus.hear_ends().await });
        tokio::join!(
            self.take_tasks(stop.clone()),
            self.sweep_until(&stop),
            self.keep_time(&stop),
            self.keep_listening(&stop),
            self.say_alive(&stop)
        );
        self.0.working.store(false, Relaxed);
    }

    /// Starts a run: once this returns it is accepted, and will be done even if the process dies now.
    ///
    /// # Errors
    /// If there is no such workflow, if it is a draft, or if the parameters do not fit it.
    pub async fn start(&self, asked: Start) -> Result<RunSummary, BusError> {
        self.start_run(new_id(&*self.0.parts.clock), asked).await
    }

    /// Ends a run; its tasks stop within two seconds. One that has ended stays as it is.
    ///
    /// # Errors
    /// If there is no such run.
    pub async fn cancel(&self, run: &str) -> Result<(), BusError> {
        self.tell(run, Event::Cancel).await.map(|_| ())
    }

    /// Tries a failed run again, from where it failed.
    ///
    /// # Errors
    /// If there is no such run, or if it has not failed.
    pub async fn resume(&self, run: &str) -> Result<(), BusError> {
        let known = self.known(run).await?;
        if known.record.state.status != Status::Failed {
            return Err(BusError::Refused(msg!("only a run that has failed can be resumed")));
        }
        let known = self.tell(run, Event::Resume).await?;
        self.share().note(&known.record.workflow, run);
        Ok(())
    }

    /// A run, with texts in a language.
    ///
    /// # Errors
    /// If there is no such run.
    pub async fn run(&self, run: &str, language: Language) -> Result<RunDetail, BusError> {
        let record = self.known(run).await?.record;
        Ok(detail::of(run, Arc::unwrap_or_clone(record), language))
    }

    /// Waits for the end of a run, at most so long, and says how it stands then.
    ///
    /// # Errors
    /// If there is no such run.
    pub async fn wait(&self, run: &str, most: Duration) -> Result<RunSummary, BusError> {
        self.wait_for(run, most).await
    }

    /// Watches a run: how it stands now, then every change.
    ///
    /// # Errors
    /// If there is no such run.
    pub async fn watch(&self, run: &str) -> Result<Watch, BusError> {
        self.watch_run(run).await
    }

    /// Records kept of an output port of a step.
    ///
    /// # Errors
    /// If there is no such run, step or port; [`BusError::Expired`] if they have outlived their time.
    pub async fn table(
        &self,
        run: &str,
        step: &str,
        port: &str,
        from: u64,
        limit: usize,
    ) -> Result<Table, BusError> {
        let record = self.known(run).await?.record;
        self.kept_table(&record, (step, port), from, limit).await
    }

    /// All records kept of an output port of a step, batch by batch.
    ///
    /// # Errors
    /// If there is no such run, step or port; [`BusError::Expired`] if they have outlived their time.
    pub async fn records(&self, run: &str, step: &str, port: &str) -> Result<Records, BusError> {
        let record = self.known(run).await?.record;
        self.kept_of(&record, step, port).await
    }

    /// What a step would send, on a sample: nothing is written, no sink is run. Of a sink, what would reach
    /// it is shown as its port `in`. A document that belongs to no workflow may use those of `account` as steps.
    ///
    /// # Errors
    /// If there is no such step, workflow or run; what goes wrong in the steps stands in the preview.
    pub async fn preview(
        &self,
        asked: PreviewAsked,
        account: &str,
        language: Language,
    ) -> Result<Preview, BusError> {
        self.preview_of(asked, account, language).await
    }

    /// Gives refused records to the step that refused them again, in a new run of that step and what
    /// follows it.
    ///
    /// # Errors
    /// If there is no such run or step, or if nothing was refused.
    pub async fn replay(
        &self,
        run: &str,
        step: &str,
        replay: Replay,
        by: StartedBy,
    ) -> Result<RunSummary, BusError> {
        self.replay_of(run, step, replay, by).await
    }

    /// Begins to keep a file for a source to read; push its bytes as they come.
    #[must_use]
    pub fn upload(&self, name: &str, media_type: &str) -> Uploading {
        Uploading::new(self, name, media_type)
    }
}
