use super::{
    Context, Inputs, Outputs,
    live::{Listening, Live, sampled},
};
use crate::kit::transport::changed;
use bus_core::{
    catalogue::{Entry, IN, Input, Kind, OUT, Parts, SettingsProblem},
    check::of_parser,
    error::StepError,
    message, msg,
    plan::Extent,
};
use futures::{FutureExt, future::BoxFuture};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use std::{any::Any, future::Future, panic::AssertUnwindSafe};

/// What came of reading a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Everything was read.
    Complete,
    /// The source has not changed since the last run: no record was sent and nothing downstream
    /// needs to run.
    Unchanged,
}

/// What a sink did.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Receipt {
    /// Records written.
    pub written: u64,
    /// Records refused; each went to the `errors` port with its reason.
    pub refused: u64,
    /// Where they went, for the run report (a path, an address).
    pub target: Option<String>,
    /// What a sink for the eye shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown: Option<String>,
}

/// Brings records in.
pub trait Source: DeserializeOwned + JsonSchema + Send + 'static {
    /// Reads everything there is and sends it on, in batches.
    fn read(self, out: Outputs, context: Context) -> impl Future<Output = Result<Reading, StepError>> + Send;
}

/// A source that can be read in parts, by several workers.
pub trait InParts: Source {
    /// Whether to look at it asks somebody else: then it is looked at only when it is about to be read.
    const FAR: bool = false;
    /// What is seen of it when it is looked at, beside its size, for whoever divides it.
    type Seen: Serialize + DeserializeOwned + Send;
    /// A part of it, as the run keeps it: what a bus of before has written is read, too.
    type Part: Serialize + DeserializeOwned + Send;

    /// How much there is, if that is known and not the same as at the last run, and what else was seen.
    /// Quick: nothing is read but a beginning.
    ///
    /// # Errors
    /// When it cannot be reached.
    fn look(
        &self,
        context: &Context,
    ) -> impl Future<Output = Result<Option<(Extent, Self::Seen)>, StepError>> + Send;

    /// Divides it, as it was `seen`, into about `count` parts, in their order; less than two if that turns
    /// out to be impossible. What the parts bring, one after the other, is exactly what the whole would.
    fn divide(
        &self,
        seen: Self::Seen,
        count: u32,
        context: &Context,
    ) -> impl Future<Output = Result<Vec<Self::Part>, StepError>> + Send;

    /// Reads one of the parts that [`InParts::divide`] gave.
    fn read_part(
        self,
        part: Self::Part,
        out: Outputs,
        context: Context,
    ) -> impl Future<Output = Result<(), StepError>> + Send;
}

const ONE_INPUT: &[Input] = &[Input::required(IN)];

/// Changes records.
pub trait Transform: DeserializeOwned + JsonSchema + Send + 'static {
    /// Input ports.
    const INPUTS: &'static [Input] = ONE_INPUT;
    /// Output ports, without `errors`.
    const OUTPUTS: &'static [&'static str] = &[OUT];
    /// Whether it needs all records, or those of other parts of the data, before it can send on: sort,
    /// join, aggregate. A stage of the plan begins there.
    const REGROUPS: bool = false;

    /// How it can be done in parts of the data, side by side: see [`Parts`]. One that is done twice finds
    /// in [`Context::go`] what it has before it.
    fn parts(&self) -> Parts {
        if Self::REGROUPS { Parts::Whole } else { Parts::Each }
    }

    /// Takes batches from the inputs until they end and sends what becomes of them on.
    fn apply(
        self,
        inputs: Inputs,
        out: Outputs,
        context: Context,
    ) -> impl Future<Output = Result<(), StepError>> + Send;
}

/// Takes records out.
pub trait Sink: DeserializeOwned + JsonSchema + Send + 'static {
    /// Writes all records of the input; `out` is only for records it refuses.
    fn write(
        self,
        input: Inputs,
        out: Outputs,
        context: Context,
    ) -> impl Future<Output = Result<Receipt, StepError>> + Send;
}

