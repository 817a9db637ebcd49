//! JSON (RFC 8259), fast and strict, straight into and out of batches.
//!
//! [`parse`] reads one value into a builder, [`write`] writes one; [`Items`] cuts a long document into
//! the items that are its records. Numbers keep their exact text, a key that comes twice is refused.

#[cfg(test)]
mod tests;

mod item_path;
mod items;
mod parse;
mod plain;
mod scan;
mod write;

pub use item_path::{ItemPath, ItemPathError, ItemSegment};
pub use items::{Item, Items};
pub(crate) use parse::number_len;
pub use parse::{Duplicates, parse, parse_with};
pub use write::{RecordWriter, note_losses, write, write_pretty, write_text};

use crate::contract::FormatError;
use bus_core::Message;

/// What is wrong and at which byte.
#[derive(Debug)]
struct Fault {
    at: usize,
    message: Message,
}

/// Boxed: results stay one word on the way that is taken a million times.
type Outcome<T> = Result<T, Box<Fault>>;

impl Fault {
    fn new<T>(at: usize, message: Message) -> Outcome<T> {
        Err(Box::new(Self { at, message }))
    }

    /// The error with its line and column in `text`.
    fn locate(self, text: &[u8]) -> FormatError {
        let (line, column) = place(text, self.at);
        FormatError::at(line, column, self.message)
    }
}

/// Line and column (in characters), both from 1, of the byte at `at`.
fn place(text: &[u8], at: usize) -> (u64, u64) {
    let before = text.get(..at).unwrap_or(text);
    let line = memchr::memchr_iter(b'\n', before).count() as u64 + 1;
    let start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    (line, characters(before.get(start..).unwrap_or_default()) + 1)
}

/// How many characters UTF-8 text holds.
fn characters(text: &[u8]) -> u64 {
    text.iter().filter(|byte| (**byte & 0xC0) != 0x80).count() as u64
}
