use crate::{
    RunOptions,
    graph::{self, Node, Pump},
    kept,
    measure::{self, cpu_seconds, peak_memory},
    memory::Memory,
    options::StepProgress,
    report::{Failure, KeptErrors, Outcome, RunReport, StepReport},
    scratch::Scratch,
    seams::Seams,
    task::{Ended, Part, Shared, Task},
};
use bus_core::{
    catalogue::Kind,
    error::StepError,
    msg,
    workflow::{Step, Workflow},
};
use connectors::{
    contract::{Connector, Counts, Meter},
    kit::transport::io_reason,
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::{
    runtime::{Builder, Runtime},
    task::{JoinError, JoinSet},
};

/// A runtime for runs: `threads` of them, or one for each core.
///
/// # Errors
/// When the system gives no threads.
pub fn runtime(threads: Option<usize>) -> io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    if let Some(threads) = threads {
        builder.worker_threads(threads.max(1));
    }
    builder.enable_all().thread_name("step").build()
}

/// How often whoever watches is told.
const TICK: Duration = Duration::from_millis(100);

/// Runs a workflow to its end: every step a task, batches between them over bounded channels.
///
/// `find` gives the connector of an id. A step that cannot go on ends the run, and what the run had half
/// made is removed; everything that happened is in the report.
pub async fn run(
    workflow: &Workflow,
    find: impl Fn(&str) -> Option<&'static Connector>,
    options: RunOptions,
) -> RunReport {
    let (report, _) = run_part(workflow, find, options, Seams::default()).await;
    RunReport { peak_memory: peak_memory(), ..report }
}

/// Runs a part of a workflow, joined to the rest by `seams`; gives what the steps remember, too.
pub(crate) async fn run_part(
    workflow: &Workflow,
    find: impl Fn(&str) -> Option<&'static Connector>,
    mut options: RunOptions,
    seams: Seams,
) -> (RunReport, BTreeMap<String, Value>) {
    let (began, cpu) = (Instant::now(), cpu_seconds());
    let started = options.clock.now();
    let mut run = Run::new(workflow);
    let error = match run.prepare(&find, &options, seams) {
        Ok((tasks, pumps)) => run.execute(tasks, pumps, &mut options).await.err(),
        Err(error) => Some(error),
    };
    let remembered = run.memory.steps().clone();
    let report = RunReport {
        workflow: workflow.name.clone(),
        outcome: run.outcome(error.as_ref()),
        started,
        seconds: began.elapsed().as_secs_f64(),
        cpu_seconds: cpu_seconds() - cpu,
        peak_memory: None,
        steps: run.steps,
        error: error.map(|error| Failure::new(error, options.language)),
    };
    (report, remembered)
}

struct Run<'a> {
    workflow: &'a Workflow,
    steps: Vec<StepReport>,
    watched: Vec<Watched>,
    memory: Memory,
    shared: Option<Arc<Shared>>,
    /// Holds the scratch folder; it goes with it.
    scratch: Option<Scratch>,
    /// Whether somebody else sees the refused records.
    tapped: bool,
}

/// What can be seen of a step from outside while it runs.
#[derive(Clone)]
struct Watched {
    meter: Arc<Meter>,
    cpu: Arc<AtomicU64>,
}

/// What a task of the run has done.
enum Joined {
    Step(Ended),
    Kept(usize, Result<KeptErrors, StepError>),
    Pumped(Result<(), StepError>),
}

impl<'a> Run<'a> {
    fn new(workflow: &'a Workflow) -> Self {
        let steps = workflow.steps.iter().map(blank).collect();
        let memory = Memory::default();
        Self { workflow, steps, watched: Vec::new(), memory, shared: None, scratch: None, tapped: false }
    }

