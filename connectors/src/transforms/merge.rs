//! Makes one stream of several.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Transform},
    kit::{
        emit::Emitter,
        fields::put_fields,
        spill::{Disk, SpillQueue},
    },
};
use bus_core::{
    catalogue::Input,
    error::StepError,
    record::{Batch, BatchBuilder, Key, Shape, Value},
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{collections::HashSet, sync::Arc};

pub(crate) static CONNECTOR: Connector = Connector::transform::<Merge>("merge");

/// # Merge
///
/// Makes one stream of the records of up to eight inputs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "git-merge", "x-group" = "combine"))]
struct Merge {
    /// # Order
    ///
    /// In which order the records of the inputs come.
    #[serde(default)]
    order: Order,
    /// # Source field
    ///
    /// The name of a field that says from which input a record comes.
    #[serde(default)]
    #[schemars(extend("examples" = ["source"]))]
    source: Option<String>,
    /// # Names of the inputs
    ///
    /// What stands in the source field, input by input; without it, the name of the input.
    #[serde(default)]
    #[schemars(extend("examples" = [["Enphase", "Linky"]]))]
    names: Vec<String>,
    /// # The same fields everywhere
    ///
    /// Gives every record the fields of all, null where it had none. Nothing comes out before everything has come in.
    #[serde(default)]
    same_fields: bool,
}

/// In which order the records of the inputs come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Order {
    /// # One input after the other
    ///
    /// First all of the first input, then all of the second.
    #[default]
    Sequence,
    /// # By turns
    ///
    /// One record of each input in turn; an input that has ended is passed over.
    Alternate,
    /// # As they come
    ///
    /// In whatever order they arrive: the fastest.
    Arrival,
}

const PORTS: [&str; 8] = ["in", "in2", "in3", "in4", "in5", "in6", "in7", "in8"];

impl Transform for Merge {
    const REGROUPS: bool = true;
    const INPUTS: &'static [Input] = &[
        Input::required("in"),
        Input::optional("in2"),
        Input::optional("in3"),
        Input::optional("in4"),
        Input::optional("in5"),
        Input::optional("in6"),
        Input::optional("in7"),
        Input::optional("in8"),
    ];

    async fn apply(self, mut inputs: Inputs, out: Outputs, context: Context) -> Result<(), StepError> {
        let queue = SpillQueue::new(Disk::of(&context), context.limits().step_memory / 2);
        let mut stream =
            Stream { settings: &self, out, emitter: Emitter::default(), union: Union::default(), queue };
        match self.order {
            Order::Sequence => {
                for port in PORTS {
                    while let Some(batch) = inputs.next_from(port).await {
                        stream.add(port, batch).await?;
                    }
                }
            }
            Order::Arrival => {
                while let Some((port, batch)) = inputs.next_any().await {
                    stream.add(port, batch).await?;
                }
            }
            Order::Alternate => alternate(&mut inputs, &mut stream).await?,
        }
        stream.finish().await
    }
}

async fn alternate(inputs: &mut Inputs, stream: &mut Stream<'_>) -> Result<(), StepError> {
    let mut current: Vec<(&str, Batch, usize)> = PORTS.map(|port| (port, Batch::default(), 0)).to_vec();
    while !current.is_empty() {
        let mut ended = Vec::new();
        for (port, batch, row) in &mut current {
            while *row >= batch.len() {
                match inputs.next_from(port).await {
                    Some(next) => (*batch, *row) = (next, 0),
                    None => break,
                }
            }
            if *row < batch.len() {
                stream.emitter.follow(batch, &mut stream.out).await?;
                let mut one = BatchBuilder::new();
                one.copy(batch.record(*row));
                let mut one = one.take();
                one.set_context(batch.context().cloned());
                stream.add(port, one).await?;
                *row += 1;
            } else {
                ended.push(*port);
            }
        }
        current.retain(|(port, _, _)| !ended.contains(port));
    }
    Ok(())
}

struct Stream<'a> {
    settings: &'a Merge,
    out: Outputs,
    emitter: Emitter,
    union: Union,
    queue: SpillQueue,
}

/// All fields met so far, in the order they came.
#[derive(Default)]
struct Union {
    names: Vec<Key>,
    known: HashSet<Key>,
    last: Option<Arc<Shape>>,
}

impl Union {
    fn add(&mut self, batch: &Batch) {
        for object in batch.records().filter_map(Value::as_object) {
            if self.last.as_ref().is_some_and(|last| Arc::ptr_eq(last, object.shape())) {
                continue;
            }
            self.last = Some(Arc::clone(object.shape()));
            for key in object.shape().keys() {
                if self.known.insert(Key::clone(key)) {
                    self.names.push(Key::clone(key));
                }
            }
        }
    }
}

impl Stream<'_> {
    async fn add(&mut self, port: &str, batch: Batch) -> Result<(), StepError> {
        let batch = match &self.settings.source {
            Some(field) => self.label(field, port, &batch),
            None => batch,
        };
        if self.settings.same_fields {
            self.union.add(&batch);
            return self.queue.push(batch);
        }
        if self.settings.order == Order::Alternate {
            // single records are gathered
            self.emitter.follow(&batch, &mut self.out).await?;
            batch.records().for_each(|record| self.emitter.builder().copy(record));
            return self.emitter.flow(&mut self.out).await;
        }
        self.out.send(batch).await
    }

    fn label(&self, field: &str, port: &str, batch: &Batch) -> Batch {
        let place = PORTS.iter().position(|known| *known == port).unwrap_or(0);
        let label = self.settings.names.get(place).map_or(port, String::as_str);
        let mut out = BatchBuilder::new();
        for record in batch.records() {
            let Some(object) = record.as_object() else {
                out.copy(record);
                continue;
            };
            out.begin_object();
            put_fields(&mut out, object, |key| key == field);
            if out.key(field).is_ok() {
                out.text(label);
            }
            out.end();
        }
        let mut labelled = out.take();
        labelled.set_context(batch.context().cloned());
        labelled
    }

    async fn finish(mut self) -> Result<(), StepError> {
        let shape = Shape::of(self.union.names.iter().cloned());
        while let Some(batch) = self.queue.pop()? {
            self.emitter.follow(&batch, &mut self.out).await?;
            for record in batch.records() {
                let builder = self.emitter.builder();
                let Some(object) = record.as_object() else {
                    builder.copy(record);
                    continue;
                };
                builder.begin_shaped(&shape);
                for name in shape.keys() {
                    match object.get(name) {
                        Some(value) => builder.copy(value),
                        None => builder.null(),
                    }
                }
                builder.end();
                self.emitter.flow(&mut self.out).await?;
            }
        }
        self.emitter.flush(&mut self.out).await
    }
}
