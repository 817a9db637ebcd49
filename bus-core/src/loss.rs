//! What a conversion could not keep.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What happened to a value that the target cannot hold as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Loss {
    /// It is not in the output.
    Dropped,
    /// It stands under another name.
    Renamed,
    /// It stands there in another form (a number rounded, a time as text, a list joined).
    Approximated,
}

/// The loss report of a conversion: per field what was lost, why and how often.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LossReport {
    entries: BTreeMap<String, Vec<LossEntry>>,
}

/// One kind of loss in one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LossEntry {
    /// What happened.
    pub loss: Loss,
    /// Why, as an English text of the translation table (`null is written as an empty cell`).
    pub reason: std::borrow::Cow<'static, str>,
    /// How many values.
    pub count: u64,
}

/// Fields beyond this many are counted together, so that a report stays readable and bounded.
const MOST_FIELDS: usize = 200;

impl LossReport {
    /// Notes one loss in the field at `path`.
    pub fn note(&mut self, path: &str, loss: Loss, reason: &'static str) {
        self.add(path, loss, reason, 1);
    }

    /// Notes `count` losses of one kind.
    pub fn add(&mut self, path: &str, loss: Loss, reason: &'static str, count: u64) {
        let path =
            if self.entries.len() < MOST_FIELDS || self.entries.contains_key(path) { path } else { "…" };
        if !self.entries.contains_key(path) {
            self.entries.insert(path.to_owned(), Vec::new());
        }
        let Some(entries) = self.entries.get_mut(path) else { return };
        match entries.iter_mut().find(|entry| entry.loss == loss && entry.reason == reason) {
            Some(entry) => entry.count += count,
            None => entries.push(LossEntry { loss, reason: reason.into(), count }),
        }
    }

    /// Whether everything was kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The losses by field path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[LossEntry])> {
        self.entries.iter().map(|(path, entries)| (path.as_str(), entries.as_slice()))
    }

    /// The same with its reasons in a language.
    #[must_use]
    pub fn translated(mut self, language: crate::Language) -> Self {
        if language == crate::Language::Fr {
            for entry in self.entries.values_mut().flatten() {
                if let Some(french) = crate::message::french(&entry.reason) {
                    entry.reason = french.into();
                }
            }
        }
        self
    }

    /// Adds what another report holds.
    pub fn merge(&mut self, other: Self) {
        for (path, entries) in other.entries {
            for LossEntry { loss, reason, count } in entries {
                let known = self.entries.entry(path.clone()).or_default();
                match known.iter_mut().find(|entry| entry.loss == loss && entry.reason == reason) {
                    Some(entry) => entry.count += count,
                    None => known.push(LossEntry { loss, reason, count }),
                }
            }
        }
    }
}
