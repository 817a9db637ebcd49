use crate::kit::sum::Sum;
use bus_core::{
    record::{Number, Timestamp},
    time::{Slot, Zone},
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::VecDeque;

/// What a value says about the time around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// # Power
    ///
    /// A level that holds over an interval, such as W, A or °C: the mean weighted by time.
    Power,
    /// # Energy of an interval
    ///
    /// An amount in an interval, such as Wh, m³ or mm of rain: the sum; an amount across a border is shared out by time.
    Energy,
    /// # Meter index
    ///
    /// What a counter shows, such as the kWh of a meter: the difference from reading to reading. A counter that starts again is noticed.
    Index,
    /// # Single readings
    ///
    /// Values of a moment: their mean, however far apart they are.
    Moment,
}

/// What one slot holds of one quantity.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    /// Amounts, exact where they were not cut.
    pub amount: Sum,
    /// Level × microseconds.
    pub weighted: f64,
    /// Microseconds for which the value is known.
    pub covered: i64,
    /// Values of moments.
    pub moments: Sum,
    /// The mark of a value that is withheld.
    pub masked: Option<Box<str>>,
    /// The counter started again without a known reason.
    pub reset: bool,
    /// The counter passed its end and went on from 0.
    pub rollover: bool,
}

/// A slot that no further reading can touch.
#[derive(Debug, Clone)]
pub struct Filled {
    /// Where it starts.
    pub start: Timestamp,
    /// Where the next one starts.
    pub end: Timestamp,
    /// What it holds, quantity by quantity.
    pub cells: Vec<Cell>,
}

/// The part of an interval that lies in one slot.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Microseconds.
    pub length: i64,
    /// Of the whole interval, up to 1.
    pub share: f64,
}

impl Cell {
    /// Adds the part of a level.
    pub(super) fn level(&mut self, level: f64, part: Part) {
        self.weighted += level * float(part.length);
        self.covered += part.length;
    }

    /// Adds the part of an amount; whole amounts stay exact.
    pub(super) fn share(&mut self, amount: &Sum, part: Part) {
        if part.share >= 1.0 {
            self.amount.merge(amount);
        } else {
            self.amount.add(Number::Float(amount.to_f64() * part.share));
        }
        self.covered += part.length;
    }
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of any interval fit in 53 bits")]
pub(super) const fn float(micros: i64) -> f64 {
    micros as f64
}

/// The slots that readings to come may still touch, without a hole between them.
#[derive(Debug)]
pub(super) struct Slots {
    slot: Slot,
    zone: Zone,
    quantities: usize,
    open: VecDeque<Filled>,
    /// Where the slot starts that follows the last one that was closed.
    next: Option<Timestamp>,
}

/// Slots without any reading beyond which the series starts anew instead of being filled with empty slots;
/// also the most slots that one interval may cover.
const MOST: i64 = 100_000;

impl Slots {
    pub(super) const fn new(slot: Slot, zone: Zone, quantities: usize) -> Self {
        Self { slot, zone, quantities, open: VecDeque::new(), next: None }
    }

    fn starting(&self, start: Timestamp) -> Option<Filled> {
        let end = self.slot.next(start, Some(&self.zone))?;
        (end.micros() > start.micros()).then(|| Filled {
            start,
            end,
            cells: vec![Cell::default(); self.quantities],
        })
    }

    fn containing(&self, at: i64) -> Option<Filled> {
        let at = self.zone.show(Timestamp::at(at, 0, bus_core::record::Precision::Second));
        self.starting(self.slot.start(at, Some(&self.zone))?)
    }

    /// Opens all slots from the last one to that which holds the instant just before `to`.
    /// `false` if they cannot be: too many, or beyond the years there are.
    fn reach(&mut self, from: i64, to: i64, done: &mut Vec<Filled>) -> bool {
        let Some(first) = self.containing(from) else { return false };
        let length = (first.end.micros() - first.start.micros()).max(1);
        if (to - from) / length > MOST {
            return false;
        }
        let next = self.open.back().map(|last| last.end).or(self.next);
        if next.is_some_and(|next| (from - next.micros()) / length > MOST) {
            self.finish(done);
            self.next = None;
        }
        if self.open.is_empty() {
            let start = match self.next {
                Some(next) => self.starting(next),
                None => Some(first),
            };
            let Some(start) = start else { return false };
            self.open.push_back(start);
        }
        while let Some(last) = self.open.back()
            && last.end.micros() < to.max(from + 1)
        {
            let Some(next) = self.starting(last.end) else { return false };
            self.open.push_back(next);
        }
        true
    }

    /// Shows each slot's part of the interval from `from` to before `to` to `visit`.
    pub(super) fn cover(
        &mut self,
        (from, to): (i64, i64),
        done: &mut Vec<Filled>,
        mut visit: impl FnMut(&mut [Cell], Part),
    ) -> bool {
        if to <= from || !self.reach(from, to, done) {
            return false;
        }
        for slot in &mut self.open {
            let length = to.min(slot.end.micros()) - from.max(slot.start.micros());
            if length > 0 {
                visit(&mut slot.cells, Part { length, share: float(length) / float(to - from) });
            }
        }
        true
    }

    /// The cells of the slot that holds the instant `at`.
    pub(super) fn at(&mut self, at: i64, done: &mut Vec<Filled>) -> Option<&mut [Cell]> {
        if !self.reach(at, at + 1, done) {
            return None;
        }
        let slot = self.open.iter_mut().find(|slot| slot.start.micros() <= at && at < slot.end.micros())?;
        Some(&mut slot.cells)
    }

    /// Whether both instants lie in the same slot.
    pub(super) fn same(&self, from: i64, to: i64) -> bool {
        self.containing(from).is_some_and(|slot| to <= slot.end.micros())
    }

    /// Closes the slots that end at `now` or before.
    pub(super) fn close(&mut self, now: i64, done: &mut Vec<Filled>) {
        while self.open.front().is_some_and(|slot| slot.end.micros() <= now) {
            let closed = self.open.pop_front();
            self.next = closed.as_ref().map(|slot| slot.end);
            done.extend(closed);
        }
    }

    /// Closes all slots.
    pub(super) fn finish(&mut self, done: &mut Vec<Filled>) {
        done.extend(self.open.drain(..));
    }
}
