//! What the values of one field look like: counts, extremes, moments, quantiles, frequent values.

use super::{
    order::{hash, write_key},
    owned::Owned,
    sum::Sum,
};
use bus_core::record::{BatchBuilder, Value};
use rustc_hash::FxHashMap;

/// The values of one field, in bounded memory.
///
/// Up to [`EXACT`] different values, and as many numbers, everything is exact; beyond that the number of
/// different values and the frequent ones are estimated, and quantiles come from values drawn at random.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    pub(crate) count: u64,
    pub(crate) nulls: u64,
    pub(crate) masked: u64,
    /// Values by kind.
    kinds: Vec<(&'static str, u64)>,
    values: Frequent,
    distinct: Distinct,
    smallest: Option<(Vec<u8>, Owned)>,
    largest: Option<(Vec<u8>, Owned)>,
    numbers: Numbers,
    lengths: Option<(usize, usize)>,
}

/// Values that are kept exactly.
pub(crate) const EXACT: usize = 1_000;
/// Numbers that quantiles are taken from.
const DRAWN: usize = 4_096;
/// Longer text is not kept among the frequent values.
const LONGEST: usize = 200;

impl Profile {
    /// Adds a value that is there.
    pub(crate) fn add(&mut self, value: Value<'_>) {
        self.count += 1;
        match value {
            Value::Null => return self.nulls += 1,
            Value::Masked(_) => return self.masked += 1,
            _ => {}
        }
        let kind = value.kind();
        match self.kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => self.kinds.push((kind, 1)),
        }
        let mut key = Vec::new();
        write_key(Some(value), &mut key);
        self.distinct.add(&key);
        if let Value::Text(text) = value {
            let length = text.chars().count();
            let (shortest, longest) = self.lengths.unwrap_or((length, length));
            self.lengths = Some((shortest.min(length), longest.max(length)));
        }
        if let Some(number) = value.as_number() {
            self.numbers.sum.add(number);
            self.numbers.add(number.to_f64());
        }
        if matches!(value, Value::List(_) | Value::Object(_) | Value::Bytes(_)) {
            return;
        }
        if self.smallest.as_ref().is_none_or(|(known, _)| key < *known) {
            self.smallest = Some((key.clone(), value.into()));
        }
        if self.largest.as_ref().is_none_or(|(known, _)| key > *known) {
            self.largest = Some((key.clone(), value.into()));
        }
        if key.len() <= LONGEST {
            self.values.add(key, value);
        }
    }

    /// Writes the fields of the profile into the object that is open in `out`.
    pub(crate) fn write(&mut self, absent: u64, (top, quantiles): (usize, &[f64]), out: &mut BatchBuilder) {
        let values = self.count - self.nulls - self.masked;
        for (name, count) in
            [("count", values), ("absent", absent), ("null", self.nulls), ("masked", self.masked)]
        {
            field(out, name, |out| out.int(whole(count)));
        }
        field(out, "kinds", |out| {
            out.begin_object();
            for (kind, count) in &self.kinds {
                field(out, kind, |out| out.int(whole(*count)));
            }
            out.end();
        });
        field(out, "distinct", |out| out.int(whole(self.distinct.count())));
        field(out, "distinct_exact", |out| out.bool(self.distinct.is_exact()));
        for (name, value) in [("min", &self.smallest), ("max", &self.largest)] {
            field(out, name, |out| Owned::write_option(value.as_ref().map(|(_, value)| value), out));
        }
        if self.numbers.sum.count() > 0 {
            self.numbers.write(quantiles, out);
        }
        if let Some((shortest, longest)) = self.lengths {
            field(out, "shortest", |out| out.int(whole(shortest as u64)));
            field(out, "longest", |out| out.int(whole(longest as u64)));
        }
        if top > 0 {
            field(out, "top", |out| self.values.write(top, out));
            field(out, "top_exact", |out| out.bool(!self.values.lossy));
        }
    }
}

fn field(out: &mut BatchBuilder, name: &str, write: impl FnOnce(&mut BatchBuilder)) {
    if out.key(name).is_ok() {
        write(out);
    }
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// How many different values there are: counted up to [`EXACT`], then estimated (`HyperLogLog` of 4096
/// registers: 1.6 % off on average).
#[derive(Debug, Default)]
struct Distinct {
    exact: rustc_hash::FxHashSet<u64>,
    registers: Vec<u8>,
}

const REGISTERS: usize = 4_096;

impl Distinct {
    fn add(&mut self, key: &[u8]) {
        let hash = mix(hash(key));
        if self.registers.is_empty() {
            self.exact.insert(hash);
            if self.exact.len() > EXACT {
                self.registers = vec![0; REGISTERS];
                for hash in std::mem::take(&mut self.exact) {
                    self.register(hash);
                }
            }
        } else {
            self.register(hash);
        }
    }

    fn register(&mut self, hash: u64) {
        let place = usize::try_from(hash >> 52).unwrap_or(0);
        let zeros = u8::try_from((hash << 12 | 1 << 11).leading_zeros() + 1).unwrap_or(u8::MAX);
        if let Some(register) = self.registers.get_mut(place) {
            *register = (*register).max(zeros);
        }
    }

    fn is_exact(&self) -> bool {
        self.registers.is_empty()
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate of a number that is positive"
    )]
    fn count(&self) -> u64 {
        if self.is_exact() {
            return self.exact.len() as u64;
        }
        let size = REGISTERS as f64;
        let sum: f64 = self.registers.iter().map(|register| 0.5_f64.powi(i32::from(*register))).sum();
        let raw = 0.7213 / (1.0 + 1.079 / size) * size * size / sum;
        let empty = self.registers.iter().filter(|register| **register == 0).count();
        if raw <= 2.5 * size && empty > 0 {
            (size * (size / empty as f64).ln()).round() as u64
        } else {
            raw.round() as u64
        }
    }
}

