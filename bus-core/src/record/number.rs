use super::Number;
use std::{cmp::Ordering, iter};

/// Sign bytes of [`Number::write_ordered`].
const NEGATIVE: u8 = 0x40;
const ZERO: u8 = 0x80;
const POSITIVE: u8 = 0xC0;

impl Number<'_> {
    /// Order by value, exact between all kinds: a total order in which a floating-point number stands
    /// for the decimal it is written as (so `0.1` computed equals `0.1` read).
    #[must_use]
    pub fn compare(self, other: Number<'_>) -> Ordering {
        match (self, other) {
            (Number::Int(a), Number::Int(b)) => return a.cmp(&b),
            (Number::Decimal(a), Number::Decimal(b)) if a == b => return Ordering::Equal,
            _ => {}
        }
        // rounding to the nearest floating-point number never swaps two numbers, it only makes them equal
        let (a, b) = (self.to_f64(), other.to_f64());
        match a.partial_cmp(&b) {
            Some(order @ (Ordering::Less | Ordering::Greater)) => order,
            _ if matches!((self, other), (Number::Float(_), Number::Float(_))) => Ordering::Equal,
            _ => {
                let (mut a, mut b) = (Vec::new(), Vec::new());
                self.write_ordered(&mut a);
                other.write_ordered(&mut b);
                a.cmp(&b)
            }
        }
    }

    /// Appends bytes that are the same for the same value, whatever the kind, that sort as the numbers
    /// do, and of which none is the beginning of another: for keys of sorting, grouping and joining.
    pub fn write_ordered(self, out: &mut Vec<u8>) {
        match self {
            Number::Int(int) => write(itoa::Buffer::new().format(int).as_bytes(), out),
            Number::Float(float) => write(zmij::Buffer::new().format(float).as_bytes(), out),
            Number::Decimal(text) => write(text.as_bytes(), out),
        }
    }
}

/// Writes the number `text` (JSON grammar) as sign, exponent and digits.
fn write(text: &[u8], out: &mut Vec<u8>) {
    let (negative, text) = match text.strip_prefix(b"-") {
        Some(text) => (true, text),
        None => (false, text),
    };
    let mantissa_end = text.iter().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(text.len());
    let (mantissa, exponent) = text.split_at(mantissa_end);
    let point = mantissa.iter().position(|byte| *byte == b'.').unwrap_or(mantissa.len());
    let digits = || mantissa.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| byte - b'0');
    let Some(first) = digits().position(|digit| digit != 0) else {
        out.push(ZERO);
        return;
    };
    let last =
        mantissa.iter().filter(|byte| byte.is_ascii_digit()).rev().skip_while(|byte| **byte == b'0').count();
    // the number is 0.d₁d₂d₃… × 10^magnitude, with d₁ not 0
    let magnitude = i64::try_from(point).unwrap_or(i64::MAX) - i64::try_from(first).unwrap_or(0);
    let magnitude = magnitude.saturating_add(read_exponent(exponent));
    out.push(if negative { NEGATIVE } else { POSITIVE });
    let start = out.len();
    write_magnitude(magnitude, out);
    let mut digits = digits().take(last).skip(first);
    while let Some(tens) = digits.next() {
        out.push(tens * 10 + digits.next().unwrap_or(0) + 1);
    }
    out.push(0);
    if negative {
        out.iter_mut().skip(start).for_each(|byte| *byte = !*byte);
    }
}

/// Two bytes for usual magnitudes, more at the ends of the range.
fn write_magnitude(magnitude: i64, out: &mut Vec<u8>) {
    match i16::try_from(magnitude) {
        Ok(small) if small > i16::MIN && small < i16::MAX => {
            out.extend((small.cast_unsigned() ^ 0x8000).to_be_bytes());
        }
        _ => {
            out.extend(iter::repeat_n(if magnitude < 0 { 0x00 } else { 0xFF }, 2));
            out.extend((magnitude.cast_unsigned() ^ (1 << 63)).to_be_bytes());
        }
    }
}

/// Reads `e+12`; exponents beyond any use count as the largest there is.
fn read_exponent(text: &[u8]) -> i64 {
    let mut digits = text.get(1..).unwrap_or_default();
    let negative = digits.first() == Some(&b'-');
    if matches!(digits.first(), Some(b'-' | b'+')) {
        digits = digits.get(1..).unwrap_or_default();
    }
    let size = digits
        .iter()
        .filter(|byte| byte.is_ascii_digit())
        .fold(0_i64, |number, digit| number.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    if negative { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(number: Number<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        number.write_ordered(&mut out);
        out
    }

    #[test]
    fn the_same_value_is_equal_whatever_its_kind() {
        let same = [
            (Number::Int(1), Number::Decimal("1.0")),
            (Number::Int(1200), Number::Decimal("1.2e3")),
            (Number::Float(0.1), Number::Decimal("0.10")),
            (Number::Float(-0.0), Number::Int(0)),
            (Number::Decimal("0e99"), Number::Decimal("-0.000")),
            (Number::Decimal("1e400"), Number::Decimal("10e399")),
            (Number::Int(i64::MIN), Number::Decimal("-9223372036854775808")),
        ];
        for (a, b) in same {
            assert_eq!(a.compare(b), Ordering::Equal, "{a:?} {b:?}");
            assert_eq!(bytes(a), bytes(b), "{a:?} {b:?}");
        }
    }

    #[test]
    fn order_is_exact_where_floats_are_not() {
        let ordered = [
            Number::Decimal("-1e99999999999999999999"),
            Number::Decimal("-1e40000"),
            Number::Int(i64::MIN),
            Number::Decimal("-1.5"),
            Number::Int(0),
            Number::Decimal("1e-40000"),
            Number::Float(f64::MIN_POSITIVE),
            Number::Decimal("0.9"),
            Number::Int(9_007_199_254_740_992),
            Number::Int(9_007_199_254_740_993),
            Number::Decimal("9007199254740993.5"),
            Number::Decimal("1e400"),
            Number::Decimal("1.00000001e400"),
            Number::Decimal("1e40000"),
        ];
        for (at, a) in ordered.iter().enumerate() {
            for (other, b) in ordered.iter().enumerate() {
                assert_eq!(a.compare(*b), at.cmp(&other), "{a:?} {b:?}");
                assert_eq!(bytes(*a).cmp(&bytes(*b)), at.cmp(&other), "{a:?} {b:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn bytes_sort_as_numbers(a in any::<f64>(), b in any::<f64>(), c in any::<i64>(), d in -5_i64..5) {
            prop_assume!(a.is_finite() && b.is_finite());
            for (a, b) in [(Number::Float(a), Number::Float(b)), (Number::Float(a), Number::Int(c)), (Number::Int(c), Number::Int(d)), (Number::Int(c), Number::Int(c.saturating_add(d)))] {
                prop_assert_eq!(a.compare(b), bytes(a).cmp(&bytes(b)));
                prop_assert_eq!(b.compare(a), a.compare(b).reverse());
            }
        }
    }
}
