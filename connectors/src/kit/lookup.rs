//! Finds records by the values of some fields.

use super::spill::Sorter;
use super::{fields::Field, order::KeyStyle};
use bus_core::{
    error::StepError,
    record::{Batch, Value},
};
use rustc_hash::FxHashMap;

/// Reads the keys of records that are to be matched.
#[derive(Debug)]
pub struct Keys {
    fields: Vec<Field>,
    style: KeyStyle,
    key: Vec<u8>,
}

impl Keys {
    /// Keys of these fields.
    #[must_use]
    pub const fn new(fields: Vec<Field>, style: KeyStyle) -> Self {
        Self { fields, style, key: Vec::new() }
    }

    /// The key that was read last; empty if the record can match nothing.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// Whether the record can match: all values are there.
    pub fn read(&mut self, record: Value<'_>) -> bool {
        self.key.clear();
        for field in &mut self.fields {
            match field.get(record) {
                None | Some(Value::Null | Value::Masked(_)) => {
                    self.key.clear();
                    return false;
                }
                value => self.style.write(value, &mut self.key),
            }
        }
        true
    }
}

/// Records in memory, found by their keys: rows by key, those of one key chained in their order.
#[derive(Debug, Default)]
pub struct Lookup {
    batches: Vec<Batch>,
    rows: Vec<Row>,
    /// First and last row of each key.
    chains: FxHashMap<Box<[u8]>, (u32, u32)>,
    bytes: usize,
}

#[derive(Debug)]
struct Row {
    batch: u32,
    row: u32,
    next: Option<u32>,
}

impl Lookup {
    /// Bytes held.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many records there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The batches that were added.
    #[must_use]
    pub fn batches(&self) -> &[Batch] {
        &self.batches
    }

    /// Adds the records of a batch.
    pub fn add(&mut self, batch: Batch, keys: &mut Keys) {
        let number = u32::try_from(self.batches.len()).unwrap_or(u32::MAX);
        for (row, record) in (0..).zip(batch.records()) {
            let place = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
            self.rows.push(Row { batch: number, row, next: None });
            if !keys.read(record) {
                continue;
            }
            if let Some((_, last)) = self.chains.get_mut(keys.key.as_slice()) {
                let before = std::mem::replace(last, place);
                if let Some(before) = self.rows.get_mut(before as usize) {
                    before.next = Some(place);
                }
            } else {
                self.bytes += keys.key.len() + 40;
                self.chains.insert(keys.key.as_slice().into(), (place, place));
            }
        }
        self.bytes += batch.size() + batch.len() * size_of::<Row>();
        self.batches.push(batch);
    }

    /// The first record with this key.
    #[must_use]
    pub fn first(&self, key: &[u8]) -> Option<u32> {
        self.chains.get(key).map(|(first, _)| *first)
    }

    /// A record by its place, from 0 in the order they were added.
    #[must_use]
    pub fn record(&self, row: usize) -> Option<Value<'_>> {
        let row = self.rows.get(row)?;
        Some(self.batches.get(row.batch as usize)?.record(row.row as usize))
    }

    /// The places of a first record and of those with the same key, in the order they were added.
    pub fn chain(&self, first: Option<u32>) -> impl Iterator<Item = usize> + '_ {
        let next = |row: &u32| self.rows.get(*row as usize).and_then(|row| row.next);
        std::iter::successors(first, next).map(|row| row as usize)
    }
}

/// Keys of records that match nothing: no key of values is empty.
pub const NO_KEY: &[u8] = &[];

/// Adds the records of a batch with their numbers, by key.
///
/// # Errors
/// When the step's disk space or the disk is full.
pub fn put_aside(
    sorter: &mut Sorter,
    batch: &Batch,
    keys: &mut Keys,
    number: &mut i64,
) -> Result<(), StepError> {
    for record in batch.records() {
        let key = if keys.read(record) { keys.key() } else { NO_KEY };
        *number += 1;
        let number = *number;
        sorter.push_with(key, |out| {
            out.begin_list();
            out.int(number);
            out.copy(record);
            out.end();
        })?;
    }
    Ok(())
}

/// What [`put_aside`] added: number and record.
#[must_use]
pub fn numbered(value: Value<'_>) -> Option<(i64, Value<'_>)> {
    let list = value.as_list()?;
    let Value::Int(number) = list.get(0)? else { return None };
    Some((number, list.get(1)?))
}

/// A key that sorts by side, then by number.
#[must_use]
pub fn order_key(side: u8, number: i64) -> [u8; 9] {
    let mut key = [side; 9];
    key.iter_mut().skip(1).zip(number.to_be_bytes()).for_each(|(to, from)| *to = from);
    key
}
