//! Runs one step in a unit test: feeds its ports, collects what it sends.
//!
//! ```ignore
//! let ran = Probe::of(&CONNECTOR, json!({ "records": 2 })).input("in", &json!([{ "a": 1 }])).run();
//! assert_eq!(ran.json("out"), json!([{ "a": 1 }]));
//! ```
//!
//! `{"$masked": "S"}` and `{"$time": "2026-03-28T00:00:00Z"}` stand for masked values and times.

use crate::contract::{Clock, Connector, Context, ContextParts, Counts, Finished, Inputs, Limits, Outputs};
use bus_core::{
    catalogue::ERRORS,
    error::StepError,
    record::{Batch, BatchBuilder, Precision, Timestamp, Value},
};
use futures::future::join_all;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use tokio::sync::mpsc;

/// A step to run.
pub(crate) struct Probe {
    connector: &'static Connector,
    settings: Json,
    inputs: Vec<(&'static str, Vec<Batch>)>,
    limits: Limits,
    change: Box<dyn FnOnce(&mut ContextParts)>,
}

/// What a step did.
#[derive(Debug)]
pub(crate) struct Ran {
    /// How it ended.
    pub(crate) end: Result<Finished, StepError>,
    /// What its meter showed.
    pub(crate) counts: Counts,
    /// What it remembers.
    pub(crate) memory: Option<Json>,
    ports: Vec<(&'static str, Vec<Batch>)>,
}

impl Probe {
    pub(crate) fn of(connector: &'static Connector, settings: Json) -> Self {
        Self { connector, settings, inputs: Vec::new(), limits: Limits::default(), change: Box::new(|_| ()) }
    }

    /// Feeds records (a JSON array) to a port.
    pub(crate) fn input(self, port: &'static str, records: &Json) -> Self {
        let batch = batch_of(records);
        self.batches(port, vec![batch])
    }

    /// Feeds batches to a port.
    pub(crate) fn batches(mut self, port: &'static str, batches: Vec<Batch>) -> Self {
        self.inputs.push((port, batches));
        self
    }

    /// Gives the step this much memory before it spills.
    pub(crate) const fn memory(mut self, bytes: usize) -> Self {
        self.limits.step_memory = bytes;
        self
    }

    /// Changes the limits.
    pub(crate) fn limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }

    /// Changes what the step may use of the world.
    pub(crate) fn world(mut self, change: impl FnOnce(&mut ContextParts) + 'static) -> Self {
        self.change = Box::new(change);
        self
    }

    /// Runs the step to its end.
    pub(crate) fn run(self) -> Ran {
        let scratch = tempfile::tempdir().unwrap();
        let mut parts = parts(self.limits, scratch.path());
        (self.change)(&mut parts);
        let context = Context::new(parts);
        let step = self.connector.start(&self.settings).unwrap_or_else(|problem| {
            panic!("settings refused: {}: {}", problem.path, problem.message);
        });
        let (mut feeds, mut receivers) = (Vec::new(), Vec::new());
        for (port, batches) in self.inputs {
            let (sender, receiver) = mpsc::channel(2);
            receivers.push((port, receiver));
            feeds.push(async move {
                for batch in batches {
                    if sender.send(batch).await.is_err() {
                        return;
                    }
                }
            });
        }
        let entry = self.connector.entry();
        let (mut wiring, mut collectors) = (Vec::new(), Vec::new());
        for port in entry.outputs.iter().copied().chain([ERRORS]) {
            let (sender, mut receiver) = mpsc::channel::<Batch>(2);
            wiring.push((port, vec![sender]));
            collectors.push(async move {
                let mut batches = Vec::new();
                while let Some(batch) = receiver.recv().await {
                    batches.push(batch);
                }
                (port, batches)
            });
        }
        let inputs = Inputs::new(receivers, Arc::clone(context.meter()));
        let outputs = Outputs::new(wiring, context.clone());
        let run = step.run(inputs, outputs, context.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (_, end, ports) =
            runtime.block_on(async { tokio::join!(join_all(feeds), run, join_all(collectors)) });
        Ran { end, counts: context.meter().counts(), memory: context.remembered(), ports }
    }
}

impl Ran {
    /// The batches a port sent.
    pub(crate) fn batches(&self, port: &str) -> &[Batch] {
        self.ports.iter().find(|(name, _)| *name == port).map_or(&[], |(_, batches)| batches)
    }

    /// The records a port sent, as a JSON array.
    pub(crate) fn json(&self, port: &str) -> Json {
        let records = self.batches(port).iter().flat_map(Batch::records);
        records.map(to_json).collect::<Vec<_>>().into()
    }

    /// The records of the port `out`; fails the test if the step did not end well.
    pub(crate) fn out(&self) -> Json {
        assert!(self.end.is_ok(), "{:?}", self.end);
        self.json("out")
    }
}

/// A batch of the records of a JSON array.
pub(crate) fn batch_of(records: &Json) -> Batch {
    let mut builder = BatchBuilder::new();
    for record in records.as_array().into_iter().flatten() {
        write(&mut builder, record);
    }
    builder.take()
}

/// A context for tests: the clock stands still at 2026-03-28T12:00:00Z.
pub(crate) fn context(limits: Limits, scratch: &std::path::Path) -> Context {
    Context::new(parts(limits, scratch))
}

fn parts(limits: Limits, scratch: &std::path::Path) -> ContextParts {
    ContextParts {
        limits,
        folder: scratch.to_owned(),
        scratch: scratch.to_owned(),
        ..ContextParts::new("step", Arc::new(Still))
    }
}

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::at(1_774_699_200_000_000, 0, Precision::Second)
    }
}

fn write(builder: &mut BatchBuilder, json: &Json) {
    match json {
        Json::Object(fields) => match (fields.get("$masked"), fields.get("$time")) {
            (Some(Json::String(mark)), _) => builder.masked(mark),
            (_, Some(Json::String(time))) => builder.time(Timestamp::parse(time).unwrap()),
            _ => {
                builder.begin_object();
                for (key, value) in fields {
                    builder.key(key).unwrap();
                    write(builder, value);
                }
                builder.end();
            }
        },
        Json::Array(items) => {
            builder.begin_list();
            items.iter().for_each(|item| write(builder, item));
            builder.end();
        }
        other => builder.json(other).unwrap(),
    }
}

fn to_json(value: Value<'_>) -> Json {
    match value {
        Value::Masked(mark) => json!({ "$masked": mark }),
        Value::List(list) => list.iter().map(to_json).collect::<Vec<_>>().into(),
        Value::Object(object) => {
            let fields = object.iter().map(|(key, value)| (key.as_ref().to_owned(), to_json(value)));
            Json::Object(fields.collect())
        }
        other => other.to_json(),
    }
}
