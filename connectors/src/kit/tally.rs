//! What is known of the values of one field in one group: counts, sums, extremes, lists.
//!
//! Tallies can be saved and merged, so that groups that do not fit in memory are counted in parts.

use super::{
    order::write_key,
    owned::Owned,
    spill::{Disk, Sorter},
    sum::Sum,
};
use bus_core::{
    error::StepError,
    record::{BatchBuilder, List, Value},
};
use rustc_hash::FxHashSet;
use schemars::JsonSchema;
use serde::Deserialize;

/// What is computed of the values of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Function {
    /// # Count
    ///
    /// How many records there are; with a field, how many have a value in it.
    Count,
    /// # Count distinct
    ///
    /// How many different values there are.
    CountDistinct,
    /// # Count masked
    ///
    /// In how many records the value is withheld (`S`, `nd`, `< 1`).
    CountMasked,
    /// # Count empty
    ///
    /// In how many records the field is null or missing.
    CountEmpty,
    /// # Sum
    ///
    /// The sum: exact for whole and decimal numbers.
    Sum,
    /// # Mean
    ///
    /// The arithmetic mean.
    Mean,
    /// # Smallest
    ///
    /// The smallest number, the earliest time, the first text.
    Min,
    /// # Largest
    ///
    /// The largest number, the latest time, the last text.
    Max,
    /// # First
    ///
    /// The value that came first.
    First,
    /// # Last
    ///
    /// The value that came last.
    Last,
    /// # List
    ///
    /// All values, in the order they came.
    List,
}

impl Function {
    /// The word for it in the name of an output field.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::CountDistinct => "distinct",
            Self::CountMasked => "masked",
            Self::CountEmpty => "empty",
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Min => "min",
            Self::Max => "max",
            Self::First => "first",
            Self::Last => "last",
            Self::List => "list",
        }
    }

    /// Whether it takes numbers only.
    #[must_use]
    pub const fn needs_numbers(self) -> bool {
        matches!(self, Self::Sum | Self::Mean)
    }
}

/// What has been computed so far.
#[derive(Debug)]
pub(crate) struct Tally {
    state: State,
    /// The mark of the first masked value that was skipped.
    masked: Option<Box<str>>,
}

#[derive(Debug)]
enum State {
    Count(i64),
    Distinct(Distinct),
    Sum(Box<Sum>),
    /// The value and its key.
    Extreme(Option<(Vec<u8>, Owned)>),
    One(Option<Owned>),
    List(Vec<Owned>),
}

/// Different values: in memory, beyond that sorted on disk.
#[derive(Debug, Default)]
struct Distinct {
    keys: FxHashSet<Box<[u8]>>,
    bytes: usize,
    sorter: Option<Box<Sorter>>,
}

/// Values of one list or set that are saved together, so that no saved tally is large.
const PART: usize = 1_024;

impl Tally {
    pub(crate) fn new(function: Function) -> Self {
        let state = match function {
            Function::Count | Function::CountMasked | Function::CountEmpty => State::Count(0),
            Function::CountDistinct => State::Distinct(Distinct::default()),
            Function::Sum | Function::Mean => State::Sum(Box::default()),
            Function::Min | Function::Max => State::Extreme(None),
            Function::First | Function::Last => State::One(None),
            Function::List => State::List(Vec::new()),
        };
        Self { state, masked: None }
    }

    /// Adds a value; says by how many bytes the tally grew.
    pub(crate) fn add(&mut self, function: Function, value: Option<Value<'_>>) -> usize {
        let value = match value {
            Some(Value::Masked(mark)) => {
                if self.masked.is_none() {
                    self.masked = Some(mark.into());
                }
                if function == Function::CountMasked {
                    self.count();
                }
                return 0;
            }
            None | Some(Value::Null) => {
                if function == Function::CountEmpty {
                    self.count();
                }
                return 0;
            }
            Some(value) => value,
        };
        match &mut self.state {
            State::Count(count) => {
                *count += i64::from(function == Function::Count);
                0
            }
            State::Distinct(distinct) => {
                let mut key = Vec::new();
                write_key(Some(value), &mut key);
                distinct.insert(key)
            }
            State::Sum(sum) => {
                if let Some(number) = value.as_number() {
                    sum.add(number);
                }
                0
            }
            State::Extreme(best) => {
                let mut key = Vec::new();
                write_key(Some(value), &mut key);
                replace_if_better(best, function, key, || value.into())
            }
            State::One(one) => {
                if function == Function::First && one.is_some() {
                    return 0;
                }
                let new = Owned::from(value);
                let grown = new.size();
                let old = one.replace(new).map_or(0, |old| old.size());
                grown.saturating_sub(old)
            }
            State::List(items) => {
                let item = Owned::from(value);
                let size = item.size();
                items.push(item);
                size
            }
        }
    }

    /// Counts one record.
    pub(crate) const fn count(&mut self) {
        if let State::Count(count) = &mut self.state {
            *count += 1;
        }
    }

    /// The mark of the first masked value that was skipped.
    pub(crate) fn masked(&self) -> Option<&str> {
        self.masked.as_deref()
    }

