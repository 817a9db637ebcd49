//! Gives records other fields: picks, renames, computes, nests.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Transform},
    kit::{
        emit::Emitter,
        layout::{Layout, Origin, ROOT},
    },
};
use bus_core::{
    Message,
    error::{Reject, StepError},
    expression::{EvalError, Evaluator, Expression, Scope, Template, TemplateWriter},
    loss::{Loss, LossReport},
    msg,
    path::{FieldPath, Segment},
    record::{Batch, BatchBuilder, Cell, Object, Slot, Value},
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value as Json;
use std::{borrow::Cow, sync::Arc};

pub(crate) static CONNECTOR: Connector = Connector::transform::<Map>("map");

/// # Map fields
///
/// Gives each record the fields you name: picked from the record, renamed, computed, put into nested
/// objects. The other fields stay or go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "shuffle", "x-group" = "fields"))]
struct Settings {
    /// # Fields to write
    ///
    /// Each replaces the field of its name where there is one; new ones follow at the end, in this order.
    #[serde(default)]
    fields: Vec<Field>,
    /// # Rename
    ///
    /// Fields that only change their name or their place; their values stay as they are.
    #[serde(default)]
    rename: Vec<Rename>,
    /// # Leave out
    ///
    /// Fields of the input that do not go on.
    #[serde(default)]
    drop: Vec<FieldPath>,
    /// # Other fields
    ///
    /// What becomes of the fields that no rule names.
    #[serde(default)]
    rest: Rest,
}

/// # Field
///
/// A field of the output and where its value comes from.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Field {
    /// # Name
    ///
    /// The field to write; with a dot it stands in a nested object, such as `address.city`.
    name: FieldPath,
    /// # Value
    ///
    /// Where the value comes from.
    value: Source,
    /// # Without a value
    ///
    /// What happens when the value cannot be computed or the text cannot be filled in.
    #[serde(default)]
    on_error: OnError,
}

/// # Source of a value
///
/// Where a value comes from.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Source {
    /// # Field
    ///
    /// A field of the input, as it is; where a record lacks it, the new field is left out.
    Field(FieldPath),
    /// # Expression
    ///
    /// A computation, such as `power / 1000.0`.
    Expression(Expression),
    /// # Text with fields
    ///
    /// Text with fields filled in, such as `{name} ({city})`.
    Template(Template),
    /// # Fixed value
    ///
    /// The same text, number or switch for every record.
    Constant(Constant),
}

/// A fixed scalar: text, a number, a boolean or null.
#[derive(Debug)]
struct Constant(Json);

/// # When a value is missing
///
/// What happens when a value cannot be computed.
#[derive(Debug, Clone, Copy, Default, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum OnError {
    /// # Refuse the record
    ///
    /// The record goes to the errors, with the reason.
    #[default]
    Reject,
    /// # Write null
    ///
    /// The field is there, without a value.
    Null,
    /// # Leave the field out
    ///
    /// The record goes on without the field.
    LeaveOut,
}

/// # Rename
///
/// A field and its new name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Rename {
    /// # From
    ///
    /// The field of the input.
    from: FieldPath,
    /// # To
    ///
    /// Its new name; with a dot it moves into a nested object.
    to: FieldPath,
}

/// # Other fields
///
/// What becomes of the fields that no rule names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Rest {
    /// # Keep them
    ///
    /// They go on as they are.
    #[default]
    Keep,
    /// # Leave them out
    ///
    /// Only the fields written or renamed here go on.
    Drop,
}

/// The settings, checked against each other.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Settings")]
struct Map {
    values: Vec<Field>,
    layout: Layout,
}

impl TryFrom<Settings> for Map {
    type Error = Message;

    fn try_from(settings: Settings) -> Result<Self, Message> {
        let Settings { fields: mut values, rename, drop, rest } = settings;
        let mut layout = Layout::new(rest == Rest::Keep);
        // where only what is named goes on, nothing needs to be left out
        for path in drop.iter().filter(|_| rest == Rest::Keep) {
            layout.drop(path)?;
        }
        for Rename { from, to } in rename {
            if !layout.rename(&from, &to)? {
                layout.drop(&from)?;
                values.push(Field { name: to, value: Source::Field(from), on_error: OnError::LeaveOut });
            }
        }
        for (place, field) in values.iter().enumerate() {
            layout.write(&field.name, place)?;
        }
        Ok(Self { values, layout })
    }
}

/// The settings at work: what remembers where fields stand.
struct Mapper {
    map: Map,
    makers: Vec<Maker>,
}

enum Maker {
    /// With how many records lacked the field, and whether any had it.
    Pick {
        slot: Slot,
        inner: Vec<Segment>,
        lacking: u64,
        found: bool,
    },
    Expression(Box<Evaluator>, Option<Slot>),
    Template(Box<TemplateWriter>),
    Constant(Json),
}

impl Maker {
    fn new(source: &Source, fuel: u64) -> Self {
        match source {
            Source::Field(path) => match path.segments().split_first() {
                Some((Segment::Key(key), inner)) => Self::Pick {
                    slot: Slot::new(key.clone()),
                    inner: inner.to_vec(),
                    lacking: 0,
                    found: false,
                },
                _ => Self::Constant(Json::Null),
            },
            Source::Expression(expression) => {
                Self::Expression(Box::new(expression.evaluator(fuel)), expression.as_field().map(Slot::new))
            }
            Source::Template(template) => Self::Template(Box::new(template.writer(fuel))),
            Source::Constant(Constant(value)) => Self::Constant(value.clone()),
        }
    }

