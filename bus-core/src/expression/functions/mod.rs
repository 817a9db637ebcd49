//! The functions: one table, from which the manual is printed and whose examples are the tests.

mod args;
mod calendar;
mod coding;
mod collections;
mod convert;
mod format;
mod forms;
mod geo;
mod math;
mod patterns;
mod text;

pub(super) use args::Args;
pub use forms::{FORMS, Form};

use super::eval::Evaluated;
use crate::{Message, msg};
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// What a function is about: a chapter of the manual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// Text.
    Text,
    /// Numbers.
    Numbers,
    /// Times, dates and durations.
    Time,
    /// Lists and objects.
    Lists,
    /// From one kind of value to another.
    Conversion,
    /// HTML, URLs, JSON, encodings, hashes.
    Coding,
    /// Places on earth.
    Geography,
}

impl Group {
    /// The title of the chapter.
    #[must_use]
    pub fn title(self) -> Message {
        match self {
            Self::Text => msg!("Text"),
            Self::Numbers => msg!("Numbers and units"),
            Self::Time => msg!("Times, dates and durations"),
            Self::Lists => msg!("Lists and objects"),
            Self::Conversion => msg!("Conversion between kinds of values"),
            Self::Coding => msg!("HTML, addresses, JSON, hashes"),
            Self::Geography => msg!("Places on earth"),
        }
    }

    /// All chapters, in the order of the manual.
    pub const ALL: [Self; 7] =
        [Self::Text, Self::Numbers, Self::Time, Self::Lists, Self::Conversion, Self::Coding, Self::Geography];
}

/// A function that expressions may call, with its page of the manual.
pub struct Function {
    signature: &'static str,
    about: &'static str,
    group: Group,
    example: &'static str,
    result: &'static str,
    arity: (u8, u8),
    pattern: Option<u8>,
    run: for<'r, 'a> fn(&mut Args<'r, 'a>) -> Evaluated<'a>,
}

impl Function {
    /// `name(values)`, optional values in brackets.
    #[must_use]
    pub const fn signature(&self) -> &'static str {
        self.signature
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.signature.split_once('(').map_or(self.signature, |(name, _)| name)
    }

    /// What it does, one or two sentences in English; the French ones stand in the translations.
    #[must_use]
    pub const fn about(&self) -> &'static str {
        self.about
    }

    /// The chapter of the manual.
    #[must_use]
    pub const fn group(&self) -> Group {
        self.group
    }

    /// An example and, as JSON, what it gives.
    #[must_use]
    pub const fn example(&self) -> (&'static str, &'static str) {
        (self.example, self.result)
    }

    pub(super) const fn takes(&self, count: usize) -> bool {
        count >= self.arity.0 as usize && (self.arity.1 == MANY || count <= self.arity.1 as usize)
    }

    /// Which value is a regular expression.
    pub(super) fn pattern(&self) -> Option<usize> {
        self.pattern.map(usize::from)
    }

    pub(super) fn run<'a>(&self, args: &mut Args<'_, 'a>) -> Evaluated<'a> {
        (self.run)(args)
    }

    /// The same function, whose value at `place` is a regular expression.
    const fn with_pattern(mut self, place: u8) -> Self {
        self.pattern = Some(place);
        self
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.signature)
    }
}

/// Any number of values.
const MANY: u8 = u8::MAX;

type Implementation = for<'r, 'a> fn(&mut Args<'r, 'a>) -> Evaluated<'a>;

/// A row of the table: signature and number of values, what it does, an example and its result.
const fn function(
    group: Group,
    (signature, least, most): (&'static str, u8, u8),
    (about, example, result): (&'static str, &'static str, &'static str),
    run: Implementation,
) -> Function {
    Function { signature, about, group, example, result, arity: (least, most), pattern: None, run }
}

static TABLES: &[&[Function]] = &[
    text::TABLE,
    patterns::TABLE,
    format::TABLE,
    math::TABLE,
    calendar::TABLE,
    collections::TABLE,
    convert::TABLE,
    coding::TABLE,
    geo::TABLE,
];

/// Every function, chapter by chapter.
pub fn all() -> impl Iterator<Item = &'static Function> {
    TABLES.iter().flat_map(|table| table.iter())
}

static BY_NAME: LazyLock<FxHashMap<&'static str, &'static Function>> =
    LazyLock::new(|| all().map(|function| (function.name(), function)).collect());

pub(super) fn find(name: &str) -> Option<&'static Function> {
    BY_NAME.get(name).copied()
}
