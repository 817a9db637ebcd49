//! What is done for a task: the steps of its stage, in this process, joined to the rest by chunks.

use super::{
    Bus,
    chunk::{self, Packer},
    kept::{Keeper, gone},
    memory::recall,
    record::{Given, RunRecord},
    report::{Doubles, StepNote, TaskReport, outcome},
    stages::{Stage, outgoing},
};
use crate::{
    Outcome, RunOptions, RunReport, RunSecrets, StepProgress, StepReport,
    run::run_part,
    seams::{Drain, Feed, Seams},
};
use backplane::BackplaneError;
use bus_core::{
    api::{StepCounts, StepOutcome},
    error::StepError,
    msg,
    run::{Chunk, Chunks, TaskId},
    workflow::Port,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// A task to do.
pub(super) struct Work {
    pub(super) run: String,
    pub(super) record: Arc<RunRecord>,
    pub(super) task: TaskId,
    pub(super) cancel: CancellationToken,
    /// Takes new chunks, so that what follows can begin.
    pub(super) produced: mpsc::Sender<Chunks>,
    /// Shows how far the steps are.
    pub(super) progress: watch::Sender<BTreeMap<String, StepCounts>>,
}

/// What came of a task.
pub(super) struct Made {
    pub(super) report: TaskReport,
    pub(super) chunks: Chunks,
    /// Whether there was nothing new.
    pub(super) result: Result<bool, StepError>,
    /// The stages in which the task is better done; none if it was done.
    pub(super) cut: Vec<Stage>,
}

impl Made {
    pub(super) fn failed(error: StepError) -> Self {
        Self { report: TaskReport::default(), chunks: Chunks::new(), result: Err(error), cut: Vec::new() }
    }

    /// Nothing is done yet: it is better done in these stages.
    fn cut(stages: Vec<Stage>) -> Self {
        Self { cut: stages, ..Self::failed(StepError::cancelled()) }
    }
}

/// What the stages of a run write for each other.
#[derive(Clone)]
struct Shelf {
    bus: Bus,
    run: String,
    task: TaskId,
    made: Arc<Mutex<Chunks>>,
    /// Hears of each chunk, if a stage begins with the first.
    produced: Option<mpsc::Sender<Chunks>>,
    /// Where what this task makes stands among what its stage makes.
    place: Vec<u32>,
    cancel: CancellationToken,
    time: Duration,
}

impl Bus {
    pub(super) async fn execute(&self, work: Work) -> Made {
        let place = usize::try_from(work.task.stage).unwrap_or(usize::MAX);
        let record = Arc::clone(&work.record);
        let Some(stage) = record.stages.get(place) else {
            return Made::failed(StepError::ours(msg!("the run has no such stage")));
        };
        let cut = self.cut(&work.record, &work.cancel).await;
        if !cut.is_empty() {
            return Made::cut(cut);
        }
        let time = self.time_left(&work.record);
        let (ports, streams) = outgoing(&work.record.stages, work.task.stage);
        let shelf = Shelf {
            bus: self.clone(),
            run: work.run.clone(),
            task: work.task,
            made: Arc::default(),
            produced: streams.then(|| work.produced.clone()),
            place: place_of(&work, stage),
            cancel: work.cancel.clone(),
            time,
        };
        let doubles = doubles(&work, stage);
        let keeper = Keeper::new(self.settings(), &work.record);
        let mut seams = match self.seams(&work, stage, &keeper).await {
            Ok(seams) => seams,
            Err(error) => return Made::failed(error),
        };
        seams.drains = ports.into_iter().map(|from| shelf.drain(from)).collect();
        let part = stage.part_of(&work.record.document);
        let shown = (work.progress.clone(), doubles.clone());
        let mut options = self.options(&work.record, work.cancel.clone(), Some(shown));
        options.work = format!("{}/{}", work.run, work.task);
        options.publisher = Some(Arc::new(self.publisher(&work.run, &work.record)));
        options.secrets = match self.patiently(&work.cancel, || self.secrets_of(&work.record)).await {
            Ok(secrets) => secrets,
            Err(error) => return Made::failed(StepError::passing(error.message())),
        };
        let (report, remembered) = Box::pin(run_part(&part, self.parts().find, options, seams)).await;
        let spilled = report.steps.iter().map(|step| step.counts.spilled).sum();
        self.tally().spilled.fetch_add(spilled, Relaxed);
        let mut made = Made {
            result: result_of(&report),
            report: TaskReport { steps: notes(&report, &doubles), remembered },
            chunks: std::mem::take(&mut *shelf.made.lock().unwrap_or_else(PoisonError::into_inner)),
            cut: Vec::new(),
        };
        let of = (work.run.as_str(), work.task.to_string());
        if let Err(error) = keeper.save(self, (of.0, &of.1), time, &mut made.report.steps).await {
            // the records for the eye are not the run: it is done without them
            tracing::warn!(run = work.run, %error, "the records for the eye are not kept");
        }
        made
    }

    /// How long what a run makes now is kept.
    pub(super) fn time_left(&self, run: &RunRecord) -> Duration {
        Duration::from_millis(run.kept_until.saturating_sub(self.now()).max(1_000).unsigned_abs())
    }

    /// How the steps of a run are run by this node.
    pub(super) fn options(
        &self,
        run: &RunRecord,
        cancel: CancellationToken,
        progress: Option<(watch::Sender<BTreeMap<String, StepCounts>>, Doubles)>,
    ) -> RunOptions {
        let parts = self.parts();
        RunOptions {
            work: String::new(),
            parameters: run.parameters.clone(),
            folder: parts.folder.join(&run.workflow),
            confined: true,
            publisher: None,
            language: run.language,
            limits: parts.limits.clone(),
            http: parts.http.clone(),
            secrets: Arc::new(RunSecrets::default()),
            clock: Arc::clone(&parts.clock),
            cancel,
            scratch: parts.scratch.clone(),
            errors_folder: None,
            kept_errors: 0,
            memory_file: None,
            standard_streams: false,
            progress: progress
                .map(|shown| -> crate::Progress { Box::new(move |steps| show(&shown.0, &shown.1, steps)) }),
        }
    }

    /// How a stage is joined to the others, but for what it makes.
    async fn seams(&self, work: &Work, stage: &Stage, keeper: &Keeper) -> Result<Seams, StepError> {
        let record = &work.record;
        let mut seams = Seams { goes: stage.section.goes.clone(), ..Seams::default() };
        let (keeper, goes) = (keeper.clone(), stage.section.goes.clone());
        seams.taps =
            Some(Arc::new(move |step: &str| keeper.tap(step, goes.get(step).copied().unwrap_or_default())));
        let task = record.state.tasks.get(&work.task);
        for link in stage.incoming() {
            let port = link.from.to_string();
            let inputs = task.iter().flat_map(|task| &task.inputs);
            let mut chunks: Vec<_> = inputs.filter(|(_, chunk)| chunk.port == port).collect();
            chunks.sort_by(|(a, one), (b, other)| (&one.place, a).cmp(&(&other.place, b)));
            let names = chunks.into_iter().map(|(name, _)| name.clone());
            seams.feeds.push(self.feed(link.to.clone(), names.collect(), &work.cancel));
        }
        for Given { step, port, chunks } in &record.given {
            if stage.has(step) {
                let to = Port { step: step.clone(), port: port.clone() };
                seams.feeds.push(self.feed(to, chunks.keys().cloned().collect(), &work.cancel));
            }
        }
        for (step, upload) in record.inputs.iter().filter(|(step, _)| stage.has(step)) {
            seams.stand_ins.insert(step.clone(), self.reading(record, step, upload).await?);
        }
        for (step, name) in record.arrived.iter().filter(|(step, _)| stage.has(step)) {
            let read = self.reading_arrived(record, (step, name.as_deref()), &work.cancel).await?;
            seams.stand_ins.insert(step.clone(), read);
        }
        let part = usize::try_from(work.task.part).unwrap_or(usize::MAX);
        if let (Some(piece), Some(source)) = (stage.pieces.get(part), stage.section.steps.first()) {
            seams.stand_ins.insert(source.clone(), self.part_of_source(record, source, piece)?);
        }
        if !record.in_parts() && !task.is_some_and(|task| task.forced) {
            let recalled = self.patiently(&work.cancel, || recall(self.store(), record)).await;
            seams.memory = recalled.map_err(|error| StepError::passing(error.message()))?;
        }
        Ok(seams)
    }

    /// Brings the records of chunks to a port.
    pub(super) fn feed(&self, to: Port, chunks: Vec<String>, cancel: &CancellationToken) -> Feed {
        let (bus, cancel) = (self.clone(), cancel.clone());
        let read = move |sender: mpsc::Sender<_>| -> crate::seams::Ended {
            Box::pin(async move {
                for name in chunks {
                    let bytes = bus.patiently(&cancel, || bus.store().chunk(&name)).await;
                    let bytes = bytes.map_err(|error| StepError::passing(error.message()))?;
                    for batch in chunk::unpack(&bytes.ok_or_else(gone)?)? {
                        if sender.send(batch).await.is_err() {
                            // whoever is behind has all it wants
                            return Ok(());
                        }
                    }
                }
                Ok(())
            })
        };
        Feed { to, read: Box::new(read) }
    }
}

impl Shelf {
    /// Writes what a port sends as chunks.
    fn drain(&self, from: Port) -> Drain {
        let (shelf, port) = (self.clone(), from.clone());
        let write = move |mut batches: mpsc::Receiver<bus_core::record::Batch>| -> crate::seams::Ended {
            Box::pin(async move {
                let (mut packer, mut number) = (Packer::default(), 0_u32);
                let settings = shelf.bus.settings();
                while let Some(batch) = batches.recv().await {
                    packer.push(&batch);
                    if packer.records() >= settings.chunk_records || packer.size() >= settings.chunk_bytes {
                        shelf.put(&port, number, std::mem::take(&mut packer)).await?;
                        number += 1;
                    }
                }
                if packer.records() > 0 {
                    shelf.put(&port, number, packer).await?;
                }
                Ok(())
            })
        };
        Drain { from, write: Box::new(write) }
    }

    async fn put(&self, port: &Port, number: u32, packer: Packer) -> Result<(), StepError> {
        let TaskId { stage, part } = self.task;
        // names sort as the records came
        let name = format!("run/{}/{stage:04}.{part:06}/{port}/{number:06}", self.run);
        let chunk = Chunk {
            digest: packer.digest(),
            records: packer.records(),
            port: port.to_string(),
            // what one task makes alone stands in the order of its names
            place: match self.place.is_empty() {
                true => Vec::new(),
                false => self.place.iter().copied().chain([number]).collect(),
            },
        };
        let owner = format!("run/{}", self.run);
        let store = self.bus.store();
        let bytes = packer.finish();
        let put = || store.put_chunk(&name, &owner, bytes.clone(), self.time);
        let put = self.bus.patiently(&self.cancel, put).await;
        put.map_err(|error| StepError::passing(error.message()))?;
        let chunks = Chunks::from([(name, chunk)]);
        self.made.lock().unwrap_or_else(PoisonError::into_inner).extend(chunks.clone());
        if let Some(produced) = &self.produced {
            // nobody listens once the task is over
            let _heard = produced.send(chunks).await;
        }
        Ok(())
    }
}

/// What the store could not do now may work at the next attempt.
pub(super) fn trouble(error: &BackplaneError) -> StepError {
    StepError::passing(error.message.clone())
}

fn result_of(report: &RunReport) -> Result<bool, StepError> {
    let of_steps = report.steps.iter().filter_map(|step| step.error.as_ref());
    let first = report.error.iter().chain(of_steps).next();
    match (report.outcome, first) {
        (Outcome::Done, _) => Ok(false),
        (Outcome::Unchanged, _) => Ok(true),
        (_, Some(failure)) => Err(failure.error.clone()),
        (Outcome::Failed | Outcome::Cancelled | Outcome::NotRun, None) => Err(StepError::cancelled()),
    }
}

fn notes(report: &RunReport, doubles: &Doubles) -> BTreeMap<String, StepNote> {
    let note = |step: &StepReport| {
        let mut note = StepNote::of(step);
        doubles.take_off(&step.id, &mut note.counts);
        (step.id.clone(), note)
    };
    report.steps.iter().map(note).collect()
}

/// Where what a task makes stands among what its stage makes: in the order of what it is made from.
fn place_of(work: &Work, stage: &Stage) -> Vec<u32> {
    if !stage.pieces.is_empty() {
        return vec![work.task.part];
    }
    if stage.section.gathers {
        return Vec::new();
    }
    let inputs = work.record.state.tasks.get(&work.task).into_iter().flat_map(|task| task.inputs.values());
    inputs.map(|chunk| chunk.place.clone()).next().unwrap_or_default()
}

/// What a task counts that others count, too.
fn doubles(work: &Work, stage: &Stage) -> Doubles {
    let mut doubles = Doubles { goes: stage.section.goes.clone(), ..Doubles::default() };
    let task = work.record.state.tasks.get(&work.task).filter(|_| work.task.part > 0);
    for take in stage.section.takes.iter().filter(|take| take.whole) {
        let port = take.link.from.to_string();
        let inputs = task.into_iter().flat_map(|task| task.inputs.values());
        let records: u64 = inputs.filter(|chunk| chunk.port == port).map(|chunk| chunk.records).sum();
        *doubles.beside.entry(take.link.to.step.clone()).or_default() += records;
    }
    doubles
}

/// Shows how far the steps are, if that is further than before.
fn show(
    progress: &watch::Sender<BTreeMap<String, StepCounts>>,
    doubles: &Doubles,
    steps: &[StepProgress<'_>],
) {
    let counts = steps.iter().map(|step| {
        let outcome = if step.ended { outcome(step.outcome) } else { StepOutcome::Running };
        let mut counts = StepCounts {
            outcome,
            records_in: step.counts.records_in,
            records_out: step.counts.records_out,
            ports: step.meter.ports(),
            errors: step.counts.errors,
            bytes_in: step.counts.bytes_in,
            bytes_out: step.counts.bytes_out,
            seconds: step.elapsed.as_secs_f64(),
            cpu_seconds: step.cpu_seconds,
        };
        doubles.take_off(step.id, &mut counts);
        (step.id.to_owned(), counts)
    });
    let counts: BTreeMap<_, _> = counts.collect();
    let moved = |known: &BTreeMap<String, StepCounts>| {
        counts.iter().any(|(id, now)| {
            known.get(id).is_none_or(|was| {
                (was.outcome, was.records_in, was.records_out, was.bytes_in, was.bytes_out)
                    != (now.outcome, now.records_in, now.records_out, now.bytes_in, now.bytes_out)
            })
        })
    };
    progress.send_if_modified(|known| {
        let moved = moved(known);
        if moved {
            known.clone_from(&counts);
        }
        moved
    });
}
