use crate::{Outcome, SystemClock, settings::EnvironmentSecrets};
use bus_core::Language;
use connectors::{
    contract::{Clock, Counts, Limits, Meter, Publisher, Secrets},
    kit::http::Http,
};
use std::{fmt, path::PathBuf, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// How to run a workflow.
pub struct RunOptions {
    /// Names what is done, the same whenever it is done again; empty where it is done once.
    pub work: String,
    /// Values of the workflow's parameters.
    pub parameters: serde_json::Map<String, serde_json::Value>,
    /// Where relative file names start.
    pub folder: PathBuf,
    /// Whether steps reach files in that folder only.
    pub confined: bool,
    /// Takes what is offered to the outside; nothing is if not given.
    pub publisher: Option<Arc<dyn Publisher>>,
    /// The language of whoever reads the refused records.
    pub language: Language,
    /// What may be taken from outside.
    pub limits: Limits,
    /// Outbound HTTP.
    pub http: Http,
    /// Secrets by name.
    pub secrets: Arc<dyn Secrets>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ends the run early.
    pub cancel: CancellationToken,
    /// Where the folder for spilled data is made; it goes with the run.
    pub scratch: PathBuf,
    /// Where all refused records are written, one NDJSON file a step; if not given, only the first are kept.
    pub errors_folder: Option<PathBuf>,
    /// How many refused records of each step the report shows.
    pub kept_errors: usize,
    /// Where steps remember what they have read (ETags, cursors), so that what has not changed is not read
    /// again; if not given, everything is read.
    pub memory_file: Option<PathBuf>,
    /// Whether `-` as a file name stands for standard input and output.
    pub standard_streams: bool,
    /// Told how far the steps are, several times a second.
    pub progress: Option<Progress>,
}

/// Told how far the steps are.
pub type Progress = Box<dyn FnMut(&[StepProgress<'_>]) + Send>;

/// How far one step is.
#[derive(Debug, Clone, Copy)]
pub struct StepProgress<'a> {
    /// The step's id.
    pub id: &'a str,
    /// What it has counted.
    pub counts: Counts,
    /// For how long it has been running.
    pub elapsed: Duration,
    /// Seconds of CPU it has used.
    pub cpu_seconds: f64,
    /// Whether it has ended.
    pub ended: bool,
    /// How it ended, if it has.
    pub outcome: Outcome,
    /// Tells the counts of each port.
    pub meter: &'a Meter,
}

impl Default for RunOptions {
    /// Options for the folder where the program was started: private addresses refused, nothing remembered.
    fn default() -> Self {
        Self {
            work: String::new(),
            parameters: serde_json::Map::new(),
            folder: PathBuf::from("."),
            confined: false,
            publisher: None,
            language: Language::default(),
            limits: Limits::default(),
            http: Http::default(),
            secrets: Arc::new(EnvironmentSecrets),
            clock: Arc::new(SystemClock),
            cancel: CancellationToken::new(),
            scratch: std::env::temp_dir(),
            errors_folder: None,
            kept_errors: 20,
            memory_file: None,
            standard_streams: false,
            progress: None,
        }
    }
}

impl fmt::Debug for RunOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunOptions").field("folder", &self.folder).finish_non_exhaustive()
    }
}
