//! Sums of numbers: exact where the numbers are, compensated where they are not.

use bus_core::record::{BatchBuilder, Number};

/// A sum. Whole and decimal numbers add up exactly (up to 38 digits); computed (floating-point) numbers
/// add up with their rounding errors compensated.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sum {
    /// The exact part is `units` / 10^`scale`.
    units: i128,
    scale: u32,
    /// The rest, as a sum and its compensation (Neumaier).
    float: f64,
    lost: f64,
    has_floats: bool,
    count: u64,
}

/// More decimal places than this are added as floating-point numbers.
const MOST_PLACES: u32 = 18;

impl Sum {
    /// Adds a number.
    pub fn add(&mut self, number: Number<'_>) {
        self.count += 1;
        let exact = match number {
            Number::Int(int) => Some((i128::from(int), 0)),
            Number::Decimal(text) => decimal(text),
            Number::Float(_) => None,
        };
        if !exact.is_some_and(|(units, scale)| self.add_exact(units, scale)) {
            self.add_float(number.to_f64());
        }
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        if !self.add_exact(other.units, other.scale) {
            self.add_float(other.exact());
        }
        if other.has_floats {
            self.add_float(other.float);
            self.add_float(other.lost);
        }
    }

    /// How many numbers were added.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The nearest floating-point number.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        if self.has_floats { self.exact() + (self.float + self.lost) } else { self.exact() }
    }

    /// The mean; `None` of no numbers.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a mean is a floating-point number")]
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.to_f64() / self.count as f64)
    }

    /// Writes the sum: a whole number or a decimal if it is exact, else a floating-point number.
    pub fn write(&self, out: &mut BatchBuilder) {
        if self.has_floats {
            return out.float(self.to_f64());
        }
        let text = decimal_text(self.units, self.scale);
        match text.parse() {
            Ok(int) => out.int(int),
            Err(_) => out.decimal(&text),
        }
    }

    /// What [`Self::load`] reads.
    #[must_use]
    pub fn save(&self) -> [u8; 45] {
        let mut out = [0; 45];
        let parts = self
            .units
            .to_le_bytes()
            .into_iter()
            .chain(self.scale.to_le_bytes())
            .chain(self.float.to_le_bytes())
            .chain(self.lost.to_le_bytes())
            .chain(self.count.to_le_bytes())
            .chain([u8::from(self.has_floats)]);
        out.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        out
    }

    /// Reads what [`Self::save`] wrote.
    #[must_use]
    pub fn load(bytes: &[u8]) -> Option<Self> {
        let part = |from: usize, to: usize| bytes.get(from..to);
        Some(Self {
            units: i128::from_le_bytes(part(0, 16)?.try_into().ok()?),
            scale: u32::from_le_bytes(part(16, 20)?.try_into().ok()?),
            float: f64::from_le_bytes(part(20, 28)?.try_into().ok()?),
            lost: f64::from_le_bytes(part(28, 36)?.try_into().ok()?),
            count: u64::from_le_bytes(part(36, 44)?.try_into().ok()?),
            has_floats: *bytes.get(44)? == 1,
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "the nearest number is what is asked for")]
    fn exact(&self) -> f64 {
        if self.scale == 0 {
            self.units as f64
        } else {
            // through text: correctly rounded
            decimal_text(self.units, self.scale).parse().unwrap_or(f64::NAN)
        }
    }

    fn add_exact(&mut self, units: i128, scale: u32) -> bool {
        let common = scale.max(self.scale);
        let raise = |units: i128, scale: u32| units.checked_mul(10_i128.checked_pow(common - scale)?);
        let sum = raise(self.units, self.scale)
            .and_then(|own| raise(units, scale).and_then(|units| own.checked_add(units)));
        let Some(sum) = sum else { return false };
        (self.units, self.scale) = (sum, common);
        true
    }

    fn add_float(&mut self, number: f64) {
        self.has_floats = true;
        let sum = self.float + number;
        self.lost += if self.float.abs() >= number.abs() {
            (self.float - sum) + number
        } else {
            (number - sum) + self.float
        };
        self.float = sum;
    }
}

/// A decimal as units and places; `None` if it has too many digits.
fn decimal(text: &str) -> Option<(i128, u32)> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    let mut units: i128 = whole.parse().ok()?;
    let negative = whole.starts_with('-');
    for digit in fraction.bytes() {
        let digit = i128::from(digit.checked_sub(b'0')?);
        units = units.checked_mul(10)?.checked_add(if negative { -digit } else { digit })?;
    }
    let places = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
    match u32::try_from(places) {
        Ok(places) if places <= MOST_PLACES => Some((units, places)),
        Ok(_) => None,
        Err(_) => Some((units.checked_mul(10_i128.checked_pow(places.unsigned_abs())?)?, 0)),
    }
}

/// `units` / 10^`scale` in JSON's grammar, without zeros at the end.
fn decimal_text(units: i128, scale: u32) -> String {
    let digits = units.unsigned_abs().to_string();
    let scale = scale as usize;
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(scale));
    let fraction = fraction.trim_end_matches('0');
    let sign = if units < 0 { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(numbers: &[Number<'_>]) -> String {
        let mut sum = Sum::default();
        numbers.iter().for_each(|number| sum.add(*number));
        let mut merged = Sum::default();
        merged.merge(&Sum::load(&sum.save()).unwrap());
        assert_eq!(merged.to_f64(), sum.to_f64());
        let mut out = BatchBuilder::new();
        sum.write(&mut out);
        format!("{:?}", out.take().record(0))
    }

    #[test]
    fn exact_where_the_numbers_are() {
        assert_eq!(text(&[]), "0");
        assert_eq!(text(&[Number::Decimal("0.1"), Number::Decimal("0.20")]), "0.3d");
        assert_eq!(text(&[Number::Decimal("-0.5"), Number::Int(1), Number::Decimal("-1.5")]), "-1");
        assert_eq!(text(&[Number::Int(i64::MAX), Number::Int(1)]), "9223372036854775808d");
        assert_eq!(text(&[Number::Decimal("1.5e3"), Number::Int(-1500)]), "0");
        assert_eq!(text(&[Number::Float(1.5), Number::Int(1)]), "2.5");
        assert_eq!(text(&[Number::Float(1e100), Number::Float(1.0), Number::Float(-1e100)]), "1.0");
        assert_eq!(text(&[Number::Decimal("1e300"), Number::Int(1)]), "1e300");
    }

    proptest! {
        #[test]
        fn decimals_are_read_as_written(units in any::<i64>(), scale in 0_u32..18) {
            let text = decimal_text(units.into(), scale);
            let (read, places) = decimal(&text).unwrap();
            prop_assert_eq!(read * 10_i128.pow(scale - places), i128::from(units));
        }
    }
}
