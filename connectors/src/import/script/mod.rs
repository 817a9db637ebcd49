//! The one-line expressions of the Node.js Semantic Bus: a small part of JavaScript, read and written as
//! an expression of ours.
//!
//! Read: literals, placeholders (`{$.path}`, `{£.path}`), operators, members, calls, arrow functions. Not
//! read, because the earlier bus did not run it either: statements, loops, assignments.

mod lexer;
mod library;
mod lists;
mod methods;
mod operators;
mod parser;
mod path;
mod syntax;
mod texts;
mod times;
mod write;
mod written;

pub(super) use operators::{all, any, not, sure, test};
pub(super) use parser::parse;
pub(super) use path::Path;
pub(super) use write::{Root, Writer, parameter_name};
pub(super) use written::{Kind, Missing, Written, entry, quoted};

use bus_core::Message;

/// Why an expression has no translation, and where in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Trouble {
    /// The place, counted in bytes from 0.
    pub(super) at: usize,
    /// What stands there.
    pub(super) problem: Message,
}

impl Trouble {
    fn new(at: usize, problem: Message) -> Self {
        Self { at, problem }
    }

    /// The column in `source`, counted from 1.
    pub(super) fn column(&self, source: &str) -> usize {
        source.get(..self.at).map_or(1, |before| before.chars().count() + 1)
    }
}

#[cfg(test)]
mod tests;