    /// Everything that can go wrong before anything has happened.
    fn prepare(
        &mut self,
        find: &impl Fn(&str) -> Option<&'static Connector>,
        options: &RunOptions,
        mut seams: Seams,
    ) -> Result<(Vec<Task>, Vec<Pump>), StepError> {
        let parameters = self
            .workflow
            .bind(&options.parameters, |step| seams.stand_ins.contains_key(step))
            .map_err(|wrong| {
            let (name, message) = wrong.into_iter().next().unwrap_or_else(|| (String::new(), msg!("?")));
            StepError::settings(message).at(msg!("parameter `{name}`", name = name))
        })?;
        if let Some(file) = &options.memory_file {
            self.memory = Memory::of(self.workflow, &parameters).load(file);
            seams.memory = self.memory.steps().clone();
        }
        self.tapped = seams.taps.is_some();
        let joined = (std::mem::take(&mut seams.feeds), std::mem::take(&mut seams.drains));
        let (nodes, pumps) = graph::build(self.workflow, find, joined)?;
        for (report, node) in self.steps.iter_mut().zip(&nodes) {
            report.kind = node.connector.kind();
        }
        let scratch = Scratch::within(&options.scratch);
        let shared = Arc::new(Shared {
            parameters: Arc::new(parameters),
            cancel: options.cancel.child_token(),
            scratch: scratch.path().to_owned(),
            limits: options.limits.clone(),
            outcomes: Mutex::new(vec![None; nodes.len()]),
        });
        self.scratch = Some(scratch);
        self.shared = Some(Arc::clone(&shared));
        Ok((self.tasks(nodes, &shared, (options, &mut seams))?, pumps))
    }

    fn tasks(
        &mut self,
        nodes: Vec<Node<'_>>,
        shared: &Arc<Shared>,
        (options, seams): (&RunOptions, &mut Seams),
    ) -> Result<Vec<Task>, StepError> {
        let mut sources: BTreeMap<usize, usize> = BTreeMap::new();
        for node in &nodes {
            *sources.entry(node.part).or_default() += usize::from(node.connector.kind() == Kind::Source);
        }
        let parts: BTreeMap<usize, Arc<Part>> =
            sources.into_iter().map(|(part, sources)| (part, Arc::new(Part::of(sources)))).collect();
        let mut tasks = Vec::with_capacity(nodes.len());
        for (place, node) in nodes.into_iter().enumerate() {
            let (step, part) = (node.step, parts.get(&node.part).cloned());
            let part = part.unwrap_or_else(|| Arc::new(Part::of(1)));
            let task = Task::new(place, node, (part, Arc::clone(shared)), (options, seams));
            let task = task.map_err(|error| {
                if let Some(report) = self.steps.get_mut(place) {
                    report.outcome = Outcome::Failed;
                }
                named(error, step)
            })?;
            let (meter, cpu) = task.meter();
            self.watched.push(Watched { meter, cpu });
            tasks.push(task);
        }
        Ok(tasks)
    }

