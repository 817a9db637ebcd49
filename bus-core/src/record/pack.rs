//! Batches as bytes: packed rows of tags and varints, for chunks, spill files and messages.
//!
//! ```text
//! version, context (0 | length + JSON), shapes: count + (fields + keys), records: count + values
//! value: tag, then by kind: nothing | zigzag varint | 8 bytes | length + bytes | count + values |
//!        shape + its values
//! ```
//! Only what the records need is written: what [`Batch::retain`] let go is not.

use super::{Batch, Cell, Key, cell::Raw};
use std::sync::Arc;

/// Why bytes are not a packed batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// Written by a version of the bus that came later.
    #[error("the records were packed by a newer version of the bus")]
    Version,
    /// Cut off, or not a packed batch at all.
    #[error("the packed records are damaged")]
    Damaged,
    /// A batch has 4 GiB of text or 2³² values at most.
    #[error("the packed records are larger than a batch can hold")]
    TooLarge,
}

pub(super) const VERSION: u8 = 1;

/// What a value starts with. The numbers stand in stored chunks: they never change their meaning.
pub(super) mod tag {
    pub(in super::super) const ABSENT: u8 = 0;
    pub(in super::super) const NULL: u8 = 1;
    pub(in super::super) const FALSE: u8 = 2;
    pub(in super::super) const TRUE: u8 = 3;
    pub(in super::super) const INT: u8 = 4;
    pub(in super::super) const FLOAT: u8 = 5;
    pub(in super::super) const DECIMAL: u8 = 6;
    pub(in super::super) const TEXT: u8 = 7;
    pub(in super::super) const MASKED: u8 = 8;
    pub(in super::super) const BYTES: u8 = 9;
    pub(in super::super) const LIST: u8 = 10;
    pub(in super::super) const OBJECT: u8 = 11;
    /// Times: the precision is added.
    pub(in super::super) const TIME: u8 = 16;
    /// Text of 0 to 63 bytes: the length is added.
    pub(in super::super) const SHORT_TEXT: u8 = 64;
    /// Integers of -32 to 95: 32 more is added.
    pub(in super::super) const SMALL_INT: u8 = 128;
}
pub(super) const SHORTEST_LONG: usize = 64;
pub(super) const LEAST_SMALL: i64 = -32;
pub(super) const MOST_SMALL: i64 = 95;

impl Batch {
    /// Appends the batch as bytes; [`Batch::unpack`] reads them.
    pub fn pack(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        match self.context() {
            Some(context) => block(context.to_string().as_bytes(), out),
            None => varint(0, out),
        }
        varint(self.shapes.len() as u64, out);
        for shape in &self.shapes {
            varint(shape.len() as u64, out);
            shape.keys().iter().for_each(|key: &Key| block(key.as_bytes(), out));
        }
        varint(self.rows.len() as u64, out);
        for row in &self.rows {
            self.pack_cell(*row, out);
        }
    }

    fn pack_cell(&self, cell: Cell, out: &mut Vec<u8>) {
        match cell.0 {
            Raw::Absent => out.push(tag::ABSENT),
            Raw::Null => out.push(tag::NULL),
            Raw::Bool(value) => out.push(if value { tag::TRUE } else { tag::FALSE }),
            Raw::Int(int) => pack_int(int, out),
            Raw::Float(float) => {
                out.push(tag::FLOAT);
                out.extend_from_slice(&float.to_le_bytes());
            }
            Raw::Text(span) => pack_text(self.text(span), out),
            Raw::Decimal(span) => {
                out.push(tag::DECIMAL);
                block(self.text(span).as_bytes(), out);
            }
            Raw::Masked(span) => {
                out.push(tag::MASKED);
                block(self.text(span).as_bytes(), out);
            }
            Raw::Bytes(span) => {
                out.push(tag::BYTES);
                block(self.raw_bytes(span), out);
            }
            Raw::Time { precision, offset, micros } => {
                out.push(tag::TIME + precision as u8);
                out.extend_from_slice(&offset.to_le_bytes());
                varint(zigzag(micros), out);
            }
            Raw::List { start, len } => {
                let items = self.run(start, len as usize);
                out.push(tag::LIST);
                varint(items.len() as u64, out);
                items.iter().for_each(|item| self.pack_cell(*item, out));
            }
            Raw::Object { shape, start } => {
                let width = self.shapes.get(shape as usize).map_or(0, |shape: &Arc<_>| shape.len());
                let values = self.run(start, width);
                out.push(tag::OBJECT);
                varint(u64::from(shape), out);
                values.iter().for_each(|value| self.pack_cell(*value, out));
            }
        }
    }
}

fn pack_int(int: i64, out: &mut Vec<u8>) {
    match u8::try_from(int.saturating_sub(LEAST_SMALL)) {
        Ok(small) if int <= MOST_SMALL => out.push(tag::SMALL_INT + small),
        _ => {
            out.push(tag::INT);
            varint(zigzag(int), out);
        }
    }
}

fn pack_text(text: &str, out: &mut Vec<u8>) {
    match u8::try_from(text.len()) {
        Ok(len) if text.len() < SHORTEST_LONG => {
            out.push(tag::SHORT_TEXT + len);
            out.extend_from_slice(text.as_bytes());
        }
        _ => {
            out.push(tag::TEXT);
            block(text.as_bytes(), out);
        }
    }
}

fn block(bytes: &[u8], out: &mut Vec<u8>) {
    varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// Seven bits a byte, lowest first; the high bit says that more follow.
#[expect(clippy::cast_possible_truncation, reason = "the low bits are what is written")]
fn varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Numbers near zero become small ones: 0, -1, 1, -2, …
const fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}
