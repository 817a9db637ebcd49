//! Regular expressions: linear in time (RE2's kind), limited in size, compiled once.

use crate::{Message, msg};
use regex::{Regex, RegexBuilder};
use std::{ops::Deref, sync::Arc};

/// Bytes a compiled pattern may take: bounds the work on each letter too.
const MOST_BYTES: usize = 256 << 10;

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
