//! Expressions over a record: CEL, the Common Expression Language, with the functions of the bus.
//!
//! An expression is total: it has no side effect, cannot run long (each step of work is counted against
//! a limit), cannot panic, and gives a value or an error that says what to do. It reads the record's
//! fields as variables, `record` for the whole record, `params` for the run's parameters and `now`.
//!
//! Where it leaves the letter of [the language definition][langdef], it is to do what people expect:
//! a whole number and a double add up; a time may be compared with ISO text; letters of every script
//! may stand in names; every function may be written `f(x)` or `x.f()`.
//!
//! [langdef]: https://github.com/google/cel-spec/blob/master/doc/langdef.md

mod ast;
mod compile;
mod duration;
mod error;
mod eval;
mod functions;
mod kept;
#[cfg(test)]
mod language;
mod lexer;
mod loops;
mod ops;
mod parser;
mod program;
#[cfg(test)]
mod properties;
mod regexes;
mod setting;
mod template;
#[cfg(test)]
mod tests;
mod value;

pub use error::{EvalError, ParseError};
pub use functions::{FORMS, Form, Function, Group, all as functions};
pub use parser::RESERVED;
pub use setting::{Evaluator, Expression};
pub use template::{Template, TemplateWriter};

use crate::record::{Timestamp, Value};

/// What an expression may read.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The record: its fields are variables.
    pub record: Value<'a>,
    /// The run's parameters: `params.name`.
    pub parameters: &'a serde_json::Map<String, serde_json::Value>,
    /// The time of the run: `now`.
    pub now: Timestamp,
}
