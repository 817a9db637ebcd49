//! The document of a run: everything there is to know of it, so that any node can go on with it.

use super::{
    BusError,
    report::{TaskReport, merged},
    shared::Shared,
    stages::{self, Stage},
};
use backplane::{Body, Collection, Index, Priority};
use bus_core::{
    Language,
    api::{RunStatus, RunSummary, StartedBy, StepCounts, StepOutcome, Time},
    error::StepError,
    run::{Chunks, RunState, Status, TaskId, TaskStatus},
    workflow::{Step, Workflow},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, time::Duration};

/// Where runs stand.
pub const RUNS: Collection = Collection {
    name: "runs",
    indexes: &[
        Index { name: "of-workflow", members: &["workflow", "accepted"], unique: false },
        Index { name: "standing", members: &["state.status", "urgency", "accepted"], unique: false },
        Index { name: "queue", members: &["workflow", "state.status", "urgency", "accepted"], unique: false },
        Index { name: "ended", members: &["ended"], unique: false },
    ],
};

/// The connector that publishes.
const PUBLISH: &str = "publish";

/// The form of the document that this bus writes.
const VERSION: u16 = 2;

/// A run as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct RunRecord {
    version: u16,
    pub(super) workflow: String,
    pub(super) revision: u64,
    /// Whose secrets it uses.
    pub(super) owner: String,
    /// The document as it was when the run was accepted, sub-workflows in place.
    pub(super) document: Shared<Workflow>,
    pub(super) parameters: Map<String, Value>,
    /// Uploads that stand for the data of sources.
    #[serde(default)]
    pub(super) inputs: BTreeMap<String, String>,
    /// Kept records that reach a step as if a link brought them.
    #[serde(default)]
    pub(super) given: Vec<Given>,
    /// Messages that live sources read, by step.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) arrived: BTreeMap<String, Option<String>>,
    pub(super) by: StartedBy,
    pub(super) language: Language,
    pub(super) priority: Priority,
    /// The priority as a number, most urgent first.
    pub(super) urgency: i64,
    pub(super) accepted: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ended: Option<i64>,
    pub(super) kept_until: i64,
    pub(super) stages: Shared<Vec<Stage>>,
    pub(super) state: RunState,
    #[serde(default)]
    pub(super) reports: BTreeMap<TaskId, Shared<TaskReport>>,
}

/// Chunks that stand for what a link would bring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Given {
    pub(super) step: String,
    pub(super) port: String,
    pub(super) chunks: Chunks,
}

/// What a new run is made of.
pub(super) struct NewRun {
    pub(super) workflow: String,
    pub(super) revision: u64,
    pub(super) owner: String,
    pub(super) document: Workflow,
    pub(super) parameters: Map<String, Value>,
    pub(super) inputs: BTreeMap<String, String>,
    pub(super) given: Vec<Given>,
    pub(super) arrived: BTreeMap<String, Option<String>>,
    pub(super) by: StartedBy,
    pub(super) language: Language,
    pub(super) priority: Priority,
}

/// Hours that what a run made is kept, where the workflow does not say.
const KEEP_HOURS: u32 = 24;

/// How long what a run needs beforehand is kept: as long as what it will make.
pub(super) fn kept_for(document: &Workflow) -> Duration {
    Duration::from_secs(u64::from(document.keep_hours.unwrap_or(KEEP_HOURS).max(1)) * 3_600)
}

impl RunRecord {
    pub(super) fn new(new: NewRun, stages: Vec<Stage>, state: RunState, now: i64) -> Self {
        let kept_for = i64::try_from(kept_for(&new.document).as_millis()).unwrap_or(i64::MAX);
        Self {
            version: VERSION,
            workflow: new.workflow,
            revision: new.revision,
            owner: new.owner,
            document: new.document.into(),
            parameters: new.parameters,
            inputs: new.inputs,
            given: new.given,
            arrived: new.arrived,
            by: new.by,
            language: new.language,
            priority: new.priority,
            urgency: match new.priority {
                Priority::Interactive => 0,
                Priority::Batch => 1,
                Priority::Heavy => 2,
            },
            accepted: now,
            ended: None,
            kept_until: now.saturating_add(kept_for),
            stages: stages.into(),
            state,
            reports: BTreeMap::new(),
        }
    }

