//! A node of the bus: starts runs, does their tasks, keeps what they made for the eye.

mod error;
mod watch;

pub use error::BusError;
pub use watch::{Records, Watch};

use backplane::{Broker, Priority, Store};
use bus_core::{
    Language,
    api::{Page, Preview, PreviewAsked, Replay, RunDetail, RunSummary, StartedBy, Table, Upload},
    catalogue::Catalogue,
};
use connectors::{
    contract::{Clock, Connector, Limits},
    kit::http::Http,
};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, fmt, path::PathBuf, sync::Arc, time::Duration};
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
    /// Tasks done at a time.
    pub slots: usize,
}

/// A node of the bus. Cheap to clone.
#[derive(Clone)]
pub struct Bus(Arc<BusParts>);

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bus").field("node", &self.0.node).finish_non_exhaustive()
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
        Self(Arc::new(parts))
    }

    /// Works until cancelled: takes tasks, moves runs on, sees to what stayed out too long, deletes what has
    /// outlived its time. Returns when what was begun is finished or handed back.
    pub async fn work(&self, stop: CancellationToken) {
        stop.cancelled().await;
    }

    /// Starts a run: once this returns it is accepted, and will be done even if the process dies now.
    ///
    /// # Errors
    /// If there is no such workflow, if it is a draft, or if the parameters do not fit it.
    pub async fn start(&self, asked: Start) -> Result<RunSummary, BusError> {
        let _ = asked;
        Err(BusError::Missing)
    }

    /// Ends a run; its tasks stop within two seconds. One that has ended stays as it is.
    ///
    /// # Errors
    /// If there is no such run.
    pub async fn cancel(&self, run: &str) -> Result<(), BusError> {
        let _ = run;
        Err(BusError::Missing)
    }

    /// Tries a failed run again, from where it failed.
    ///
    /// # Errors
    /// If there is no such run, or if it has not failed.
    pub async fn resume(&self, run: &str) -> Result<(), BusError> {
        let _ = run;
        Err(BusError::Missing)
    }

    /// A run, with texts in a language.
    ///
    /// # Errors
    /// If there is no such run.
    pub async fn run(&self, run: &str, language: Language) -> Result<RunDetail, BusError> {
        let _ = (run, language);
        Err(BusError::Missing)
    }

    /// The runs of a workflow, latest first; `after` is what the page before gave as its next.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn runs(
        &self,
        workflow: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<RunSummary>, BusError> {
        let _ = (workflow, after, limit);
        Err(BusError::Missing)
    }

    /// Waits for the end of a run, at most so long, and says how it stands then.
    ///
    /// # Errors
    /// If there is no such run.
    pub async fn wait(&self, run: &str, most: Duration) -> Result<RunSummary, BusError> {
        let _ = (run, most);
        Err(BusError::Missing)
    }

    /// Watches a run: how it stands now, then every change.
    ///
    /// # Errors
    /// If there is no such run.
    pub async fn watch(&self, run: &str) -> Result<Watch, BusError> {
        let _ = run;
        Err(BusError::Missing)
    }

    /// Records kept of an output port of a step.
    ///
    /// # Errors
    /// If there is no such run or port; [`BusError::Expired`] if they have outlived their time.
    pub async fn table(
        &self,
        run: &str,
        step: &str,
        port: &str,
        from: u64,
        limit: usize,
    ) -> Result<Table, BusError> {
        let _ = (run, step, port, from, limit);
        Err(BusError::Missing)
    }

    /// All records kept of an output port of a step, batch by batch.
    ///
    /// # Errors
    /// If there is no such run or port; [`BusError::Expired`] if they have outlived their time.
    pub async fn records(&self, run: &str, step: &str, port: &str) -> Result<Records, BusError> {
        let _ = (run, step, port);
        Err(BusError::Missing)
    }

    /// What a step would send, on a sample: nothing is written, no sink is run.
    ///
    /// # Errors
    /// If there is no such step, workflow or run; what goes wrong in the steps stands in the preview.
    pub async fn preview(&self, asked: PreviewAsked, language: Language) -> Result<Preview, BusError> {
        let _ = (asked, language);
        Err(BusError::Missing)
    }

    /// Gives refused records to the step that refused them again, in a new run of that step and what follows it.
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
        let _ = (run, step, replay, by);
        Err(BusError::Missing)
    }

    /// Keeps a file for a source to read.
    ///
    /// # Errors
    /// If it is of no format that is known.
    pub async fn upload(&self, name: &str, media_type: &str, bytes: Vec<u8>) -> Result<Upload, BusError> {
        let _ = (name, media_type, bytes);
        Err(BusError::Missing)
    }
}