/// What a finished step has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finished {
    /// A source.
    Read(Reading),
    /// A transform.
    Applied,
    /// A sink.
    Wrote(Receipt),
}

/// A step with its settings parsed, ready to run.
pub struct Step(Box<Run>);

type Run = dyn FnOnce(Inputs, Outputs, Context) -> BoxFuture<'static, Result<Finished, StepError>> + Send;

impl Step {
    pub(super) fn new(
        run: impl FnOnce(Inputs, Outputs, Context) -> BoxFuture<'static, Result<Finished, StepError>>
        + Send
        + 'static,
    ) -> Self {
        Self(Box::new(run))
    }

    /// A source that is in no catalogue: what the engine has in hand stands for what a step would read.
    pub fn reading<F>(read: impl FnOnce(Outputs, Context) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<Reading, StepError>> + Send + 'static,
    {
        Self(Box::new(|_, out, context| {
            let reading = read(out, context);
            Box::pin(async move { reading.await.map(Finished::Read) })
        }))
    }

    /// Runs the step to its end, and sends the refused records that wait then.
    ///
    /// A step that fails (or panics) cancels the run *before* its links close, so that no step behind it
    /// takes the early end of its input for the whole.
    ///
    /// # Errors
    /// When the step cannot go on; records that are wrong go to the `errors` port instead.
    pub async fn run(
        self,
        inputs: Inputs,
        outputs: Outputs,
        context: Context,
    ) -> Result<Finished, StepError> {
        let mut rest = outputs.rest();
        let run = AssertUnwindSafe(async { (self.0)(inputs, outputs, context.clone()).await });
        let ended = run.catch_unwind().await.unwrap_or_else(|panic| Err(broken(panic.as_ref())));
        let ended = context.failure().map_or(ended, Err);
        let sent = rest.finish().await;
        let outcome = ended.and_then(|finished| sent.map(|()| finished));
        if outcome.is_err() {
            context.cancellation().cancel();
        }
        outcome
    }
}

/// What a panic of a step is: an error of ours, never the end of the process.
fn broken(panic: &(dyn Any + Send)) -> StepError {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("?");
    StepError::ours(msg!("the step broke down, please report it: {problem}", problem = text))
}

impl std::fmt::Debug for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Step")
    }
}

/// A connector: everything the house knows of it, built from its settings type by a `const fn`.
#[derive(Debug)]
pub struct Connector {
    id: &'static str,
    kind: Kind,
    inputs: &'static [Input],
    outputs: &'static [&'static str],
    regroups: bool,
    schema: fn() -> schemars::Schema,
    start: fn(&serde_json::Value) -> Result<Step, SettingsProblem>,
    parts: fn(&serde_json::Value) -> Parts,
    division: Option<Division>,
    live: Option<Listening>,
}

/// How a source is read in parts. Settings come first in each.
#[derive(Debug, Clone, Copy)]
pub struct Division {
    far: bool,
    look: fn(serde_json::Value, Context) -> BoxFuture<'static, Looked>,
    divide: fn(serde_json::Value, (serde_json::Value, u32), Context) -> BoxFuture<'static, Divided>,
    start: fn(&serde_json::Value, serde_json::Value) -> Result<Step, SettingsProblem>,
}

type Looked = Result<Option<(Extent, serde_json::Value)>, StepError>;
type Divided = Result<Vec<serde_json::Value>, StepError>;

