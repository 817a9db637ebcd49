use super::{
    EvalError, ParseError, Scope,
    compile::compile,
    error::Fail,
    eval::Run,
    kept::Kept,
    program::{Op, Program},
    value::{Fuel, Val},
};
use crate::{
    path::FieldPath,
    record::{BatchBuilder, Slot},
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, fmt, str::FromStr, sync::Arc};

/// An expression in a setting, compiled where it is read.
#[derive(Debug, Clone)]
pub struct Expression {
    program: Arc<Program>,
}

impl Expression {
    /// The text it was made from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.program.source
    }

    /// What evaluates it, with `fuel` steps of work for each record. One step keeps one for all records:
    /// it remembers where fields stand.
    #[must_use]
    pub fn evaluator(&self, fuel: u64) -> Evaluator {
        let slots = self.program.slots.iter().map(|name| Slot::new(name.clone())).collect();
        Evaluator { program: Arc::clone(&self.program), slots, kept: Kept::default(), fuel }
    }

    /// The field it reads, if it does nothing else: a step may then share the value instead of copying it.
    #[must_use]
    pub fn as_field(&self) -> Option<&str> {
        match &self.program.root.op {
            Op::Field { slot, kind: None } => self.program.slots.get(*slot).map(|name| &**name),
            _ => None,
        }
    }

    /// The path it reads, if it does nothing else.
    #[must_use]
    pub fn as_path(&self) -> Option<FieldPath> {
        self.program.root.path(&self.program.slots).and_then(|path| path.parse().ok())
    }
}

impl FromStr for Expression {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self { program: Arc::new(compile(&Arc::from(text))?) })
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.source())
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.source() == other.source()
    }
}

impl Eq for Expression {}

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.source())
    }
}

/// From text; a number or a boolean stands for itself.
impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = super::template::ScalarText::deserialize(deserializer)?.0;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Expression {
    fn schema_name() -> Cow<'static, str> {
        "Expression".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "x-form": "expression" })
    }
}

/// Evaluates one expression on record after record.
#[derive(Debug)]
pub struct Evaluator {
    program: Arc<Program>,
    slots: Vec<Slot>,
    kept: Kept,
    fuel: u64,
}

impl Evaluator {
    /// Writes the value into a record that is being built.
    ///
    /// # Errors
    /// When there is no value; nothing was written then.
    pub fn write(&mut self, scope: &Scope<'_>, out: &mut BatchBuilder) -> Result<(), EvalError> {
        self.with_value(scope, |value, fuel| {
            let mark = out.mark();
            value.write(out, fuel).inspect_err(|_| out.reset(mark))
        })
    }

    /// Whether the condition holds.
    ///
    /// # Errors
    /// When it is neither true nor false.
    pub fn test(&mut self, scope: &Scope<'_>) -> Result<bool, EvalError> {
        let Self { program, slots, kept, fuel } = self;
        let mut run = run(program, slots, kept, (*fuel, scope));
        run.truth(&program.root).map_err(|fail| fail.into_error(&program.source))
    }

    /// Appends the value as a person would type it; lists and objects have no text.
    ///
    /// # Errors
    /// When there is no value, or null.
    pub fn text(&mut self, scope: &Scope<'_>, out: &mut String) -> Result<(), EvalError> {
        self.with_value(scope, |value, fuel| {
            let before = out.len();
            value
                .plain_text(out)
                .and_then(|()| fuel.bytes(out.len() - before))
                .inspect_err(|_| out.truncate(before))
        })
    }

    fn with_value(
        &mut self,
        scope: &Scope<'_>,
        take: impl FnOnce(&Val<'_>, &mut Fuel) -> Result<(), Fail>,
    ) -> Result<(), EvalError> {
        let Self { program, slots, kept, fuel } = self;
        let root = &program.root;
        let mut run = run(program, slots, kept, (*fuel, scope));
        let outcome = run.eval(root).and_then(|value| take(&value, &mut run.fuel));
        outcome.map_err(|fail| {
            fail.at(root.span).of_field(root.path(&program.slots).as_deref()).into_error(&program.source)
        })
    }
}

fn run<'r, 'a>(
    program: &'a Program,
    slots: &'r mut [Slot],
    kept: &'r mut Kept,
    (fuel, scope): (u64, &'r Scope<'a>),
) -> Run<'r, 'a> {
    Run { scope, names: &program.slots, slots, kept, fuel: Fuel::new(fuel), locals: Vec::new() }
}
