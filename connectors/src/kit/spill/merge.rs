use super::{Run, RunReader};
use bus_core::{
    error::StepError,
    record::{Batch, Value},
};
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, binary_heap::PeekMut},
};

/// Several sorted runs read as one. Of equal keys the earlier run comes first.
#[derive(Debug)]
pub(super) struct Merge {
    cursors: Vec<Cursor>,
    /// The key each run stands at, smallest on top, with the number of the run.
    heads: BinaryHeap<Reverse<(Vec<u8>, usize)>>,
    started: bool,
}

#[derive(Debug)]
struct Cursor {
    reader: RunReader,
    batch: Batch,
    row: usize,
}

impl Cursor {
    /// Goes on to the next row; `false` at the end.
    fn advance(&mut self) -> Result<bool, StepError> {
        self.row += 1;
        while self.row >= self.batch.len() {
            let Some(batch) = self.reader.next_batch()? else { return Ok(false) };
            (self.batch, self.row) = (batch, 0);
        }
        Ok(true)
    }

    fn key(&self) -> &[u8] {
        match self.item(0) {
            Value::Bytes(key) => key,
            _ => &[],
        }
    }

    fn item(&self, index: usize) -> Value<'_> {
        let row = self.batch.record(self.row).as_list();
        row.and_then(|row| row.get(index)).unwrap_or(Value::Null)
    }
}

impl Merge {
    pub(super) fn new(runs: &[Run]) -> Result<Self, StepError> {
        let (mut cursors, mut heads) = (Vec::new(), BinaryHeap::new());
        for (number, run) in runs.iter().enumerate() {
            let mut cursor = Cursor { reader: run.read()?, batch: Batch::default(), row: 0 };
            if cursor.advance()? {
                heads.push(Reverse((cursor.key().to_vec(), number)));
            }
            cursors.push(cursor);
        }
        Ok(Self { cursors, heads, started: false })
    }

    pub(super) fn advance(&mut self) -> Result<bool, StepError> {
        if !self.started {
            self.started = true;
            return Ok(!self.heads.is_empty());
        }
        let Some(mut top) = self.heads.peek_mut() else { return Ok(false) };
        let Reverse((key, number)) = &mut *top;
        let Some(cursor) = self.cursors.get_mut(*number) else { return Ok(false) };
        if cursor.advance()? {
            key.clear();
            key.extend_from_slice(cursor.key());
            drop(top);
        } else {
            PeekMut::pop(top);
        }
        Ok(!self.heads.is_empty())
    }

    pub(super) fn key(&self) -> &[u8] {
        self.heads.peek().map_or(&[], |Reverse((key, _))| key)
    }

    pub(super) fn record(&self) -> Value<'_> {
        let current = self.heads.peek().and_then(|Reverse((_, number))| self.cursors.get(*number));
        current.map_or(Value::Null, |cursor| cursor.item(1))
    }
}
