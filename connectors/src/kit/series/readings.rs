use super::slots::{Cell, Filled, Meaning, Slots};
use crate::kit::{owned::Owned, sum::Sum};
use bus_core::{
    record::{Number, Timestamp},
    time::{Slot, Zone},
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::mem;

/// Which end of its interval a time names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Label {
    /// # Its start
    ///
    /// 10:00 stands for what follows 10:00.
    #[default]
    Start,
    /// # Its end
    ///
    /// 10:00 stands for what led up to 10:00.
    End,
}

/// How readings become slots.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The slots.
    pub slot: Slot,
    /// The zone whose clocks they follow.
    pub zone: Zone,
    /// What the quantities mean, each with the value at which its counter starts again.
    pub quantities: Vec<(Meaning, Option<f64>)>,
    /// Which end of their interval the times of readings name.
    pub label: Label,
    /// The length of their intervals; found from reading to reading if nothing is said.
    pub interval: Option<Slot>,
    /// The longest time between readings that is not a gap.
    pub longest: Option<Slot>,
}

/// The values of one moment; `None` where there is none.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Microseconds since 1970, UTC.
    pub at: i64,
    /// Quantity by quantity.
    pub values: Vec<Option<Owned>>,
}

/// A reading is not later than the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooEarly;

/// The readings of one meter, in the order of time.
#[derive(Debug)]
pub struct Series {
    slots: Slots,
    previous: Option<Reading>,
    /// A reading whose interval is known only with the next one.
    waiting: bool,
    /// Time between the last two readings that were no gap apart.
    spacing: Option<i64>,
    /// Up to where readings have been counted.
    until: i64,
}

impl Series {
    /// No readings yet.
    #[must_use]
    pub fn new(rules: &Rules) -> Self {
        let slots = Slots::new(rules.slot, rules.zone.clone(), rules.quantities.len());
        Self { slots, previous: None, waiting: false, spacing: None, until: i64::MIN }
    }

    /// The time of the last reading.
    #[must_use]
    pub fn last(&self) -> Option<i64> {
        self.previous.as_ref().map(|reading| reading.at)
    }

    /// Adds the next reading; slots that are finished go to `done`.
    ///
    /// # Errors
    /// When it is not later than the last one; then it counts for nothing.
    pub fn add(&mut self, rules: &Rules, reading: Reading, done: &mut Vec<Filled>) -> Result<(), TooEarly> {
        let Some(previous) = self.previous.take() else {
            self.waiting = rules.label == Label::End && rules.interval.is_none();
            if !self.waiting {
                self.first(rules, &reading, None, done);
            }
            self.previous = Some(reading);
            return Ok(());
        };
        let distance = reading.at - previous.at;
        if distance <= 0 {
            self.previous = Some(previous);
            return Err(TooEarly);
        }
        let gap = self.is_gap(rules, &previous, distance);
        let known = if gap { self.spacing } else { Some(distance) };
        if mem::take(&mut self.waiting) {
            self.first(rules, &previous, known, done);
        }
        self.count(rules, (&previous, &reading), gap, done);
        match rules.label {
            Label::Start => self.hold(rules, &previous, known, done),
            Label::End => self.hold(rules, &reading, known, done),
        }
        if rules.quantities.iter().any(|(meaning, _)| *meaning == Meaning::Moment) {
            self.moments(rules, &reading, done);
        }
        self.spacing = Some(distance);
        self.slots.close(reading.at, done);
        self.previous = Some(reading);
        Ok(())
    }

    /// Says that there are no more readings; all slots go to `done`.
    pub fn finish(&mut self, rules: &Rules, done: &mut Vec<Filled>) {
        match self.previous.take() {
            Some(last) if self.waiting => self.first(rules, &last, None, done),
            Some(last) if rules.label == Label::Start => self.hold(rules, &last, self.spacing, done),
            _ => {}
        }
        self.slots.finish(done);
    }

    /// Counts the first reading as far as it can be: its slot comes out in any case.
    fn first(&mut self, rules: &Rules, reading: &Reading, known: Option<i64>, done: &mut Vec<Filled>) {
        if rules.label == Label::End {
            self.hold(rules, reading, known, done);
        }
        self.moments(rules, reading, done);
    }

    fn is_gap(&self, rules: &Rules, previous: &Reading, distance: i64) -> bool {
        match rules.longest {
            Some(longest) => {
                step(longest, previous.at, 1, &rules.zone).is_some_and(|most| previous.at + distance > most)
            }
            // half as much again: months and days when the clock is changed are no gaps
            None => self.spacing.is_some_and(|spacing| distance > spacing.saturating_add(spacing / 2)),
        }
    }

