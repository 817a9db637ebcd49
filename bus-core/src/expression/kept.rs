use super::{error::Fail, regexes, value::Fuel};
use crate::{
    Message,
    time::{DatePattern, Slot, Zone},
};
use regex::Regex;
use std::sync::Arc;

/// What was made of texts (patterns, zone names) that came last, so that it is made once, not for each record.
#[derive(Debug, Default)]
pub(super) struct Kept {
    regexes: Few<Regex>,
    zones: Few<Zone>,
    dates: Few<DatePattern>,
    slots: Few<Slot>,
}

#[derive(Debug)]
struct Few<T>(Vec<(String, Arc<T>)>);

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

const MOST: usize = 16;
/// What making one costs, in steps.
const STEPS: u64 = 200;

impl<T> Few<T> {
    fn get(
        &mut self,
        text: &str,
        fuel: &mut Fuel,
        make: impl FnOnce(&str) -> Result<T, Message>,
    ) -> Result<Arc<T>, Fail> {
        if let Some((_, made)) = self.0.iter().find(|(known, _)| known == text) {
            return Ok(Arc::clone(made));
        }
        fuel.spend(STEPS + text.len() as u64)?;
        let made = Arc::new(make(text)?);
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push((text.to_owned(), Arc::clone(&made)));
        Ok(made)
    }
}

impl Kept {
    pub(super) fn regex(&mut self, pattern: &str, fuel: &mut Fuel) -> Result<Arc<Regex>, Fail> {
        fuel.spend(1)?;
        self.regexes.get(pattern, fuel, regexes::compile)
    }

    pub(super) fn zone(&mut self, name: &str, fuel: &mut Fuel) -> Result<Arc<Zone>, Fail> {
        self.zones.get(name, fuel, |name| {
            name.parse().map_err(|error: crate::time::ZoneError| error.message().clone())
        })
    }

    pub(super) fn date(&mut self, pattern: &str, fuel: &mut Fuel) -> Result<Arc<DatePattern>, Fail> {
        self.dates.get(pattern, fuel, |pattern| {
            pattern.parse().map_err(|error: crate::time::PatternError| error.message().clone())
        })
    }

    pub(super) fn slot(&mut self, text: &str, fuel: &mut Fuel) -> Result<Arc<Slot>, Fail> {
        self.slots.get(text, fuel, |text| {
            text.parse().map_err(|error: crate::time::SlotError| error.message().clone())
        })
    }
}
