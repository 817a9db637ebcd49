//! What is done for a task: the steps of its stage, in this process, joined to the rest by chunks.

use super::{
    Bus,
    chunk::{self, Packer},
    kept::{Keeper, gone},
    memory::recall,
    record::{Given, RunRecord},
    report::{StepNote, TaskReport, outcome},
    stages::Stage,
};
use crate::{
    Outcome, RunOptions, RunReport, RunSecrets, StepProgress,
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
    pub(super) record: RunRecord,
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
}

impl Made {
    pub(super) fn failed(error: StepError) -> Self {
        Self { report: TaskReport::default(), chunks: Chunks::new(), result: Err(error) }
    }
}

/// What the stages of a run write for each other.
#[derive(Clone)]
struct Shelf {
    bus: Bus,
    run: String,
    task: TaskId,
    made: Arc<Mutex<Chunks>>,
    produced: mpsc::Sender<Chunks>,
    cancel: CancellationToken,
    time: Duration,
}

impl Bus {
    pub(super) async fn execute(&self, work: Work) -> Made {
        let place = usize::try_from(work.task.stage).unwrap_or(usize::MAX);
        let Some(stage) = work.record.stages.get(place).cloned() else {
            return Made::failed(StepError::ours(msg!("the run has no such stage")));
        };
        let time = self.time_left(&work.record);
        let shelf = Shelf {
            bus: self.clone(),
            run: work.run.clone(),
            task: work.task,
            made: Arc::default(),
            produced: work.produced.clone(),
            cancel: work.cancel.clone(),
            time,
        };
        let keeper = Keeper::new(self.settings(), &work.record);
        let seams = match self.seams(&work, &stage, (&shelf, &keeper)).await {
            Ok(seams) => seams,
            Err(error) => return Made::failed(error),
        };
        let part = stage.part_of(&work.record.document);
        let mut options = self.options(&work.record, work.cancel.clone(), Some(work.progress.clone()));
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
            report: TaskReport { steps: notes(&report), remembered },
            chunks: std::mem::take(&mut *shelf.made.lock().unwrap_or_else(PoisonError::into_inner)),
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
        progress: Option<watch::Sender<BTreeMap<String, StepCounts>>>,
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
                .map(|progress| -> crate::Progress { Box::new(move |steps| show(&progress, steps)) }),
        }
    }

    /// How a stage is joined to the others.
    async fn seams(
        &self,
        work: &Work,
        stage: &Stage,
        (shelf, keeper): (&Shelf, &Keeper),
    ) -> Result<Seams, StepError> {
        let (record, document) = (&work.record, &work.record.document);
        let mut seams = Seams::default();
        let keeper = keeper.clone();
        seams.taps = Some(Arc::new(move |step: &str| keeper.tap(step)));
        let task = record.state.tasks.get(&work.task);
        for link in stage.incoming(document) {
            let port = link.from.to_string();
            let inputs = task.iter().flat_map(|task| &task.inputs);
            let names = inputs.filter(|(_, chunk)| chunk.port == port).map(|(name, _)| name.clone());
            seams.feeds.push(self.feed(link.to.clone(), names.collect(), &work.cancel));
        }
        for Given { step, port, chunks } in &record.given {
            if stage.steps.contains(step) {
                let to = Port { step: step.clone(), port: port.clone() };
                seams.feeds.push(self.feed(to, chunks.keys().cloned().collect(), &work.cancel));
            }
        }
        for from in stage.outgoing(document) {
            seams.drains.push(shelf.drain(from));
        }
        for (step, upload) in record.inputs.iter().filter(|(step, _)| stage.steps.contains(step)) {
            seams.stand_ins.insert(step.clone(), self.reading(record, step, upload).await?);
        }
        if !task.is_some_and(|task| task.forced) {
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
            partition: None,
        };
        let owner = format!("run/{}", self.run);
        let store = self.bus.store();
        let bytes = packer.finish();
        let put = || store.put_chunk(&name, &owner, bytes.clone(), self.time);
        let put = self.bus.patiently(&self.cancel, put).await;
        put.map_err(|error| StepError::passing(error.message()))?;
        let chunks = Chunks::from([(name, chunk)]);
        self.made.lock().unwrap_or_else(PoisonError::into_inner).extend(chunks.clone());
        // nobody listens once the task is over
        let _heard = self.produced.send(chunks).await;
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

fn notes(report: &RunReport) -> BTreeMap<String, StepNote> {
    report.steps.iter().map(|step| (step.id.clone(), StepNote::of(step))).collect()
}

/// Shows how far the steps are, if that is further than before.
fn show(progress: &watch::Sender<BTreeMap<String, StepCounts>>, steps: &[StepProgress<'_>]) {
    let counts = steps.iter().map(|step| {
        let outcome = if step.ended { outcome(step.outcome) } else { StepOutcome::Running };
        let counts = StepCounts {
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
