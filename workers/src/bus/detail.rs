use super::{
    preview::failure,
    record::RunRecord,
    report::{StepNote, merged},
};
use bus_core::{
    Language,
    api::{RunDetail, StepRun, Time},
};
use std::collections::BTreeMap;

/// A run as a page shows it.
pub(super) fn of(id: &str, run: RunRecord, language: Language) -> RunDetail {
    let steps: Vec<StepRun> =
        run.document.steps.iter().map(|step| step_run(&step.id, &run, language)).collect();
    let blamed = steps.iter().any(|step| step.error.is_some());
    let error = run.failure().filter(|_| !blamed).map(|error| failure(error, language));
    RunDetail {
        summary: run.summary(id),
        error,
        cpu_seconds: steps.iter().map(|step| step.counts.cpu_seconds).sum(),
        steps,
        kept_until: Time(run.kept_until),
        document: run.document.into_inner(),
        parameters: run.parameters,
    }
}

fn step_run(id: &str, run: &RunRecord, language: Language) -> StepRun {
    let notes = || run.reports.values().filter_map(|report| report.steps.get(id));
    let counts = notes().map(|note| BTreeMap::from([(id.to_owned(), note.counts.clone())]));
    let counts = merged(counts).remove(id).unwrap_or_default();
    let mut step = StepRun {
        id: id.to_owned(),
        counts,
        written: None,
        target: None,
        losses: bus_core::loss::LossReport::default(),
        error: None,
        kept: BTreeMap::new(),
    };
    for StepNote { written, target, losses, error, kept, .. } in notes() {
        if let Some(written) = written {
            *step.written.get_or_insert(0) += written;
        }
        step.target = step.target.or_else(|| target.clone());
        step.losses.merge(losses.clone());
        step.error = step.error.or_else(|| error.as_ref().map(|error| failure(error, language)));
        for (port, sections) in kept {
            let records: u64 = sections.iter().map(|section| section.records).sum();
            *step.kept.entry(port.clone()).or_default() += records;
        }
    }
    step.losses = step.losses.translated(language);
    step
}
