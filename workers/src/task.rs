use crate::{RunOptions, graph::Node, measure::Measured, report::Outcome, seams::Seams};
use bus_core::{
    catalogue::{ERRORS, Go, Kind, SettingsProblem},
    error::StepError,
    loss::LossReport,
    msg,
    record::Batch,
};
use connectors::contract::{
    Connector, Context, ContextParts, Finished, Inputs, Limits, Meter, Outputs, Reading, Receipt, Step, Tap,
    Wiring,
};
use serde_json::{Map, Value};
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};
use tokio::sync::{
    mpsc::{Receiver, channel},
    watch,
};
use tokio_util::sync::CancellationToken;

/// How long a cancelled step may take to tidy up before it is dropped.
const GRACE: Duration = Duration::from_millis(1_000);

/// What all steps of a run share.
pub(crate) struct Shared {
    pub(crate) parameters: Arc<Map<String, Value>>,
    pub(crate) cancel: CancellationToken,
    pub(crate) scratch: PathBuf,
    pub(crate) limits: Limits,
    /// How each step ended, by its place.
    pub(crate) outcomes: Mutex<Vec<Option<Outcome>>>,
}

/// A part of a workflow that hangs together: if one of its sources has changed, all have to be read.
#[derive(Debug)]
pub(crate) struct Part {
    sources: usize,
    unchanged: AtomicUsize,
    state: watch::Sender<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Changed,
    Unchanged,
}

impl Part {
    pub(crate) fn of(sources: usize) -> Self {
        Self { sources, unchanged: AtomicUsize::new(0), state: watch::Sender::new(State::Waiting) }
    }

    fn settle(&self, state: State) {
        self.state.send_if_modified(|known| {
            let waiting = *known == State::Waiting;
            if waiting {
                *known = state;
            }
            waiting
        });
    }

    /// Notes that one source has not changed; `true` if none has, once that is known.
    async fn is_unchanged(&self) -> bool {
        if self.unchanged.fetch_add(1, SeqCst) + 1 == self.sources {
            self.settle(State::Unchanged);
        }
        let mut state = self.state.subscribe();
        let settled = state.wait_for(|state| *state != State::Waiting).await;
        settled.is_ok_and(|state| *state == State::Unchanged)
    }
}

/// One step, ready to run.
pub(crate) struct Task {
    pub(crate) place: usize,
    connector: &'static Connector,
    settings: Value,
    step: Step,
    inputs: Vec<(&'static str, Receiver<Batch>)>,
    outputs: Wiring,
    before: Vec<usize>,
    part: Arc<Part>,
    shared: Arc<Shared>,
    context: Context,
    afresh: Context,
    cpu: Arc<AtomicU64>,
}

/// What came of a step.
pub(crate) struct Ended {
    pub(crate) place: usize,
    pub(crate) result: Result<(Outcome, Option<Receipt>), StepError>,
    pub(crate) seconds: f64,
    pub(crate) memory: Option<Value>,
    pub(crate) losses: LossReport,
}

impl Task {
    /// Prepares a step: parses its settings, gives it its context.
    pub(crate) fn new(
        place: usize,
        node: Node<'_>,
        (part, shared): (Arc<Part>, Arc<Shared>),
        (options, seams): (&RunOptions, &mut Seams),
    ) -> Result<Self, StepError> {
        let settings = bus_core::workflow::Workflow::settings(node.step, &shared.parameters);
        let step = match seams.stand_ins.remove(&node.step.id) {
            Some(step) => step,
            None => start(node.connector, &settings)?,
        };
        let tap = seams.taps.as_ref().map(|taps| taps(&node.step.id));
        let go = seams.goes.get(&node.step.id).copied().unwrap_or_default();
        let seen = Seen { meter: Arc::default(), tap, go };
        let memory = seams.memory.get(&node.step.id).cloned();
        let context = context(node.step, options, &shared, (seen.clone(), memory));
        let afresh = self::context(node.step, options, &shared, (seen, None));
        Ok(Self {
            place,
            connector: node.connector,
            settings,
            step,
            inputs: node.inputs,
            outputs: node.outputs,
            before: node.before,
            part,
            shared,
            context,
            afresh,
            cpu: Arc::default(),
        })
    }

    pub(crate) fn meter(&self) -> (Arc<Meter>, Arc<AtomicU64>) {
        (Arc::clone(self.context.meter()), Arc::clone(&self.cpu))
    }

    /// If no link takes the refused records of the step: where they come out then.
    pub(crate) fn keep_errors(&mut self) -> Option<Receiver<Batch>> {
        if self.outputs.iter().any(|(port, _)| *port == ERRORS) {
            return None;
        }
        let (sender, receiver) = channel(1);
        self.outputs.push((ERRORS, vec![sender]));
        Some(receiver)
    }