    /// Whether no value came that was neither empty nor masked.
    pub(crate) fn is_empty(&self) -> bool {
        match &self.state {
            State::Count(count) => *count == 0,
            State::Distinct(distinct) => distinct.keys.is_empty() && distinct.sorter.is_none(),
            State::Sum(sum) => sum.count() == 0,
            State::Extreme(best) => best.is_none(),
            State::One(one) => one.is_none(),
            State::List(items) => items.is_empty(),
        }
    }

    /// How many saved parts it takes.
    pub(crate) fn parts(&self) -> usize {
        match &self.state {
            State::Distinct(distinct) => distinct.keys.len().div_ceil(PART).max(1),
            State::List(items) => items.len().div_ceil(PART).max(1),
            _ => 1,
        }
    }

    /// Writes a saved part, as one list.
    pub(crate) fn save(&self, part: usize, out: &mut BatchBuilder) {
        out.begin_list();
        match &self.masked {
            Some(mark) if part == 0 => out.text(mark),
            _ => out.null(),
        }
        match &self.state {
            State::Count(count) if part == 0 => out.int(*count),
            State::Sum(sum) if part == 0 => out.bytes(&sum.save()),
            State::Extreme(Some((_, value))) | State::One(Some(value)) if part == 0 => value.write(out),
            State::Distinct(distinct) => {
                distinct.keys.iter().skip(part * PART).take(PART).for_each(|key| out.bytes(key));
            }
            State::List(items) => items.iter().skip(part * PART).take(PART).for_each(|item| item.write(out)),
            State::Count(_) | State::Sum(_) | State::Extreme(_) | State::One(_) => {}
        }
        out.end();
    }

    /// Adds a saved part of a tally of later values; says by how many bytes the tally grew.
    pub(crate) fn merge(
        &mut self,
        function: Function,
        part: List<'_>,
        (disk, memory): (&Disk, usize),
    ) -> Result<usize, StepError> {
        let mut grown = 0;
        if let (None, Some(Value::Text(mark))) = (&self.masked, part.get(0)) {
            self.masked = Some(mark.into());
        }
        for value in part.iter().skip(1) {
            match (&mut self.state, value) {
                (State::Count(count), Value::Int(more)) => *count += more,
                (State::Sum(sum), Value::Bytes(saved)) => {
                    if let Some(more) = Sum::load(saved) {
                        sum.merge(&more);
                    }
                }
                (State::Distinct(distinct), Value::Bytes(key)) => {
                    grown += distinct.insert(key.to_vec());
                    distinct.spill_beyond(disk, memory)?;
                }
                _ => grown += self.add(function, Some(value)),
            }
        }
        Ok(grown)
    }

    /// Bytes of the items of a list that will be one value of one record.
    pub(crate) fn list_bytes(&self) -> usize {
        if let State::List(items) = &self.state { items.iter().map(Owned::size).sum() } else { 0 }
    }

    /// Writes the result.
    pub(crate) fn write(self, function: Function, out: &mut BatchBuilder) -> Result<(), StepError> {
        match self.state {
            State::Count(count) => out.int(count),
            State::Distinct(distinct) => out.int(distinct.count()?),
            State::Sum(sum) if sum.count() == 0 => out.null(),
            State::Sum(sum) if function == Function::Mean => out.float(sum.mean().unwrap_or(f64::NAN)),
            State::Sum(sum) => sum.write(out),
            State::Extreme(Some((_, value))) | State::One(Some(value)) => value.write(out),
            State::Extreme(None) | State::One(None) => out.null(),
            State::List(items) => {
                out.begin_list();
                items.iter().for_each(|item| item.write(out));
                out.end();
            }
        }
        Ok(())
    }
}

fn replace_if_better(
    best: &mut Option<(Vec<u8>, Owned)>,
    function: Function,
    key: Vec<u8>,
    value: impl FnOnce() -> Owned,
) -> usize {
    let better = best
        .as_ref()
        .is_none_or(|(known, _)| if function == Function::Min { key < *known } else { key > *known });
    if !better {
        return 0;
    }
    let new = (key, value());
    let size = |(key, value): &(Vec<u8>, Owned)| key.len() + value.size();
    let grown = size(&new);
    grown.saturating_sub(best.replace(new).as_ref().map_or(0, size))
}

impl Distinct {
    fn insert(&mut self, key: Vec<u8>) -> usize {
        let size = key.len() + 32;
        if self.keys.insert(key.into()) {
            self.bytes += size;
            size
        } else {
            0
        }
    }

    fn spill_beyond(&mut self, disk: &Disk, memory: usize) -> Result<(), StepError> {
        if self.bytes <= memory / 2 {
            return Ok(());
        }
        let sorter = self.sorter.get_or_insert_with(|| Box::new(Sorter::new(disk, memory / 2)));
        self.bytes = 0;
        self.keys.drain().try_for_each(|key| sorter.push(&key, Value::Null))
    }

    fn count(self) -> Result<i64, StepError> {
        let Some(mut sorter) = self.sorter else {
            return Ok(i64::try_from(self.keys.len()).unwrap_or(i64::MAX));
        };
        for key in self.keys {
            sorter.push(&key, Value::Null)?;
        }
        let (mut sorted, mut count, mut previous) = (sorter.finish()?, 0, Vec::new());
        while sorted.advance()? {
            if count == 0 || sorted.key() != previous {
                count += 1;
                previous.clear();
                previous.extend_from_slice(sorted.key());
            }
        }
        Ok(count)
    }
}
