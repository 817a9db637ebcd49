//! Regular expressions: linear in time (RE2's kind), limited in size, compiled once.

use super::{error::Fail, value::Fuel};
use crate::{Message, msg};
use regex::{Regex, RegexBuilder};
use std::{ops::Deref, sync::Arc};

/// Bytes a compiled pattern may take: bounds the work on each letter too.
const MOST_BYTES: usize = 256 << 10;
/// Patterns remembered of those that come from records.
const MOST_KEPT: usize = 16;
/// What compiling a pattern costs, in steps.
const COMPILE_STEPS: u64 = 1_000;

pub(super) fn compile(pattern: &str) -> Result<Regex, Message> {
    RegexBuilder::new(pattern)
        .size_limit(MOST_BYTES)
        .dfa_size_limit(2 * MOST_BYTES)
        .nest_limit(64)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => msg!("the pattern is too large when written out"),
            error => {
                let text = error.to_string();
                let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                msg!("this is not a regular expression: {reason}", reason = reason)
            }
        })
}

/// The patterns seen last.
#[derive(Debug, Default)]
pub(super) struct Regexes {
    kept: Vec<(String, Arc<Regex>)>,
}

/// A compiled pattern. (A clone of a `Regex` would begin with empty caches.)
pub(super) enum Pattern<'a> {
    Constant(&'a Regex),
    Kept(Arc<Regex>),
}

impl Deref for Pattern<'_> {
    type Target = Regex;

    fn deref(&self) -> &Regex {
        match self {
            Self::Constant(regex) => regex,
            Self::Kept(regex) => regex,
        }
    }
}

impl Regexes {
    pub(super) fn get(&mut self, pattern: &str, fuel: &mut Fuel) -> Result<Arc<Regex>, Fail> {
        if let Some((_, regex)) = self.kept.iter().find(|(known, _)| known == pattern) {
            return Ok(Arc::clone(regex));
        }
        fuel.spend(COMPILE_STEPS + pattern.len() as u64)?;
        let regex = Arc::new(compile(pattern)?);
        if self.kept.len() >= MOST_KEPT {
            self.kept.remove(0);
        }
        self.kept.push((pattern.to_owned(), Arc::clone(&regex)));
        Ok(regex)
    }
}
