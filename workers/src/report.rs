use bus_core::{
    Language,
    catalogue::Kind,
    error::{Fault, StepError},
    loss::LossReport,
    record::Timestamp,
};
use connectors::contract::{Counts, Receipt};
use serde::{Serialize, Serializer};
use std::{collections::BTreeMap, path::PathBuf};

/// How a run, or a step of it, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// To its end.
    Done,
    /// No source has changed since the last run: nothing had to be done.
    Unchanged,
    /// It could not go on.
    Failed,
    /// It was cancelled, or stopped because another step failed.
    Cancelled,
    /// It was not started.
    NotRun,
}

/// What a run did.
#[derive(Debug, Clone, Serialize)]
pub struct RunReport {
    /// The workflow's name.
    pub workflow: String,
    /// How it ended.
    pub outcome: Outcome,
    /// When it began.
    #[serde(serialize_with = "time")]
    pub started: Timestamp,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// Seconds of CPU the process used meanwhile.
    pub cpu_seconds: f64,
    /// The most memory the process has held, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_memory: Option<u64>,
    /// The steps, in the order of the document.
    pub steps: Vec<StepReport>,
    /// Why it failed, where no step is to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// What a step did.
#[derive(Debug, Clone, Serialize)]
pub struct StepReport {
    /// The step's id.
    pub id: String,
    /// Its name, if it has one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Its connector.
    pub connector: String,
    /// What the connector does.
    pub kind: Kind,
    /// How it ended.
    pub outcome: Outcome,
    /// Records and bytes.
    pub counts: Counts,
    /// Records sent by each output port, `errors` among them.
    #[serde(skip)]
    pub ports: BTreeMap<String, u64>,
    /// How long it was busy or waiting, in seconds.
    pub seconds: f64,
    /// Seconds of CPU it used (reading and writing of files happens elsewhere and is not in it).
    pub cpu_seconds: f64,
    /// What a sink wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    /// What conversions could not keep.
    #[serde(skip_serializing_if = "LossReport::is_empty")]
    pub losses: LossReport,
    /// Refused records whose port leads nowhere.
    #[serde(skip_serializing_if = "KeptErrors::is_empty")]
    pub errors: KeptErrors,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// Refused records that no link takes.
#[derive(Debug, Clone, Default, Serialize)]
pub struct KeptErrors {
    /// How many there are.
    pub count: u64,
    /// The first of them.
    pub first: Vec<serde_json::Value>,
    /// The file that holds them all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
}

impl KeptErrors {
    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// Why something failed.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    /// Whose move it is.
    pub fault: Fault,
    /// Whether doing the same again may help.
    pub retry: bool,
    /// The text in the language of the run.
    pub text: String,
    /// The error, for texts in other languages.
    #[serde(skip)]
    pub error: StepError,
}

impl Failure {
    pub(crate) fn new(error: StepError, language: Language) -> Self {
        Self { fault: error.fault, retry: error.retry, text: error.text(language), error }
    }
}

impl RunReport {
    /// Whether everything that had to be done was done.
    #[must_use]
    pub const fn succeeded(&self) -> bool {
        matches!(self.outcome, Outcome::Done | Outcome::Unchanged)
    }

    /// The step with this id.
    #[must_use]
    pub fn step(&self, id: &str) -> Option<&StepReport> {
        self.steps.iter().find(|step| step.id == id)
    }

    /// What the sinks for the eye show, in the order of the document.
    pub fn shown(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter_map(|step| step.receipt.as_ref()?.shown.as_deref())
    }

    /// How many records were refused and reached no other step.
    #[must_use]
    pub fn kept_errors(&self) -> u64 {
        self.steps.iter().map(|step| step.errors.count).sum()
    }
}

fn time<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}