    pub(super) fn read(body: &Body) -> Result<Self, BusError> {
        let mut record: Self = body.read().map_err(|error| BusError::unreadable(&error))?;
        if record.version == 1 {
            let gathers: Vec<bool> = record.state.stages.iter().map(|stage| stage.gathers).collect();
            stages::complete(record.stages.make_mut(), &record.document, &gathers);
            record.version = VERSION;
        }
        Ok(record)
    }

    pub(super) fn body(&self) -> Result<Body, BusError> {
        Body::of(self).map_err(|error| BusError::unreadable(&error))
    }

    pub(super) fn summary(&self, id: &str) -> RunSummary {
        let steps = self.reports.values().flat_map(|report| report.steps.values());
        let (mut written, mut refused) = (0, 0);
        for step in steps {
            written += step.written.unwrap_or(0);
            refused += step.counts.errors;
        }
        RunSummary {
            id: id.to_owned(),
            workflow: self.workflow.clone(),
            revision: self.revision,
            status: status(self.state.status),
            by: self.by.clone(),
            accepted: Time(self.accepted),
            ended: self.ended.map(Time),
            written,
            refused,
        }
    }

    /// What the steps have counted in the tasks that are done.
    pub(super) fn counts(&self) -> BTreeMap<String, StepCounts> {
        let done = self.reports.values().map(|report| report.counts());
        let mut counts = merged(done);
        for step in &self.document.steps {
            counts.entry(step.id.clone()).or_default();
        }
        counts
    }

    /// Whether sources are read in parts: then all are read, whatever they brought at the last run.
    pub(super) fn in_parts(&self) -> bool {
        self.stages.iter().any(|stage| !stage.pieces.is_empty())
    }

    /// Names under which its steps publish and that they had no reason to publish anew.
    pub(super) fn unchanged(&self) -> Vec<String> {
        let counts = self.counts();
        let rests = |step: &&Step| {
            let outcome = counts.get(&step.id).map(|counts| counts.outcome);
            // a step of a stage that was left out has not even looked
            let rests = matches!(outcome, Some(StepOutcome::Unchanged | StepOutcome::Waiting));
            step.connector == PUBLISH && rests
        };
        let slug = |step: &Step| {
            let settings = Workflow::settings(step, &self.parameters);
            settings.get("slug").and_then(Value::as_str).map(str::to_owned)
        };
        self.document.steps.iter().filter(rests).filter_map(slug).collect()
    }

    /// Why it failed.
    pub(super) fn failure(&self) -> Option<&StepError> {
        self.state.tasks.values().find_map(|task| match &task.status {
            TaskStatus::Failed(error) => Some(error),
            TaskStatus::Due { .. } | TaskStatus::Out { .. } | TaskStatus::Done => None,
        })
    }
}

/// The status as the API says it.
pub(super) const fn status(status: Status) -> RunStatus {
    match status {
        Status::Waiting => RunStatus::Waiting,
        Status::Running => RunStatus::Running,
        Status::Succeeded => RunStatus::Succeeded,
        Status::Unchanged => RunStatus::Unchanged,
        Status::Failed => RunStatus::Failed,
        Status::Cancelled => RunStatus::Cancelled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bus_core::run::{Event, TaskId};

    /// A run that a bus of before has begun, as it stood in its store.
    const BEFORE: &str = include_str!("../../tests/stored/run-v1.json");

    #[test]
    fn a_run_that_a_bus_of_before_has_begun_goes_on() {
        let mut record = RunRecord::read(&serde_json::from_str::<Value>(BEFORE).unwrap().into()).unwrap();
        let takes = record.stages.iter().flat_map(|stage| &stage.section.takes);
        let takes: Vec<_> = takes.map(|take| format!("{}: {}", take.section, take.link)).collect();
        assert_eq!(takes, ["0: in -> few", "1: few -> out", "1: few.errors -> wrong"]);
        let gathers: Vec<_> = record.stages.iter().map(|stage| stage.section.gathers).collect();
        assert_eq!(gathers, [false, false, true, true]);
        let task = TaskId { stage: 1, part: 0 };
        let done = Event::Done { task, attempt: 1, chunks: Chunks::new(), unchanged: false };
        assert_eq!(record.state.on(done, 2).len(), 2, "both sinks begin");
        let again = RunRecord::read(&record.body().unwrap()).unwrap();
        assert_eq!(again, record, "and is read as it is written now");
        assert!(again.body().unwrap().json()["version"] == VERSION);
    }
}
