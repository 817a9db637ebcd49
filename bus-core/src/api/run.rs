use super::{Table, Time};
use crate::{error::Fault, loss::LossReport, workflow::Workflow};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// `POST /workflows/{id}/runs`: a run to start; the answer is `202` with a [`RunSummary`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RunAsked {
    /// Values of the workflow's parameters.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<String, Value>,
    /// Uploads that stand for the data of sources: step id → upload id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, String>,
}

/// What started a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StartedBy {
    /// A person, by name.
    Person(String),
    /// A schedule, for this moment.
    Schedule(Time),
    /// An HTTP call.
    Call,
    /// An upload.
    Upload,
    /// Messages that arrived.
    Live,
    /// A replay of refused records of this run.
    Replay(String),
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// Accepted, not begun.
    Waiting,
    /// Under way.
    Running,
    /// All is done.
    Succeeded,
    /// There was nothing new.
    Unchanged,
    /// A step could not go on; `POST /runs/{id}/resume` tries again from there.
    Failed,
    /// Somebody ended it.
    Cancelled,
}

impl RunStatus {
    /// Whether nothing will happen any more.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }
}

/// A run in a list (`GET /workflows/{id}/runs`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunSummary {
    /// Names it.
    pub id: String,
    /// Its workflow.
    pub workflow: String,
    /// The revision of the workflow it runs.
    pub revision: u64,
    /// How it stands.
    pub status: RunStatus,
    /// What started it.
    pub by: StartedBy,
    /// When it was accepted.
    pub accepted: Time,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Time>,
    /// Records that the sinks have written.
    pub written: u64,
    /// Records that were refused.
    pub refused: u64,
}

/// A run (`GET /runs/{id}`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunDetail {
    /// What a list shows of it.
    pub summary: RunSummary,
    /// The document it runs, sub-workflows in place.
    pub document: Workflow,
    /// The values of its parameters.
    pub parameters: Map<String, Value>,
    /// Its steps, in the order of the document.
    pub steps: Vec<StepRun>,
    /// Why it failed, where no step is to blame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// Seconds of CPU it has used.
    pub cpu_seconds: f64,
    /// Until when its data is kept.
    pub kept_until: Time,
}

/// How a step of a run stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StepOutcome {
    /// Not begun.
    #[default]
    Waiting,
    /// Under way.
    Running,
    /// Done.
    Done,
    /// There was nothing new.
    Unchanged,
    /// It could not go on.
    Failed,
    /// Stopped, since the run was.
    Cancelled,
}

/// What a step has counted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct StepCounts {
    /// How it stands.
    pub outcome: StepOutcome,
    /// Records that came in.
    pub records_in: u64,
    /// Records that went out.
    pub records_out: u64,
    /// Records sent by each output port, `errors` among them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub ports: BTreeMap<String, u64>,
    /// Records refused.
    pub errors: u64,
    /// Bytes read from outside.
    pub bytes_in: u64,
    /// Bytes written to the outside.
    pub bytes_out: u64,
    /// Seconds it was busy or waiting.
    pub seconds: f64,
    /// Seconds of CPU it has used.
    pub cpu_seconds: f64,
}

/// What a step of a run did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepRun {
    /// The step.
    pub id: String,
    /// Its counts.
    pub counts: StepCounts,
    /// Records a sink has written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<u64>,
    /// Where a sink has written (a path, an address, `/data/<slug>`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// What conversions could not keep.
    #[serde(default)]
    #[schemars(with = "Value")]
    pub losses: LossReport,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// How many records are kept of each output port: `GET /runs/{id}/steps/{step}/ports/{port}` gives a
    /// [`Table`] (`?from=&limit=`) or, with `?format=csv`, a file.
    #[serde(default)]
    pub kept: BTreeMap<String, u64>,
}

/// Why something failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// Whose move it is.
    #[schemars(with = "String")]
    pub fault: Fault,
    /// Whether doing the same again may help.
    pub retry: bool,
    /// What happened and what to do, in the caller's language.
    pub text: String,
}

/// What `GET /runs/{id}/events` sends (server-sent events, event name `progress`): how the whole run stands, so that a
/// watcher who missed some has missed nothing. The event's id grows; `Last-Event-ID` leaves out what was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Progress {
    /// The run.
    pub run: String,
    /// How it stands; after one that has ended nothing more comes.
    pub status: RunStatus,
    /// The steps' counts by id.
    pub steps: BTreeMap<String, StepCounts>,
}

/// `POST /preview`: what a step would send, on a sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewAsked {
    /// The document, as it is in the editor.
    pub document: Workflow,
    /// The workflow it belongs to, whose files and secrets it may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// The step that is looked at; everything it needs is run, no sink is.
    pub step: String,
    /// A run whose kept records stand for the sources, so that nothing outside is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample_of: Option<String>,
    /// Uploads that stand for the data of sources, as for a run: step id → upload id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, String>,
    /// At most so many records of each source.
    #[serde(default = "thousand")]
    pub records: usize,
    /// Values of parameters.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<String, Value>,
}

const fn thousand() -> usize {
    1_000
}

/// The answer to `POST /preview`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Preview {
    /// What the step's output ports send, `errors` among them.
    pub ports: BTreeMap<String, Table>,
    /// Milliseconds it took.
    pub milliseconds: f64,
    /// Why it could not be shown to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// `POST /runs/{id}/steps/{step}/replay`: refused records, mended, to be given to the step again; the answer is `202`
/// with a [`RunSummary`] of a new run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// The records; all that were refused, as they were, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<Vec<Value>>,
}

/// The answer to `POST /uploads` (the body is the file, `Content-Type` and `?name=` say what it is).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Upload {
    /// Names it; used in [`RunAsked::inputs`].
    pub id: String,
    /// The file's name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// The id of the format that was found by type, name and content.
    pub format: String,
    /// Until when it is kept.
    pub until: Time,
}