impl Division {
    const fn of<T: InParts + Sync>() -> Self {
        Self {
            far: T::FAR,
            look: |settings, context| {
                Box::pin(async move {
                    let looked = settings_of::<T>(&settings)?.look(&context).await?;
                    Ok(looked.map(|(extent, seen)| (extent, serde_json::to_value(seen).unwrap_or_default())))
                })
            },
            divide: |settings, (seen, count), context| {
                Box::pin(async move {
                    let seen = serde_json::from_value(seen).map_err(|_| changed())?;
                    let parts = settings_of::<T>(&settings)?.divide(seen, count, &context).await?;
                    Ok(parts.iter().map(|part| serde_json::to_value(part).unwrap_or_default()).collect())
                })
            },
            start: |settings, part| {
                let step: T = parse(settings)?;
                Ok(Step(Box::new(|_, out, context| {
                    Box::pin(async move {
                        let part = serde_json::from_value(part).map_err(|_| changed())?;
                        step.read_part(part, out.numbering(), context).await?;
                        Ok(Finished::Read(Reading::Complete))
                    })
                })))
            },
        }
    }

    /// Whether to look at it asks somebody else: see [`InParts::FAR`].
    #[must_use]
    pub const fn is_far(&self) -> bool {
        self.far
    }

    /// How much there is: see [`InParts::look`].
    ///
    /// # Errors
    /// When it cannot be reached, or the settings are wrong.
    pub async fn look(&self, settings: serde_json::Value, context: Context) -> Looked {
        (self.look)(settings, context).await
    }

    /// Its parts: see [`InParts::divide`].
    ///
    /// # Errors
    /// When it cannot be read, or the settings are wrong.
    pub async fn divide(
        &self,
        settings: serde_json::Value,
        (seen, count): (serde_json::Value, u32),
        context: Context,
    ) -> Divided {
        (self.divide)(settings, (seen, count), context).await
    }

    /// A step that reads one part.
    ///
    /// # Errors
    /// The first setting that is wrong, with its path.
    pub fn start(
        &self,
        settings: &serde_json::Value,
        part: serde_json::Value,
    ) -> Result<Step, SettingsProblem> {
        (self.start)(settings, part)
    }
}

impl Connector {
    /// A source; `id` is the name of its file, with `-` for `_`.
    #[must_use]
    pub const fn source<T: Source>(id: &'static str) -> Self {
        Self::bringing::<T>(id, |settings| {
            let step: T = parse(settings)?;
            Ok(Step(Box::new(|_, out, context| {
                Box::pin(async move { step.read(out.numbering(), context).await.map(Finished::Read) })
            })))
        })
    }

    /// A source that can be read in parts, too.
    #[must_use]
    pub const fn source_in_parts<T: InParts + Sync>(id: &'static str) -> Self {
        Self { division: Some(Division::of::<T>()), ..Self::source::<T>(id) }
    }

    /// A live source; `id` is the name of its file, with `-` for `_`.
    #[must_use]
    pub const fn live<T: Live>(id: &'static str) -> Self {
        Self { live: Some(Listening::of::<T>()), ..Self::bringing::<T>(id, sampled::<T>) }
    }

    /// A source of any sort.
    const fn bringing<T: JsonSchema>(
        id: &'static str,
        start: fn(&serde_json::Value) -> Result<Step, SettingsProblem>,
    ) -> Self {
        Self {
            id,
            kind: Kind::Source,
            inputs: &[],
            outputs: &[OUT],
            regroups: false,
            schema: schema_of::<T>,
            start,
            parts: |_| Parts::Whole,
            division: None,
            live: None,
        }
    }

    /// A transform; `id` is the name of its file, with `-` for `_`.
    #[must_use]
    pub const fn transform<T: Transform>(id: &'static str) -> Self {
        Self {
            id,
            kind: Kind::Transform,
            inputs: T::INPUTS,
            outputs: T::OUTPUTS,
            regroups: T::REGROUPS,
            schema: schema_of::<T>,
            start: |settings| {
                let step: T = parse(settings)?;
                Ok(Step(Box::new(|inputs, out, context| {
                    Box::pin(async move {
                        let unwanted = out.unwanted();
                        tokio::select! {
                            biased;
                            ended = step.apply(inputs, out, context) => ended.map(|()| Finished::Applied),
                            // a limit behind it was reached: what it would still send goes nowhere
                            () = unwanted => Ok(Finished::Applied),
                        }
                    })
                })))
            },
            parts: |settings| match parse::<T>(settings) {
                Ok(step) => step.parts(),
                // settings that are wrong say no more than the kind of step does
                Err(_) if T::REGROUPS => Parts::Whole,
                Err(_) => Parts::Each,
            },
            division: None,
            live: None,
        }
    }

