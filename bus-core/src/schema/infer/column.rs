//! What is counted of one field.

use super::{Counted, candidates::Candidates};
use crate::{
    path::FieldPath,
    record::{Number, Timestamp, Value},
};
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use std::hash::{Hash, Hasher};

/// Counts of a few different texts; gives up when there are too many.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: FxHashMap<Box<str>, u64>,
    pub(super) overflown: bool,
}

const MOST_DIFFERENT: usize = 64;
const LONGEST_COUNTED: usize = 80;

impl Tally {
    pub(super) fn add(&mut self, text: &str) {
        if self.overflown {
            return;
        }
        if let Some(count) = self.counts.get_mut(text) {
            *count += 1;
        } else if self.counts.len() < MOST_DIFFERENT && text.len() <= LONGEST_COUNTED {
            self.counts.insert(text.into(), 1);
        } else {
            self.overflown = true;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.counts.len()
    }

    pub(super) fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// The most frequent first, then by the alphabet.
    pub(super) fn sorted(&self) -> Vec<Counted> {
        let mut all: Vec<Counted> = self
            .counts
            .iter()
            .map(|(value, count)| Counted { value: value.to_string(), count: *count })
            .collect();
        all.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        all
    }
}

/// How many values are remembered, as hashes, to know whether one came twice.
const MOST_REMEMBERED: usize = 20_000;
const MOST_EXAMPLES: usize = 5;
const LONGEST_EXAMPLE: usize = 80;

/// Everything counted of one field.
#[derive(Debug, Default)]
pub(super) struct Column {
    pub(super) path: String,
    pub(super) name: String,
    parent: usize,
    item: bool,
    seen: u64,
    pub(super) nulls: u64,
    pub(super) empty: u64,
    pub(super) masked: u64,
    pub(super) marks: Tally,
    pub(super) booleans: u64,
    pub(super) integers: u64,
    pub(super) decimals: u64,
    pub(super) texts: u64,
    pub(super) times: u64,
    pub(super) dates: u64,
    pub(super) bytes: u64,
    pub(super) lists: u64,
    objects: u64,
    pub(super) lengths: Option<(usize, usize)>,
    /// The smallest and largest number, with their texts.
    pub(super) numbers: Option<((f64, String), (f64, String))>,
    pub(super) time_range: Option<(Timestamp, Timestamp)>,
    pub(super) different: Tally,
    hashes: FxHashSet<u64>,
    pub(super) repeated: bool,
    pub(super) examples: Vec<String>,
    pub(super) candidates: Candidates,
}

impl Column {
    pub(super) fn root() -> Self {
        Self::default()
    }

    pub(super) fn new(parent: &Self, place: usize, key: &str) -> Self {
        let item = key == "[]";
        let path = match (item, parent.path.is_empty()) {
            (true, _) => format!("{}[]", parent.path),
            (false, true) => FieldPath::of_key(key).to_string(),
            (false, false) => {
                let own = FieldPath::of_key(key).to_string();
                let dot = if own.starts_with('[') { "" } else { "." };
                format!("{}{dot}{own}", parent.path)
            }
        };
        let name = if item { parent.name.clone() } else { key.to_owned() };
        Self { path, name, parent: place, item, ..Self::default() }
    }

    pub(super) const fn parent(&self) -> usize {
        self.parent
    }

    pub(super) const fn is_item(&self) -> bool {
        self.item
    }

    pub(super) const fn seen(&self) -> u64 {
        self.seen
    }

    pub(super) const fn objects(&self) -> u64 {
        self.objects
    }

    /// Values that are neither null, empty nor masked.
    pub(super) const fn values(&self) -> u64 {
        self.seen - self.nulls - self.empty - self.masked
    }

    pub(super) fn add(&mut self, value: Value<'_>) {
        self.seen += 1;
        match value {
            Value::Null => self.nulls += 1,
            Value::Masked(mark) => {
                self.masked += 1;
                self.marks.add(mark);
            }
            Value::Bool(_) => {
                self.booleans += 1;
                self.remember(value);
            }
            Value::Int(_) | Value::Float(_) | Value::Decimal(_) => self.number(value),
            Value::Text(text) if text.trim().is_empty() => self.empty += 1,
            Value::Text(text) => {
                self.texts += 1;
                let length = text.chars().count();
                let (least, most) = self.lengths.unwrap_or((length, length));
                self.lengths = Some((least.min(length), most.max(length)));
                self.candidates.add(text.trim(), true);
                self.remember(value);
            }
            Value::Time(time) => {
                self.times += 1;
                self.dates += u64::from(time.is_date());
                self.time(time);
                self.remember(value);
            }
            Value::Bytes(_) => self.bytes += 1,
            Value::List(_) => self.lists += 1,
            Value::Object(_) => self.objects += 1,
        }
    }

    fn number(&mut self, value: Value<'_>) {
        let is_whole = matches!(value, Value::Int(_));
        self.integers += u64::from(is_whole);
        self.decimals += u64::from(!is_whole);
        let mut text = String::new();
        value.write_plain(&mut text);
        self.range(&text);
        self.candidates.add(&text, false);
        self.remember(value);
    }

    /// Takes a number (JSON grammar) into the range.
    pub(super) fn range(&mut self, text: &str) {
        let number = Number::Decimal(text).to_f64();
        if !number.is_finite() {
            return;
        }
        match &mut self.numbers {
            None => self.numbers = Some(((number, text.to_owned()), (number, text.to_owned()))),
            Some((least, most)) => {
                if number < least.0 {
                    *least = (number, text.to_owned());
                }
                if number > most.0 {
                    *most = (number, text.to_owned());
                }
            }
        }
    }

    fn time(&mut self, time: Timestamp) {
        let (first, last) = self.time_range.unwrap_or((time, time));
        self.time_range = Some((first.min(time), last.max(time)));
    }

    fn remember(&mut self, value: Value<'_>) {
        let mut text = String::new();
        if !value.write_plain(&mut text) {
            return;
        }
        self.different.add(&text);
        if !self.repeated && self.hashes.len() < MOST_REMEMBERED {
            let mut hasher = FxHasher::default();
            text.hash(&mut hasher);
            self.repeated = !self.hashes.insert(hasher.finish());
            if self.repeated {
                self.hashes = FxHashSet::default();
            }
        }
        if self.examples.len() < MOST_EXAMPLES && !self.examples.contains(&text) {
            self.examples.push(shortened(&text));
        }
    }
}

/// A value short enough to be shown.
pub(super) fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST_EXAMPLE {
        return text.to_owned();
    }
    text.chars().take(LONGEST_EXAMPLE - 1).chain(['…']).collect()
}
