//! Tables as text: CSV (RFC 4180 and what is made of it), tab-separated values.
//!
//! Reading goes bytes → UTF-8 → marks (every delimiter, quote and line end of a block) → rows → typed cells
//! that point into the block: text is never copied one by one. What is guessed is guessed on the first
//! 128 KiB, the same however the bytes are cut; and no guess alters a value: one that does not fit its
//! column's type stays text.

mod cells;
mod column;
mod dialect;
mod marks;
mod names;
mod options;
mod reader;
mod rows;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use column::names_a_code;
pub use options::{Decimal, Delimiter, DelimiterError, Empty, Header, LineEnd, NewColumns, Options, Types};
pub use reader::Reader;
pub use writer::Writer;

pub(crate) use dialect::looks_like_table;