    /// Runs all tasks and waits for them; an error here is one of the engine, not of a step.
    async fn execute(
        &mut self,
        tasks: Vec<Task>,
        pumps: Vec<Pump>,
        options: &mut RunOptions,
    ) -> Result<(), StepError> {
        let began = Instant::now();
        let mut set = JoinSet::new();
        let tapped = std::mem::take(&mut self.tapped);
        for Pump { work, link } in pumps {
            let cancel = self.shared.as_ref().map(|shared| shared.cancel.clone()).unwrap_or_default();
            set.spawn(async move {
                let ended = work.await;
                if ended.is_err() {
                    cancel.cancel();
                }
                drop(link);
                Joined::Pumped(ended)
            });
        }
        for mut task in tasks {
            if !tapped && let Some(refused) = task.keep_errors() {
                let place = task.place;
                let file = options.errors_folder.as_ref().map(|folder| {
                    let id = self.workflow.steps.get(place).map_or("", |step| step.id.as_str());
                    folder.join(format!("{id}.ndjson"))
                });
                let most = options.kept_errors;
                set.spawn(async move { Joined::Kept(place, kept::keep(refused, most, file).await) });
            }
            set.spawn(async move { Joined::Step(task.run().await) });
        }
        let mut error = None;
        let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + TICK, TICK);
        loop {
            tokio::select! {
                joined = set.join_next() => match joined {
                    Some(joined) => self.note(joined, options, &mut error),
                    None => break,
                },
                _ = ticks.tick(), if options.progress.is_some() => self.tell(options, began),
            }
        }
        self.tell(options, began);
        if let Some(file) = options.memory_file.as_ref().filter(|_| error.is_none() && !self.is_stopped()) {
            let saved = self.memory.save(file);
            saved.map_err(|error| {
                StepError::remote(io_reason(&error)).at(msg!("{name}", name = file.display().to_string()))
            })?;
        }
        error.map_or(Ok(()), Err)
    }

    fn is_stopped(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.outcome, Outcome::Failed | Outcome::Cancelled))
    }

    /// Takes what a task has done into the report.
    fn note(
        &mut self,
        joined: Result<Joined, JoinError>,
        options: &RunOptions,
        failed: &mut Option<StepError>,
    ) {
        match joined {
            Ok(Joined::Step(ended)) => self.note_step(ended, options),
            Ok(Joined::Kept(place, Ok(errors))) => {
                if let Some(report) = self.steps.get_mut(place) {
                    report.errors = errors;
                }
            }
            Ok(Joined::Pumped(Ok(()))) => {}
            Ok(Joined::Kept(_, Err(error)) | Joined::Pumped(Err(error))) => self.stop(failed, error),
            Err(error) => {
                self.stop(failed, StepError::ours(msg!("{problem}", problem = error.to_string())));
            }
        }
    }

    fn stop(&self, failed: &mut Option<StepError>, error: StepError) {
        if let Some(shared) = &self.shared {
            shared.cancel.cancel();
        }
        failed.get_or_insert(error);
    }

    fn note_step(&mut self, ended: Ended, options: &RunOptions) {
        let (Some(report), Some(watched), Some(step)) = (
            self.steps.get_mut(ended.place),
            self.watched.get(ended.place),
            self.workflow.steps.get(ended.place),
        ) else {
            return;
        };
        report.counts = watched.meter.counts();
        report.ports = watched.meter.ports();
        report.seconds = ended.seconds;
        report.cpu_seconds = measure::seconds(watched.cpu.load(Relaxed));
        report.losses = ended.losses;
        match ended.result {
            Ok((outcome, receipt)) => {
                report.outcome = outcome;
                report.receipt = receipt;
                if let Some(memory) = ended.memory {
                    self.memory.set(&step.id, memory);
                }
            }
            Err(error) if error.is_cancelled() || options.cancel.is_cancelled() => {
                report.outcome = Outcome::Cancelled;
            }
            Err(error) => {
                report.outcome = Outcome::Failed;
                report.error = Some(Failure::new(named(error, step), options.language));
            }
        }
    }

    fn tell(&self, options: &mut RunOptions, began: Instant) {
        let Some(progress) = &mut options.progress else { return };
        let steps: Vec<StepProgress<'_>> = self
            .steps
            .iter()
            .zip(&self.watched)
            .map(|(report, watched)| StepProgress {
                id: &report.id,
                counts: watched.meter.counts(),
                elapsed: began.elapsed(),
                cpu_seconds: measure::seconds(watched.cpu.load(Relaxed)),
                ended: report.outcome != Outcome::NotRun,
                outcome: report.outcome,
                meter: &watched.meter,
            })
            .collect();
        progress(&steps);
    }

    fn outcome(&self, error: Option<&StepError>) -> Outcome {
        let any = |outcome| self.steps.iter().any(|step| step.outcome == outcome);
        if error.is_some() || any(Outcome::Failed) {
            Outcome::Failed
        } else if any(Outcome::Cancelled) {
            Outcome::Cancelled
        } else if any(Outcome::Unchanged) && !any(Outcome::Done) {
            Outcome::Unchanged
        } else {
            Outcome::Done
        }
    }
}

fn blank(step: &Step) -> StepReport {
    StepReport {
        id: step.id.clone(),
        name: step.name.clone(),
        connector: step.connector.clone(),
        kind: Kind::Transform,
        outcome: Outcome::NotRun,
        counts: Counts::default(),
        ports: BTreeMap::new(),
        seconds: 0.0,
        cpu_seconds: 0.0,
        receipt: None,
        losses: bus_core::loss::LossReport::default(),
        errors: KeptErrors::default(),
        error: None,
    }
}

/// The error with the step's name around it.
fn named(error: StepError, step: &Step) -> StepError {
    let name = if step.name.is_empty() { &step.id } else { &step.name };
    error.at(msg!("step `{step}`", step = name))
}
