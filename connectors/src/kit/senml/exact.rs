use bus_core::record::{Number, Value};

/// A decimal number that sums exactly: `mantissa` × 10^-`places`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exact {
    mantissa: i128,
    places: u32,
}

/// More digits than this are beyond what any sensor or clock gives.
const MOST_PLACES: u32 = 30;

impl Exact {
    pub(super) const ZERO: Self = Self { mantissa: 0, places: 0 };

    pub(super) const fn micros(micros: i64) -> Self {
        Self { mantissa: micros as i128, places: 6 }.short()
    }

    /// The number, if it is one and not beyond measure.
    pub(super) fn of(value: Value<'_>) -> Option<Self> {
        match value.as_number()? {
            Number::Int(int) => Some(Self { mantissa: i128::from(int), places: 0 }),
            Number::Decimal(text) => Self::parse(text),
            Number::Float(float) => Self::parse(zmij::Buffer::new().format(float)),
        }
    }

    /// Reads a number in JSON's grammar.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (digits, exponent) = match text.split_once(['e', 'E']) {
            Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let mut mantissa: i128 = 0;
        for digit in whole.strip_prefix('-').unwrap_or(whole).bytes().chain(fraction.bytes()) {
            let digit = char::from(digit).to_digit(10)?;
            mantissa = mantissa.checked_mul(10)?.checked_add(i128::from(digit))?;
        }
        if whole.starts_with('-') {
            mantissa = -mantissa;
        }
        let places = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        match u32::try_from(places) {
            Ok(places) if places <= MOST_PLACES => Some(Self { mantissa, places }.short()),
            Ok(_) => None,
            Err(_) => {
                let factor = 10_i128.checked_pow(places.unsigned_abs())?;
                Some(Self { mantissa: mantissa.checked_mul(factor)?, places: 0 })
            }
        }
    }

    pub(super) fn plus(self, other: Self) -> Option<Self> {
        let places = self.places.max(other.places);
        let sum = self.at(places)?.checked_add(other.at(places)?)?;
        Some(Self { mantissa: sum, places }.short())
    }

    pub(super) fn minus(self, other: Self) -> Option<Self> {
        self.plus(Self { mantissa: other.mantissa.checked_neg()?, places: other.places })
    }

    pub(super) const fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// Whether the distance from zero is below 2^28.
    pub(super) fn is_relative_time(self) -> bool {
        let limit = 10_i128.checked_pow(self.places).and_then(|one| one.checked_mul(1 << 28));
        limit.is_none_or(|limit| self.mantissa.unsigned_abs() < limit.unsigned_abs())
    }

    /// Microseconds, the nearest; and whether that is the very number.
    pub(super) fn to_micros(self) -> Option<(i64, bool)> {
        if self.places <= 6 {
            return Some((i64::try_from(self.at(6)?).ok()?, true));
        }
        let unit = 10_i128.checked_pow(self.places - 6)?;
        let half = if self.mantissa < 0 { -unit / 2 } else { unit / 2 };
        Some((i64::try_from(self.mantissa.checked_add(half)? / unit).ok()?, false))
    }

    pub(super) fn to_int(self) -> Option<i64> {
        if self.places == 0 { i64::try_from(self.mantissa).ok() } else { None }
    }

    /// The parts of a CBOR decimal fraction: exponent and mantissa.
    pub(super) fn parts(self) -> Option<(i32, i64)> {
        Some((-i32::try_from(self.places).ok()?, i64::try_from(self.mantissa).ok()?))
    }

    pub(super) fn write(self, out: &mut String) {
        let digits = self.mantissa.unsigned_abs().to_string();
        if self.mantissa < 0 {
            out.push('-');
        }
        let places = self.places as usize;
        match digits.len().checked_sub(places) {
            Some(whole) if places == 0 => out.push_str(digits.get(..whole).unwrap_or_default()),
            Some(whole) if whole > 0 => {
                out.push_str(digits.get(..whole).unwrap_or_default());
                out.push('.');
                out.push_str(digits.get(whole..).unwrap_or_default());
            }
            _ => {
                out.push_str("0.");
                out.extend(std::iter::repeat_n('0', places.saturating_sub(digits.len())));
                out.push_str(&digits);
            }
        }
    }

    fn at(self, places: u32) -> Option<i128> {
        self.mantissa.checked_mul(10_i128.checked_pow(places - self.places)?)
    }

    const fn short(mut self) -> Self {
        while self.places > 0 && self.mantissa % 10 == 0 {
            self.mantissa /= 10;
            self.places -= 1;
        }
        self
    }
}

impl std::fmt::Display for Exact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::new();
        self.write(&mut text);
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(a: &str, b: &str) -> String {
        let sum = Exact::parse(a).zip(Exact::parse(b)).and_then(|(a, b)| a.plus(b));
        sum.map(|sum| sum.to_string()).unwrap_or_default()
    }

    #[test]
    fn sums_are_exact() {
        assert_eq!(sum("1276020076.001", "-5"), "1276020071.001");
        assert_eq!(sum("0.1", "0.2"), "0.3");
        assert_eq!(sum("1.320078429e+09", "0.1"), "1320078429.1");
        assert_eq!(sum("-0.25", "0.2"), "-0.05");
        assert_eq!(sum("0.14e1", "0"), "1.4");
        assert_eq!(sum("1e40", "1"), "");
    }

    #[test]
    fn relative_below_two_to_the_28th() {
        let relative = |text| Exact::parse(text).is_some_and(Exact::is_relative_time);
        assert!(relative("268435455") && relative("-5") && relative("0") && relative("268435455.9"));
        assert!(!relative("268435456") && !relative("1.5e9"));
    }
}