    /// Writes the value; when there is none, writes nothing.
    fn write(
        &mut self,
        scope: &Scope<'_>,
        record: Option<Object<'_>>,
        out: &mut BatchBuilder,
    ) -> Result<(), EvalError> {
        match self {
            Self::Pick { slot, inner, lacking, found } => {
                let picked = record
                    .and_then(|record| Some((record, inside(record.batch(), slot.cell(record), inner)?)))
                    .filter(|(_, cell)| !cell.is_absent());
                *found |= picked.is_some();
                match picked {
                    Some((record, cell)) => out.put(record.batch(), cell),
                    None => {
                        *lacking += 1;
                        out.absent();
                    }
                }
                Ok(())
            }
            Self::Expression(evaluator, slot) => {
                if let (Some(record), Some(slot)) = (record, slot) {
                    let cell = slot.cell(record);
                    if !cell.is_absent() {
                        out.put(record.batch(), cell);
                        return Ok(());
                    }
                }
                evaluator.write(scope, out)
            }
            Self::Template(writer) => {
                let mark = out.mark();
                let mut outcome = Ok(());
                out.text_with(|text| outcome = writer.text(scope, text));
                outcome.inspect_err(|_| out.reset(mark))
            }
            Self::Constant(value) => {
                if out.json(value).is_err() {
                    out.null();
                }
                Ok(())
            }
        }
    }
}

/// The cell that a path leads to from `cell`.
fn inside(batch: &Batch, mut cell: Cell, path: &[Segment]) -> Option<Cell> {
    for segment in path {
        cell = match (batch.resolve(cell)?, segment) {
            (Value::Object(object), Segment::Key(key)) => object.cell(object.shape().position(key)?),
            (Value::List(list), Segment::Index(index)) => {
                let place = match usize::try_from(*index) {
                    Ok(place) => place,
                    Err(_) => list.len().checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?,
                };
                *list.cells().get(place)?
            }
            _ => return None,
        };
    }
    Some(cell)
}

impl Mapper {
    fn new(map: Map, fuel: u64) -> Self {
        let makers = map.values.iter().map(|field| Maker::new(&field.value, fuel)).collect();
        Self { map, makers }
    }

    /// Fields that were picked and that no record had: a name that was mistyped, as a rule.
    fn never_found(&self) -> LossReport {
        let mut losses = LossReport::default();
        for (maker, field) in self.makers.iter().zip(&self.map.values) {
            if let (Maker::Pick { lacking, found: false, .. }, Source::Field(path)) = (maker, &field.value)
                && *lacking > 0
            {
                losses.add(&path.to_string(), Loss::Dropped, "no record has this field", *lacking);
            }
        }
        losses
    }

    fn object(
        &mut self,
        level: usize,
        input: Option<Object<'_>>,
        scope: &Scope<'_>,
        out: &mut BatchBuilder,
    ) -> Result<(), Reject> {
        let plan = self.map.layout.plan(level, input.map(|object| object.shape()));
        out.begin_shaped(&plan.shape);
        for origin in &plan.from {
            match *origin {
                Origin::Cell(position) => match input {
                    Some(input) => out.put(input.batch(), input.cell(position)),
                    None => out.absent(),
                },
                Origin::Value(value) => self.value(value, scope, out)?,
                Origin::Level(level, position) => {
                    let there = input.zip(position);
                    let inner = there.and_then(|(input, position)| input.at(position)?.as_object());
                    match there {
                        _ if inner.is_some() || self.map.layout.makes_values(level) => {
                            self.object(level, inner, scope, out)?;
                        }
                        Some((input, position)) => out.put(input.batch(), input.cell(position)),
                        None => out.absent(),
                    }
                }
            }
        }
        out.end();
        Ok(())
    }

    fn value(&mut self, value: usize, scope: &Scope<'_>, out: &mut BatchBuilder) -> Result<(), Reject> {
        let (Some(maker), Some(field)) = (self.makers.get_mut(value), self.map.values.get(value)) else {
            out.absent();
            return Ok(());
        };
        let Err(error) = maker.write(scope, scope.record.as_object(), out) else { return Ok(()) };
        match field.on_error {
            OnError::Reject => {
                let name = field.name.to_string();
                let message =
                    msg!("field `{name}`: {problem}", name = name.as_str(), problem = error.message());
                let place = if error.field().is_empty() { name.as_str() } else { error.field() };
                return Err(Reject::field(place, message));
            }
            OnError::Null => out.null(),
            OnError::LeaveOut => out.absent(),
        }
        Ok(())
    }
}

impl Transform for Map {
    async fn apply(self, mut inputs: Inputs, mut out: Outputs, context: Context) -> Result<(), StepError> {
        let mut mapper = Mapper::new(self, context.limits().expression_fuel);
        let (parameters, now) = (Arc::clone(context.parameters()), context.now());
        let mut emitter = Emitter::default();
        while let Some(batch) = inputs.next().await {
            emitter.follow(&batch, &mut out).await?;
            for (row, record) in batch.records().enumerate() {
                let scope = Scope { record, parameters: &parameters, now };
                if let Err(reject) = mapper.object(ROOT, record.as_object(), &scope, emitter.builder()) {
                    emitter.builder().abandon();
                    out.reject(record, &reject);
                }
                emitter.flow_from(row, &mut out).await?;
            }
            emitter.flush(&mut out).await?;
        }
        context.report_losses(mapper.never_found());
        Ok(())
    }
}

impl JsonSchema for Map {
    fn schema_name() -> Cow<'static, str> {
        Settings::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Settings::json_schema(generator)
    }
}

impl<'de> Deserialize<'de> for Constant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Json::deserialize(deserializer)?;
        if value.is_array() || value.is_object() {
            return Err(Error::custom(msg!("a fixed value is text, a number, true, false or null")));
        }
        Ok(Self(value))
    }
}

impl JsonSchema for Constant {
    fn schema_name() -> Cow<'static, str> {
        "Constant".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string" })
    }
}