    /// Counts the levels and amounts of a reading over its interval.
    fn hold(&mut self, rules: &Rules, reading: &Reading, known: Option<i64>, done: &mut Vec<Filled>) {
        if rules.quantities.iter().all(|(meaning, _)| *meaning == Meaning::Index) {
            return;
        }
        let length = |steps| {
            let end = step(rules.interval?, reading.at, steps, &rules.zone)?;
            Some((end - reading.at).abs())
        };
        let (from, to) = match rules.label {
            Label::Start => (reading.at, reading.at + length(1).or(known).unwrap_or(0)),
            Label::End => (reading.at - length(-1).or(known).unwrap_or(0), reading.at),
        };
        let (from, to) = (from.max(self.until), to);
        if to <= from {
            return;
        }
        self.until = to;
        self.slots.cover((from, to), done, |cells, part| {
            for ((cell, value), (meaning, _)) in cells.iter_mut().zip(&reading.values).zip(&rules.quantities)
            {
                match (value, meaning) {
                    (_, Meaning::Index) => {}
                    (Some(Owned::Masked(mark)), _) => cell.masked = Some(mark.clone()),
                    (Some(value), Meaning::Power) => {
                        if let Some(number) = number(value) {
                            cell.level(number.to_f64(), part);
                        }
                    }
                    (Some(value), Meaning::Energy) => {
                        if let Some(number) = number(value) {
                            let mut amount = Sum::default();
                            amount.add(number);
                            cell.share(&amount, part);
                        }
                    }
                    (Some(_), Meaning::Moment) => cell.covered += part.length,
                    (None, _) => {}
                }
            }
        });
    }

    /// Counts the values of a moment in its slot.
    fn moments(&mut self, rules: &Rules, reading: &Reading, done: &mut Vec<Filled>) {
        let at = if rules.label == Label::End { reading.at - 1 } else { reading.at };
        let Some(cells) = self.slots.at(at, done) else { return };
        for ((cell, value), (meaning, _)) in cells.iter_mut().zip(&reading.values).zip(&rules.quantities) {
            if let (Meaning::Moment, Some(value)) = (meaning, value) {
                match value {
                    Owned::Masked(mark) => cell.masked = Some(mark.clone()),
                    other => {
                        if let Some(number) = number(other) {
                            cell.moments.add(number);
                        }
                    }
                }
            }
        }
    }

    /// Counts what the counters went on by between two readings.
    fn count(
        &mut self,
        rules: &Rules,
        (before, now): (&Reading, &Reading),
        gap: bool,
        done: &mut Vec<Filled>,
    ) {
        // across a gap it is not known into which slot how much falls; inside one slot it is
        let lost = gap && !self.slots.same(before.at, now.at);
        for (place, (_, end)) in
            rules.quantities.iter().enumerate().filter(|(_, (meaning, _))| *meaning == Meaning::Index)
        {
            let values = (before.values.get(place), now.values.get(place));
            let (Some(Some(from)), Some(Some(to))) = values else { continue };
            let span = (before.at, now.at);
            if let (Owned::Masked(mark), _) | (_, Owned::Masked(mark)) = (from, to) {
                self.each(span, place, done, |cell| cell.masked = Some(mark.clone()));
                continue;
            }
            let (Some(from), Some(to)) = (number(from), number(to)) else { continue };
            match difference(from, to, *end) {
                None => self.each(span, place, done, |cell| cell.reset = true),
                Some(_) if lost => {}
                Some((amount, rollover)) => {
                    self.slots.cover(span, done, |cells, part| {
                        if let Some(cell) = cells.get_mut(place) {
                            cell.share(&amount, part);
                            cell.rollover |= rollover;
                        }
                    });
                }
            }
        }
    }

    fn each(
        &mut self,
        span: (i64, i64),
        place: usize,
        done: &mut Vec<Filled>,
        mut change: impl FnMut(&mut Cell),
    ) {
        self.slots.cover(span, done, |cells, _| {
            if let Some(cell) = cells.get_mut(place) {
                change(cell);
            }
        });
    }
}

/// By how much a counter went on, and whether it passed its `end`; `None` if it started again.
fn difference(from: Number<'_>, to: Number<'_>, end: Option<f64>) -> Option<(Sum, bool)> {
    let mut amount = Sum::default();
    amount.add(to);
    subtract(&mut amount, from);
    if from.compare(to).is_le() {
        return Some((amount, false));
    }
    // near the end before and near 0 after it: passed its end; anything else is a new meter
    let end = end?;
    if from.to_f64() <= end && from.to_f64() >= 0.9 * end && to.to_f64() <= 0.1 * end {
        amount.add(whole(end));
        return Some((amount, true));
    }
    None
}

#[expect(clippy::cast_possible_truncation, reason = "checked by the comparison")]
fn whole(number: f64) -> Number<'static> {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        Number::Int(number as i64)
    } else {
        Number::Float(number)
    }
}

fn subtract(sum: &mut Sum, number: Number<'_>) {
    match number {
        Number::Int(int) => match int.checked_neg() {
            Some(negative) => sum.add(Number::Int(negative)),
            None => sum.add(Number::Float(-number.to_f64())),
        },
        Number::Float(float) => sum.add(Number::Float(-float)),
        Number::Decimal(text) => match text.strip_prefix('-') {
            Some(positive) => sum.add(Number::Decimal(positive)),
            None => sum.add(Number::Decimal(&format!("-{text}"))),
        },
    }
}

fn number(value: &Owned) -> Option<Number<'_>> {
    match value {
        Owned::Int(int) => Some(Number::Int(*int)),
        Owned::Float(float) => Some(Number::Float(*float)),
        Owned::Decimal(text) => Some(Number::Decimal(text)),
        _ => None,
    }
}

/// The instant `steps` stretches of the calendar after `at`.
fn step(slot: Slot, at: i64, steps: i64, zone: &Zone) -> Option<i64> {
    let start = zone.show(Timestamp::at(at, 0, bus_core::record::Precision::Microsecond));
    Some(slot.step(start, steps, Some(zone))?.micros())
}
