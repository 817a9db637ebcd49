use std::fmt;

/// A length of time, to the nanosecond (`google.protobuf.Duration`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Duration {
    seconds: i64,
    /// 0..1 000 000 000, also of negative durations.
    nanos: u32,
}

/// ±10 000 years, as CEL has it.
const MOST_SECONDS: i64 = 315_576_000_000;
const GIGA: i128 = 1_000_000_000;

impl Duration {
    pub(super) fn of_nanos(nanos: i128) -> Option<Self> {
        let seconds = i64::try_from(nanos.div_euclid(GIGA)).ok()?;
        let rest = u32::try_from(nanos.rem_euclid(GIGA)).ok()?;
        (seconds.unsigned_abs() <= MOST_SECONDS.unsigned_abs()).then_some(Self { seconds, nanos: rest })
    }

    pub(super) fn of_micros(micros: i64) -> Option<Self> {
        Self::of_nanos(i128::from(micros) * 1_000)
    }

    pub(super) fn nanos(self) -> i128 {
        i128::from(self.seconds) * GIGA + i128::from(self.nanos)
    }

    #[expect(clippy::cast_precision_loss, reason = "the nearest double is what is asked for")]
    pub(super) fn as_seconds(self) -> f64 {
        self.seconds as f64 + f64::from(self.nanos) / 1e9
    }

    /// Reads `1h30m`, `1.5s`, `-2ms`, `3d`, `1us`: numbers with units, largest first (days too).
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, mut rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if rest == "0" {
            return Self::of_nanos(0);
        }
        let mut total = 0_i128;
        if rest.is_empty() {
            return None;
        }
        while !rest.is_empty() {
            let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
            let (number, tail) = rest.split_at(end);
            let end =
                tail.find(|letter: char| letter.is_ascii_digit() || letter == '.').unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(end);
            total = total.checked_add(nanos_of(number, unit)?)?;
            rest = tail;
        }
        Self::of_nanos(if negative { -total } else { total })
    }
}

fn nanos_of(number: &str, unit: &str) -> Option<i128> {
    let scale: i128 = match unit {
        "d" => 86_400 * GIGA,
        "h" => 3_600 * GIGA,
        "m" | "min" => 60 * GIGA,
        "s" => GIGA,
        "ms" => 1_000_000,
        "us" | "µs" | "μs" => 1_000,
        "ns" => 1,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || whole.len() > 18 || fraction.contains('.') {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    // beyond 18 digits nothing is left even of a day
    let fraction = fraction.get(..fraction.len().min(18))?;
    let power = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let part: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    whole.checked_mul(scale)?.checked_add(part.checked_mul(scale)? / power)
}

/// As CEL's `string(duration)`: seconds, such as `90s` or `-1.5s`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.nanos();
        let (whole, fraction) = (nanos.unsigned_abs() / 1_000_000_000, nanos.unsigned_abs() % 1_000_000_000);
        let sign = if nanos < 0 { "-" } else { "" };
        if fraction == 0 {
            return write!(f, "{sign}{whole}s");
        }
        let digits = format!("{fraction:09}");
        write!(f, "{sign}{whole}.{}s", digits.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_and_written() {
        for (text, written) in [
            ("1h30m", "5400s"),
            ("1.5s", "1.5s"),
            ("-2ms", "-0.002s"),
            ("1d", "86400s"),
            ("0", "0s"),
            ("100us", "0.0001s"),
            ("1h1m1s1ms1us1ns", "3661.001001001s"),
        ] {
            assert_eq!(
                Duration::parse(text).map(|duration| duration.to_string()).as_deref(),
                Some(written),
                "{text}"
            );
        }
        for text in ["", "-", "1", "s", "1x", "1..5s", "1e9s", "9999999999999999999999h", "320000000000s"] {
            assert_eq!(Duration::parse(text), None, "{text}");
        }
    }
}
