use super::{Limits, Publisher, place};
use crate::kit::http::Http;
use bus_core::{
    Language,
    catalogue::Go,
    error::StepError,
    loss::LossReport,
    record::{Batch, Shape, Timestamp},
};
use std::{
    collections::BTreeMap,
    fmt,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use tokio_util::sync::CancellationToken;

/// What a running step may use of the world. Nothing else is ambient: no clock, no environment, no
/// client of its own. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Context(Arc<ContextParts>);

/// What a [`Context`] is made of; the engine fills it in, one per step and run.
pub struct ContextParts {
    /// The step's id in the workflow.
    pub step: String,
    /// Names what is done, the same whenever it is done again; empty where it is done once.
    pub work: String,
    /// The language of whoever reads the errors.
    pub language: Language,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The run's parameters.
    pub parameters: Arc<serde_json::Map<String, serde_json::Value>>,
    /// What may be taken from outside.
    pub limits: Limits,
    /// Outbound HTTP with its guard.
    pub http: Http,
    /// Secrets by name.
    pub secrets: Arc<dyn Secrets>,
    /// Ends the run early.
    pub cancel: CancellationToken,
    /// Counts.
    pub meter: Arc<Meter>,
    /// Where relative file names start.
    pub folder: PathBuf,
    /// Whether steps reach files in that folder only, as on a server.
    pub confined: bool,
    /// Takes what is offered to the outside; nothing is if not given.
    pub publisher: Option<Arc<dyn Publisher>>,
    /// Where a step may spill; files there go with the run.
    pub scratch: PathBuf,
    /// What the step remembered of its last run (an ETag, a cursor); see [`Context::remember`].
    pub memory: Mutex<Option<serde_json::Value>>,
    /// What conversions could not keep.
    pub losses: Mutex<LossReport>,
    /// The form of records on the `errors` port.
    pub reject_shape: Arc<Shape>,
    /// Whether `-` as a file name stands for standard input and output; only a command line says so.
    pub standard_streams: bool,
    /// Why the step fails whatever it gives back.
    pub failure: Mutex<Option<StepError>>,
    /// Sees what the step sends.
    pub tap: Option<Arc<dyn Tap>>,
    /// What a step that is done twice has before it.
    pub go: Go,
}

/// Sees what a step sends, on every port, linked or not. It is no link: it neither holds the step up nor
/// keeps it from being done.
pub trait Tap: Send + Sync {
    /// A batch went out by a port.
    fn sent(&self, port: &str, batch: &Batch);
}

impl ContextParts {
    /// The parts of a step that may use nothing of the world but a clock; set what else it may use.
    #[must_use]
    pub fn new(step: &str, clock: Arc<dyn Clock>) -> Self {
        Self {
            step: step.to_owned(),
            work: String::new(),
            language: Language::default(),
            clock,
            parameters: Arc::default(),
            limits: Limits::default(),
            http: Http::default(),
            secrets: Arc::new(NoSecrets),
            cancel: CancellationToken::new(),
            meter: Arc::default(),
            folder: PathBuf::from("."),
            confined: false,
            publisher: None,
            scratch: std::env::temp_dir(),
            memory: Mutex::default(),
            losses: Mutex::default(),
            reject_shape: Self::reject_form(),
            standard_streams: false,
            failure: Mutex::default(),
            tap: None,
            go: Go::Whole,
        }
    }

    /// The form of records on the `errors` port.
    #[must_use]
    pub fn reject_form() -> Arc<Shape> {
        Shape::of(["record", "reason", "field", "line", "column", "number", "step"])
    }
}

impl fmt::Debug for ContextParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("step", &self.step).finish_non_exhaustive()
    }
}

impl Context {
    /// A context of these parts.
    #[must_use]
    pub fn new(parts: ContextParts) -> Self {
        Self(Arc::new(parts))
    }

    /// The step's id in the workflow.
    #[must_use]
    pub fn step(&self) -> &str {
        &self.0.step
    }

    /// Names what is done, the same whenever it is done again (a worker died, a call failed); empty where it is done
    /// once. What a sink tells others to know a repetition by follows from it.
    #[must_use]
    pub fn work(&self) -> &str {
        &self.0.work
    }

