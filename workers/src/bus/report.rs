//! What a task has to say of its steps, and how that of many tasks becomes that of a run.

use super::kept::Section;
use crate::{Outcome, StepReport};
use bus_core::{
    api::{StepCounts, StepOutcome},
    catalogue::{Go, OUT},
    error::StepError,
    loss::LossReport,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What an attempt of a task did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct TaskReport {
    pub(super) steps: BTreeMap<String, StepNote>,
    /// What its steps remember for the next run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) remembered: BTreeMap<String, Value>,
}

/// What a step did in a task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct StepNote {
    pub(super) counts: StepCounts,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) written: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<String>,
    #[serde(default, skip_serializing_if = "LossReport::is_empty")]
    pub(super) losses: LossReport,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<StepError>,
    /// The kept records of each output port.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) kept: BTreeMap<String, Vec<Section>>,
}

/// What the steps of a task count that is counted in another task, too.
#[derive(Debug, Clone, Default)]
pub(super) struct Doubles {
    /// Steps that are done in two goes: what the first sends is what the second takes.
    pub(super) goes: BTreeMap<String, Go>,
    /// Records that each part takes beside its own.
    pub(super) beside: BTreeMap<String, u64>,
}

impl Doubles {
    /// Takes them off what a step has counted.
    pub(super) fn take_off(&self, step: &str, counts: &mut StepCounts) {
        match self.goes.get(step) {
            Some(Go::Part) => {
                let out = counts.ports.remove(OUT).unwrap_or(0);
                counts.records_out = counts.records_out.saturating_sub(out);
            }
            Some(Go::Rest) => counts.records_in = 0,
            Some(Go::Whole) | None => {}
        }
        let beside = self.beside.get(step).copied().unwrap_or(0);
        counts.records_in = counts.records_in.saturating_sub(beside);
    }
}

impl TaskReport {
    pub(super) fn counts(&self) -> BTreeMap<String, StepCounts> {
        self.steps.iter().map(|(id, step)| (id.clone(), step.counts.clone())).collect()
    }
}

impl StepNote {
    pub(super) fn of(report: &StepReport) -> Self {
        let counts = report.counts;
        Self {
            counts: StepCounts {
                outcome: outcome(report.outcome),
                records_in: counts.records_in,
                records_out: counts.records_out,
                ports: report.ports.clone(),
                errors: counts.errors,
                bytes_in: counts.bytes_in,
                bytes_out: counts.bytes_out,
                seconds: report.seconds,
                cpu_seconds: report.cpu_seconds,
            },
            written: report.receipt.as_ref().map(|receipt| receipt.written),
            target: report.receipt.as_ref().and_then(|receipt| receipt.target.clone()),
            losses: report.losses.clone(),
            error: report.error.as_ref().map(|failure| failure.error.clone()),
            kept: BTreeMap::new(),
        }
    }
}

pub(super) const fn outcome(outcome: Outcome) -> StepOutcome {
    match outcome {
        Outcome::Done => StepOutcome::Done,
        Outcome::Unchanged => StepOutcome::Unchanged,
        Outcome::Failed => StepOutcome::Failed,
        Outcome::Cancelled => StepOutcome::Cancelled,
        Outcome::NotRun => StepOutcome::Waiting,
    }
}

/// The counts of several tasks together, by step.
pub(super) fn merged(
    tasks: impl Iterator<Item = BTreeMap<String, StepCounts>>,
) -> BTreeMap<String, StepCounts> {
    let mut sum: BTreeMap<String, StepCounts> = BTreeMap::new();
    for (id, counts) in tasks.flatten() {
        match sum.get_mut(&id) {
            Some(known) => add(known, counts),
            None => drop(sum.insert(id, counts)),
        }
    }
    sum
}

fn add(known: &mut StepCounts, more: StepCounts) {
    known.outcome = both(known.outcome, more.outcome);
    known.records_in += more.records_in;
    known.records_out += more.records_out;
    known.errors += more.errors;
    known.bytes_in += more.bytes_in;
    known.bytes_out += more.bytes_out;
    known.seconds += more.seconds;
    known.cpu_seconds += more.cpu_seconds;
    for (port, count) in more.ports {
        *known.ports.entry(port).or_default() += count;
    }
}

/// How a step stands whose parts stand like this: the one that says most about the whole.
fn both(one: StepOutcome, other: StepOutcome) -> StepOutcome {
    let weight = |outcome| match outcome {
        StepOutcome::Failed => 5,
        StepOutcome::Cancelled => 4,
        StepOutcome::Running => 3,
        StepOutcome::Done => 2,
        StepOutcome::Unchanged => 1,
        StepOutcome::Waiting => 0,
    };
    if weight(one) >= weight(other) { one } else { other }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up() {
        let part = |outcome, records_in: u64| {
            let ports = BTreeMap::from([("out".to_owned(), records_in)]);
            BTreeMap::from([(
                "a".to_owned(),
                StepCounts { outcome, records_in, ports, ..StepCounts::default() },
            )])
        };
        let sum = merged([part(StepOutcome::Done, 2), part(StepOutcome::Running, 3)].into_iter());
        assert_eq!((sum["a"].records_in, sum["a"].ports["out"]), (5, 5));
        assert_eq!(sum["a"].outcome, StepOutcome::Running);
    }
}
