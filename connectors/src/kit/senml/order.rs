use super::{
    Reading, context,
    resolve::{Resolver, Wrong},
    settings::Order,
};
use crate::contract::{Decoded, FormatError};
use bus_core::record::{Batch, BatchBuilder, Timestamp, Value};

/// Takes the records of a pack one by one and hands them over resolved, by time if that is asked for.
///
/// To be sorted a pack is held, up to a limit; a longer one, or a stream, goes on in the order it is
/// written.
pub(super) struct Pack {
    resolver: Resolver,
    builder: BatchBuilder,
    held: Vec<Batch>,
    times: Vec<i64>,
    holding: bool,
}

/// Packs up to this many records are put in order.
const MOST_HELD: usize = 100_000;

impl Pack {
    pub(super) fn new(reading: Reading) -> Self {
        Self {
            resolver: Resolver::new(reading),
            builder: BatchBuilder::new(),
            held: Vec::new(),
            times: Vec::new(),
            holding: reading.order == Order::Chronological && !reading.stream,
        }
    }

    /// Says when the pack was received, where the settings do not.
    pub(super) fn received(&mut self, now: Timestamp) {
        self.resolver.received(now);
    }

    /// Takes the next record, which began at this place (from 1; 0 where there is none).
    pub(super) fn take(
        &mut self,
        record: Value<'_>,
        (line, column): (u64, u64),
        out: &mut Decoded,
    ) -> Result<(), FormatError> {
        match self.resolver.resolve(record, &mut self.builder) {
            Ok(None) => return Ok(()),
            Ok(Some(time)) => {
                if self.holding {
                    self.times.push(time);
                }
            }
            Err(Wrong::Record(reject)) => {
                self.builder.abandon();
                let raw = record.to_json().to_string();
                out.reject(Some(raw), reject.at(line, column));
                return Ok(());
            }
            Err(Wrong::Pack(error)) => return Err(FormatError::at(line, column, error.message)),
        }
        if self.builder.is_full() {
            self.cut(out);
        }
        Ok(())
    }

    fn cut(&mut self, out: &mut Decoded) {
        self.builder.set_context(Some(context()));
        let batch = self.builder.take();
        if !self.holding {
            out.batch(batch);
            return;
        }
        self.held.push(batch);
        if self.times.len() > MOST_HELD {
            self.release(out);
            self.holding = false;
        }
    }

    pub(super) fn finish(&mut self, out: &mut Decoded) {
        if !self.builder.is_empty() {
            self.cut(out);
        }
        self.release(out);
    }

    /// Hands over what is held, by time.
    fn release(&mut self, out: &mut Decoded) {
        let held = std::mem::take(&mut self.held);
        let times = std::mem::take(&mut self.times);
        if times.is_sorted() {
            held.into_iter().for_each(|batch| out.batch(batch));
            return;
        }
        let places = held.iter().flat_map(|batch| batch.rows().iter().map(move |row| (batch, *row)));
        let mut rows: Vec<_> = times.into_iter().zip(places).collect();
        rows.sort_by_key(|(time, _)| *time);
        for (_, (batch, row)) in rows {
            self.builder.put(batch, row);
            if self.builder.is_full() {
                self.builder.set_context(Some(context()));
                out.batch(self.builder.take());
            }
        }
        self.builder.set_context(Some(context()));
        out.batch(self.builder.take());
    }
}