    /// The language of whoever reads the errors.
    #[must_use]
    pub fn language(&self) -> Language {
        self.0.language
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The run's parameters.
    #[must_use]
    pub fn parameters(&self) -> &Arc<serde_json::Map<String, serde_json::Value>> {
        &self.0.parameters
    }

    /// What may be taken from outside.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Outbound HTTP.
    #[must_use]
    pub fn http(&self) -> &Http {
        &self.0.http
    }

    /// A secret by its name; `None` if there is none of that name.
    #[must_use]
    pub fn secret(&self, name: &str) -> Option<String> {
        self.0.secrets.get(name)
    }

    /// Ends when the run is cancelled.
    #[must_use]
    pub fn cancellation(&self) -> CancellationToken {
        self.0.cancel.clone()
    }

    /// Counts.
    #[must_use]
    pub fn meter(&self) -> &Arc<Meter> {
        &self.0.meter
    }

    /// The path of a file named in settings: relative names start at the workflow's folder.
    ///
    /// # Errors
    /// When the step may reach files in that folder only, and this one is not in it.
    pub fn path(&self, name: &str) -> Result<PathBuf, StepError> {
        match self.0.confined {
            true => place::inside(&self.0.folder, name),
            false => Ok(self.0.folder.join(name)),
        }
    }

    /// Where relative names of files start.
    #[must_use]
    pub fn folder(&self) -> &PathBuf {
        &self.0.folder
    }

    /// Takes what is offered to the outside; `None` where nothing is.
    #[must_use]
    pub fn publisher(&self) -> Option<&Arc<dyn Publisher>> {
        self.0.publisher.as_ref()
    }

    /// Where the step may spill; files there go with the run.
    #[must_use]
    pub fn scratch(&self) -> &PathBuf {
        &self.0.scratch
    }

    /// What the step remembered of its last run.
    #[must_use]
    pub fn remembered(&self) -> Option<serde_json::Value> {
        self.0.memory.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps a small value (an ETag, a cursor) for the step's next run; it counts when the run succeeds.
    pub fn remember(&self, memory: serde_json::Value) {
        *self.0.memory.lock().unwrap_or_else(PoisonError::into_inner) = Some(memory);
    }

    /// Adds to the loss report of the step.
    pub fn report_losses(&self, losses: LossReport) {
        self.0.losses.lock().unwrap_or_else(PoisonError::into_inner).merge(losses);
    }

    /// The loss report so far.
    #[must_use]
    pub fn losses(&self) -> LossReport {
        self.0.losses.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether `-` as a file name stands for standard input and output.
    #[must_use]
    pub fn standard_streams(&self) -> bool {
        self.0.standard_streams
    }

    /// What a step that is done twice (see [`bus_core::catalogue::Parts::Twice`]) has before it.
    #[must_use]
    pub fn go(&self) -> Go {
        self.0.go
    }

    /// Fails the step whatever it gives back, and ends the run.
    pub(super) fn fail(&self, error: StepError) {
        self.0.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.0.cancel.cancel();
    }

    pub(super) fn failure(&self) -> Option<StepError> {
        self.0.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Counts what goes out by a port, and shows it to whoever looks.
    pub(super) fn sent(&self, port: &str, batch: &Batch) {
        self.0.meter.sent(port, batch);
        if let Some(tap) = &self.0.tap {
            tap.sent(port, batch);
        }
    }

    pub(super) fn reject_shape(&self) -> &Arc<Shape> {
        &self.0.reject_shape
    }
}

/// Tells the time, so that runs can be repeated.
pub trait Clock: Send + Sync {
    /// Now, in UTC.
    fn now(&self) -> Timestamp;
}

/// Secrets by name, from a vault or the environment.
pub trait Secrets: Send + Sync {
    /// The secret `name`.
    fn get(&self, name: &str) -> Option<String>;
}

/// No secrets at all.
struct NoSecrets;

impl Secrets for NoSecrets {
    fn get(&self, _: &str) -> Option<String> {
        None
    }
}

/// What a step has done so far; shared with whoever watches.
#[derive(Debug, Default)]
pub struct Meter {
    records_in: AtomicU64,
    records_out: AtomicU64,
    errors: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    spilled: AtomicU64,
    ports: Mutex<BTreeMap<String, u64>>,
}

/// What a [`Meter`] showed at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Records that came in.
    pub records_in: u64,
    /// Records that went out.
    pub records_out: u64,
    /// Records refused.
    pub errors: u64,
    /// Bytes read from outside.
    pub bytes_in: u64,
    /// Bytes written to the outside.
    pub bytes_out: u64,
    /// Bytes spilled to disk.
    pub spilled: u64,
}

impl Meter {
    pub(super) fn came(&self, batch: &Batch) {
        self.records_in.fetch_add(batch.len() as u64, Relaxed);
    }

    pub(super) fn went(&self, batch: &Batch) {
        self.records_out.fetch_add(batch.len() as u64, Relaxed);
    }

    fn sent(&self, port: &str, batch: &Batch) {
        let mut ports = self.ports.lock().unwrap_or_else(PoisonError::into_inner);
        match ports.get_mut(port) {
            Some(count) => *count += batch.len() as u64,
            None => drop(ports.insert(port.to_owned(), batch.len() as u64)),
        }
    }

    /// Records sent by each output port so far, `errors` among them.
    #[must_use]
    pub fn ports(&self) -> BTreeMap<String, u64> {
        self.ports.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn refused(&self) {
        self.errors.fetch_add(1, Relaxed);
    }

    /// Counts bytes read from outside.
    pub fn read(&self, bytes: usize) {
        self.bytes_in.fetch_add(bytes as u64, Relaxed);
    }

    /// Counts bytes written to the outside.
    pub fn wrote(&self, bytes: usize) {
        self.bytes_out.fetch_add(bytes as u64, Relaxed);
    }

    /// Counts bytes spilled to disk.
    pub fn spilled(&self, bytes: usize) {
        self.spilled.fetch_add(bytes as u64, Relaxed);
    }

    /// What it shows now.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            records_in: self.records_in.load(Relaxed),
            records_out: self.records_out.load(Relaxed),
            errors: self.errors.load(Relaxed),
            bytes_in: self.bytes_in.load(Relaxed),
            bytes_out: self.bytes_out.load(Relaxed),
            spilled: self.spilled.load(Relaxed),
        }
    }
}