    /// Runs the step to its end.
    pub(crate) async fn run(self) -> Ended {
        let (place, began) = (self.place, Instant::now());
        // the links stay open until everybody can see how the step ended
        let links = self.outputs.clone();
        let (shared, contexts) = (Arc::clone(&self.shared), [self.context.clone(), self.afresh.clone()]);
        let cpu = Arc::clone(&self.cpu);
        let cancel = shared.cancel.clone();
        let result = tokio::select! {
            result = Measured::new(self.execute(), cpu) => result,
            () = grace(&cancel) => Err(StepError::cancelled()),
        };
        if result.is_err() {
            cancel.cancel();
        }
        let outcome = match &result {
            Ok((outcome, _)) => *outcome,
            Err(error) if error.is_cancelled() => Outcome::Cancelled,
            Err(_) => Outcome::Failed,
        };
        if let Some(known) = shared.outcomes.lock().unwrap_or_else(PoisonError::into_inner).get_mut(place) {
            *known = Some(outcome);
        }
        drop(links);
        let [context, afresh] = contexts;
        let mut losses = context.losses();
        losses.merge(afresh.losses());
        let memory = afresh.remembered().or_else(|| context.remembered());
        Ended { place, result, seconds: began.elapsed().as_secs_f64(), memory, losses }
    }

    async fn execute(self) -> Result<(Outcome, Option<Receipt>), StepError> {
        let inputs = Inputs::new(self.inputs, Arc::clone(self.context.meter()));
        let mut inputs = inputs.spilling(&self.context);
        if self.connector.kind() != Kind::Source {
            if inputs.wait().await {
                self.part.settle(State::Changed);
            } else if !self.before.is_empty() && all_unchanged(&self.before, &self.shared) {
                return Ok((Outcome::Unchanged, None));
            }
        }
        let outputs = Outputs::new(self.outputs.clone(), self.context.clone());
        let mut finished = self.step.run(inputs, outputs, self.context).await?;
        if finished == Finished::Read(Reading::Unchanged) {
            if self.part.is_unchanged().await {
                return Ok((Outcome::Unchanged, None));
            }
            // another source has changed: what is joined with it has to be read again
            let step = start(self.connector, &self.settings)?;
            let outputs = Outputs::new(self.outputs, self.afresh.clone());
            finished = step.run(Inputs::default(), outputs, self.afresh).await?;
        }
        if self.connector.kind() == Kind::Source {
            self.part.settle(State::Changed);
        }
        match finished {
            Finished::Wrote(receipt) => Ok((Outcome::Done, Some(receipt))),
            // an input that ended because the run did is not the whole
            Finished::Read(_) | Finished::Applied if self.shared.cancel.is_cancelled() => {
                Err(StepError::cancelled())
            }
            Finished::Read(_) | Finished::Applied => Ok((Outcome::Done, None)),
        }
    }
}

fn start(connector: &Connector, settings: &Value) -> Result<Step, StepError> {
    connector.start(settings).map_err(|SettingsProblem { path, message, advice }| {
        let message = match advice {
            Some(advice) => msg!("{problem}; {advice}", problem = message, advice = advice),
            None => message,
        };
        let error = StepError::settings(message);
        if path.is_empty() { error } else { error.at(msg!("{name}", name = path)) }
    })
}

fn all_unchanged(places: &[usize], shared: &Shared) -> bool {
    let outcomes = shared.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
    places.iter().all(|place| outcomes.get(*place) == Some(&Some(Outcome::Unchanged)))
}

/// What is seen of a step from outside, and what it has before it.
#[derive(Clone)]
struct Seen {
    meter: Arc<Meter>,
    tap: Option<Arc<dyn Tap>>,
    go: Go,
}

fn context(
    step: &bus_core::workflow::Step,
    options: &RunOptions,
    shared: &Shared,
    (seen, memory): (Seen, Option<Value>),
) -> Context {
    // a step of a workflow inside this one sees the parameters of that one
    let parameters = match step.scopes.is_empty() {
        true => Arc::clone(&shared.parameters),
        false => Arc::new(step.values(&shared.parameters)),
    };
    Context::new(ContextParts {
        work: options.work.clone(),
        language: options.language,
        parameters,
        limits: shared.limits.clone(),
        http: options.http.clone(),
        secrets: Arc::clone(&options.secrets),
        cancel: shared.cancel.clone(),
        meter: seen.meter,
        tap: seen.tap,
        go: seen.go,
        folder: options.folder.clone(),
        confined: options.confined,
        publisher: options.publisher.clone(),
        scratch: shared.scratch.clone(),
        memory: Mutex::new(memory),
        standard_streams: options.standard_streams,
        ..ContextParts::new(&step.id, Arc::clone(&options.clock))
    })
}

/// Ends some time after the run was cancelled.
async fn grace(cancel: &CancellationToken) {
    cancel.cancelled().await;
    tokio::time::sleep(GRACE).await;
}