    /// A sink; `id` is the name of its file, with `-` for `_`.
    #[must_use]
    pub const fn sink<T: Sink>(id: &'static str) -> Self {
        Self {
            id,
            kind: Kind::Sink,
            inputs: ONE_INPUT,
            outputs: &[],
            regroups: false,
            schema: schema_of::<T>,
            start: |settings| {
                let step: T = parse(settings)?;
                Ok(Step(Box::new(|input, out, context| {
                    Box::pin(async move { step.write(input, out, context).await.map(Finished::Wrote) })
                })))
            },
            parts: |_| Parts::Whole,
            division: None,
            live: None,
        }
    }

    /// The id used in workflow documents.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// What it does.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Its input ports.
    #[must_use]
    pub const fn inputs(&self) -> &'static [Input] {
        self.inputs
    }

    /// Its output ports, without `errors`, which every step has.
    #[must_use]
    pub const fn outputs(&self) -> &'static [&'static str] {
        self.outputs
    }

    /// Parses settings into a step ready to run.
    ///
    /// # Errors
    /// The first setting that is wrong, with its path.
    pub fn start(&self, settings: &serde_json::Value) -> Result<Step, SettingsProblem> {
        (self.start)(settings)
    }

    /// How a step with these settings can be done in parts.
    #[must_use]
    pub fn parts(&self, settings: &serde_json::Value) -> Parts {
        (self.parts)(settings)
    }

    /// How a source is read in parts, if it can be.
    #[must_use]
    pub const fn division(&self) -> Option<Division> {
        self.division
    }

    /// How it is kept, if it is a live source.
    #[must_use]
    pub const fn listening(&self) -> Option<Listening> {
        self.live
    }

    /// The connector as the rest of the house sees it.
    #[must_use]
    pub fn entry(&self) -> Entry {
        Entry {
            id: self.id,
            kind: self.kind,
            inputs: self.inputs,
            outputs: self.outputs,
            regroups: self.regroups,
            live: self.live.is_some(),
            schema: (self.schema)().to_value(),
        }
    }
}

fn schema_of<T: JsonSchema>() -> schemars::Schema {
    let mut schema = schemars::SchemaGenerator::default().into_root_schema_for::<T>();
    unwrap_lines(&mut schema);
    schema
}

/// Joins the lines of a description into paragraphs: where the source file wraps is nobody's business.
fn unwrap_lines(schema: &mut schemars::Schema) {
    if let Some(serde_json::Value::String(text)) = schema.get_mut("description") {
        let paragraphs = text.split("\n\n").map(|paragraph| paragraph.replace('\n', " "));
        *text = paragraphs.collect::<Vec<_>>().join("\n\n");
    }
    schemars::transform::transform_subschemas(&mut unwrap_lines, schema);
}

/// Settings that were parsed before, when the document was checked.
fn settings_of<T: DeserializeOwned>(settings: &serde_json::Value) -> Result<T, StepError> {
    parse(settings).map_err(|problem| StepError::settings(problem.message))
}

pub(super) fn parse<T: DeserializeOwned>(settings: &serde_json::Value) -> Result<T, SettingsProblem> {
    let empty = serde_json::Value::Object(serde_json::Map::new());
    let settings = if settings.is_null() { &empty } else { settings };
    serde_path_to_error::deserialize(settings).map_err(|error| {
        let path = error.path().to_string();
        let text = error.inner().to_string();
        let (message, advice) = match message::recall(&text) {
            Some(message) => (message, None),
            None => of_parser(&text),
        };
        SettingsProblem { path: if path == "." { String::new() } else { path }, message, advice }
    })
}