/// Spreads the bits of a hash (the last step of `SplitMix64`).
const fn mix(hash: u64) -> u64 {
    let mixed = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// The most frequent values (Misra–Gries): exact while there are few.
#[derive(Debug, Default)]
struct Frequent {
    values: FxHashMap<Vec<u8>, (u64, u64, Owned)>,
    /// Orders values that are as frequent by when they came.
    number: u64,
    lossy: bool,
}

impl Frequent {
    fn add(&mut self, key: Vec<u8>, value: Value<'_>) {
        self.number += 1;
        let number = self.number;
        if let Some((count, _, _)) = self.values.get_mut(&key) {
            *count += 1;
        } else if self.values.len() < EXACT {
            self.values.insert(key, (1, number, value.into()));
        } else {
            self.lossy = true;
            self.values.retain(|_, (count, _, _)| {
                *count -= 1;
                *count > 0
            });
        }
    }

    fn write(&self, top: usize, out: &mut BatchBuilder) {
        let mut values: Vec<_> = self.values.values().collect();
        values.sort_by_key(|(count, number, _)| (std::cmp::Reverse(*count), *number));
        out.begin_list();
        for (count, _, value) in values.into_iter().take(top) {
            out.begin_object();
            field(out, "value", |out| value.write(out));
            field(out, "count", |out| out.int(whole(*count)));
            out.end();
        }
        out.end();
    }
}

/// Mean and spread (Welford), and numbers to take quantiles from.
#[derive(Debug, Default)]
struct Numbers {
    sum: Sum,
    mean: f64,
    squares: f64,
    seen: u64,
    drawn: Vec<f64>,
    random: u64,
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2⁵³")]
impl Numbers {
    fn add(&mut self, number: f64) {
        self.seen += 1;
        let off = number - self.mean;
        self.mean += off / self.seen as f64;
        self.squares += off * (number - self.mean);
        if self.drawn.len() < DRAWN {
            return self.drawn.push(number);
        }
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let place = (u128::from(mix(self.random)) * u128::from(self.seen)) >> 64;
        if let Some(old) = usize::try_from(place).ok().and_then(|place| self.drawn.get_mut(place)) {
            *old = number;
        }
    }

    fn write(&mut self, quantiles: &[f64], out: &mut BatchBuilder) {
        field(out, "sum", |out| self.sum.write(out));
        field(out, "mean", |out| out.float(self.sum.mean().unwrap_or(self.mean)));
        // of the values at hand, not of a larger whole they stand for: divided by their number
        field(out, "stddev", |out| out.float((self.squares / self.seen as f64).max(0.0).sqrt()));
        self.drawn.sort_by(f64::total_cmp);
        field(out, "quantiles", |out| {
            out.begin_object();
            for quantile in quantiles {
                field(out, &quantile.to_string(), |out| out.float(self.quantile(*quantile)));
            }
            out.end();
        });
    }

    /// Between the two nearest values, in proportion.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]
    fn quantile(&self, quantile: f64) -> f64 {
        let place = quantile.clamp(0.0, 1.0) * (self.drawn.len().saturating_sub(1)) as f64;
        let low = self.drawn.get(place.floor() as usize).copied().unwrap_or(f64::NAN);
        let high = self.drawn.get(place.ceil() as usize).copied().unwrap_or(low);
        low + (high - low) * place.fract()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_different_values_are_estimated() {
        let mut profile = Profile::default();
        for number in 0..200_000_i64 {
            profile.add(Value::Int(number));
        }
        let distinct = profile.distinct.count();
        assert!((190_000..210_000).contains(&distinct), "{distinct}");
        let mut out = BatchBuilder::new();
        out.begin_object();
        profile.write(0, (3, &[0.5]), &mut out);
        out.end();
        let json = out.take().record(0).to_json();
        assert_eq!(json["sum"], 19_999_900_000_i64);
        let median = json["quantiles"]["0.5"].as_f64().unwrap();
        assert!((90_000.0..110_000.0).contains(&median), "{median}");
        assert_eq!(json["top_exact"], false);
    }
}
