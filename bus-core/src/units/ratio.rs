//! Exact fractions, and scales that fall back to floating point.

/// A fraction in lowest terms; the denominator is positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ratio {
    over: i128,
    under: i128,
}

/// Decimals longer than this are written as floating-point numbers.
const MOST_DIGITS: u32 = 30;

impl Ratio {
    pub(super) const ZERO: Self = Self { over: 0, under: 1 };
    pub(super) const ONE: Self = Self { over: 1, under: 1 };

    pub(super) const fn whole(number: i128) -> Self {
        Self { over: number, under: 1 }
    }

    pub(super) fn new(over: i128, under: i128) -> Option<Self> {
        if under == 0 {
            return None;
        }
        let common = gcd(over.unsigned_abs(), under.unsigned_abs());
        let common = i128::try_from(common).ok()?;
        let sign = under.signum();
        Some(Self { over: (over / common).checked_mul(sign)?, under: (under / common).checked_mul(sign)? })
    }

    /// The number written as `12.5` or `1.2e-3`; `None` if it is none, or too long to be exact here.
    pub(super) fn decimal(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(place) => (text.get(..place)?, text.get(place + 1..)?.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        if fraction.starts_with(['-', '+']) {
            return None;
        }
        let number = Self::whole(digits.parse().ok()?);
        let exponent = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
        number.times(Self::power_of_ten(exponent)?)
    }

    pub(super) fn power_of_ten(exponent: i32) -> Option<Self> {
        let power = 10_i128.checked_pow(exponent.unsigned_abs())?;
        if exponent < 0 { Self::new(1, power) } else { Some(Self::whole(power)) }
    }

    pub(super) fn times(self, other: Self) -> Option<Self> {
        // taking common factors out first keeps the products small
        let (a, b) = (Self::new(self.over, other.under)?, Self::new(other.over, self.under)?);
        Self::new(a.over.checked_mul(b.over)?, a.under.checked_mul(b.under)?)
    }

    pub(super) fn inverse(self) -> Option<Self> {
        Self::new(self.under, self.over)
    }

    pub(super) fn plus(self, other: Self) -> Option<Self> {
        let over = self.over.checked_mul(other.under)?.checked_add(other.over.checked_mul(self.under)?)?;
        Self::new(over, self.under.checked_mul(other.under)?)
    }

    pub(super) fn minus(self, other: Self) -> Option<Self> {
        self.plus(Self { over: other.over.checked_neg()?, under: other.under })
    }

    /// Rounded to so many decimal places, halves away from zero.
    pub(super) fn rounded(self, places: u8) -> Option<Self> {
        let scaled = self.times(Self::power_of_ten(places.into())?)?;
        let half = Self::new(scaled.over.signum(), 2)?;
        let shifted = scaled.plus(half)?;
        Self::whole(shifted.over / shifted.under).times(Self::power_of_ten(-i32::from(places))?)
    }

    #[expect(clippy::cast_precision_loss, reason = "the nearest number is what is asked for")]
    pub(super) fn to_f64(self) -> f64 {
        match self.to_decimal().and_then(|text| text.parse().ok()) {
            Some(nearest) => nearest,
            None => self.over as f64 / self.under as f64,
        }
    }

    pub(super) fn as_int(self) -> Option<i64> {
        (self.under == 1).then(|| i64::try_from(self.over).ok())?
    }

    /// The number in decimal digits, if they end.
    pub(super) fn to_decimal(self) -> Option<String> {
        let mut places = 0_u32;
        let (mut over, mut rest) = (self.over, self.under);
        while rest != 1 {
            let factor = if rest % 10 == 0 {
                10
            } else if rest % 2 == 0 {
                2
            } else if rest % 5 == 0 {
                5
            } else {
                return None;
            };
            rest /= factor;
            over = over.checked_mul(10 / factor)?;
            places += 1;
            if places > MOST_DIGITS {
                return None;
            }
        }
        let digits = over.unsigned_abs().to_string();
        let sign = if over < 0 { "-" } else { "" };
        let places = usize::try_from(places).ok()?;
        if places == 0 {
            return Some(format!("{sign}{digits}"));
        }
        let digits = format!("{digits:0>width$}", width = places + 1);
        let (whole, fraction) = digits.split_at_checked(digits.len() - places)?;
        Some(format!("{sign}{whole}.{fraction}"))
    }
}

const fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    if a == 0 { 1 } else { a }
}

/// A factor: exact as long as fractions can hold it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scale {
    Exact(Ratio),
    Near(f64),
}

impl Scale {
    pub(super) const ZERO: Self = Self::Exact(Ratio::ZERO);
    pub(super) const ONE: Self = Self::Exact(Ratio::ONE);

    pub(super) fn to_f64(self) -> f64 {
        match self {
            Self::Exact(ratio) => ratio.to_f64(),
            Self::Near(float) => float,
        }
    }

    pub(super) fn times(self, other: Self) -> Self {
        self.with(other, Ratio::times, |a, b| a * b)
    }

    pub(super) fn divided_by(self, other: Self) -> Self {
        self.with(other, |a, b| a.times(b.inverse()?), |a, b| a / b)
    }

    pub(super) fn plus(self, other: Self) -> Self {
        self.with(other, Ratio::plus, |a, b| a + b)
    }

    pub(super) fn minus(self, other: Self) -> Self {
        self.with(other, Ratio::minus, |a, b| a - b)
    }

    pub(super) fn power(self, exponent: i8) -> Self {
        let mut product = Self::ONE;
        for _ in 0..exponent.unsigned_abs() {
            product = product.times(self);
        }
        if exponent < 0 { Self::ONE.divided_by(product) } else { product }
    }

    fn with(
        self,
        other: Self,
        exact: impl Fn(Ratio, Ratio) -> Option<Ratio>,
        near: impl Fn(f64, f64) -> f64,
    ) -> Self {
        if let (Self::Exact(a), Self::Exact(b)) = (self, other)
            && let Some(ratio) = exact(a, b)
        {
            return Self::Exact(ratio);
        }
        Self::Near(near(self.to_f64(), other.to_f64()))
    }
}
