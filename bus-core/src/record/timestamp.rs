use jiff::{civil, tz::Offset};
use std::{cmp::Ordering, fmt};

/// How much of a [`Timestamp`] was said, so that it is written as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Precision {
    /// A date without time of day.
    Day,
    /// To the minute.
    Minute,
    /// To the second.
    Second,
    /// To the millisecond.
    Millisecond,
    /// To the microsecond.
    Microsecond,
}

impl Precision {
    /// All of them, coarsest first.
    pub const ALL: [Self; 5] = [Self::Day, Self::Minute, Self::Second, Self::Millisecond, Self::Microsecond];
}

/// A point in time with its offset from UTC, a local time without one, or a date.
///
/// Microseconds since 1970-01-01T00:00 (in UTC if there is an offset, on the local clock otherwise).
/// Written in the forms of RFC 3339 / ISO 8601: `2026-03-28T00:10:00+01:00`, `2026-03-28T00:10`,
/// `2026-03-28`.
#[derive(Debug, Clone, Copy)]
pub struct Timestamp {
    micros: i64,
    offset: i16,
    precision: Precision,
}

const NO_OFFSET: i16 = i16::MIN;

impl Timestamp {
    /// A point in time: `micros` µs since the Unix epoch, shown at `offset` minutes east of UTC.
    #[must_use]
    pub const fn at(micros: i64, offset: i16, precision: Precision) -> Self {
        Self { micros, offset, precision }
    }

    /// A local time, of an unknown zone: `micros` µs since 1970-01-01T00:00 on that clock.
    #[must_use]
    pub const fn local(micros: i64, precision: Precision) -> Self {
        Self { micros, offset: NO_OFFSET, precision }
    }

    pub(super) const fn raw(micros: i64, offset: i16, precision: Precision) -> Self {
        Self { micros, offset, precision }
    }

    pub(super) const fn raw_offset(self) -> i16 {
        self.offset
    }

    /// Microseconds since 1970-01-01T00:00, in UTC if there is an offset, else on the local clock.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.micros
    }

    /// Minutes east of UTC; `None` for local times and dates.
    #[must_use]
    pub const fn offset(self) -> Option<i16> {
        if self.offset == NO_OFFSET { None } else { Some(self.offset) }
    }

    /// How much was said.
    #[must_use]
    pub const fn precision(self) -> Precision {
        self.precision
    }

    /// Whether this is a date without time of day.
    #[must_use]
    pub const fn is_date(self) -> bool {
        matches!(self.precision, Precision::Day)
    }

    /// Reads RFC 3339 and the ISO 8601 forms people write: a date, or a date and time to the minute
    /// or finer, with `T` or a space between, with `Z`, `±hh:mm`, `±hhmm`, `±hh` or no offset.
    /// `None` for anything else, and for what would lose digits (finer than a microsecond).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let year = i16::try_from(digits(bytes.get(0..4)?)?).ok()?;
        let date = civil::Date::new(year, two(bytes, 5)?, two(bytes, 8)?).ok()?;
        if bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') {
            return None;
        }
        if bytes.len() == 10 {
            return Some(Self::local(micros_of(date.at(0, 0, 0, 0))?, Precision::Day));
        }
        if !matches!(bytes.get(10), Some(b'T' | b't' | b' ')) || bytes.get(13) != Some(&b':') {
            return None;
        }
        let (hour, minute) = (two(bytes, 11)?, two(bytes, 14)?);
        let mut rest = bytes.get(16..)?;
        let (mut second, mut nanos, mut precision) = (0, 0, Precision::Minute);
        if let Some(tail) = rest.strip_prefix(b":") {
            second = two(tail, 0)?;
            rest = tail.get(2..)?;
            precision = Precision::Second;
            if let Some(tail) = rest.strip_prefix(b".").or_else(|| rest.strip_prefix(b",")) {
                let count = tail.iter().take_while(|byte| byte.is_ascii_digit()).count();
                let fraction = tail.get(..count)?;
                precision = match count {
                    1..=3 => Precision::Millisecond,
                    4..=6 => Precision::Microsecond,
                    7..=9 if fraction.get(6..)?.iter().all(|digit| *digit == b'0') => Precision::Microsecond,
                    _ => return None,
                };
                nanos = digits(fraction)? * 10_i32.pow(9 - u32::try_from(count).ok()?);
                rest = tail.get(count..)?;
            }
        }
        let time = civil::Time::new(hour, minute, second, nanos).ok()?;
        let local = micros_of(date.to_datetime(time))?;
        if rest.is_empty() {
            return Some(Self::local(local, precision));
        }
        let offset = parse_offset(rest)?;
        Some(Self::at(local - i64::from(offset) * 60_000_000, offset, precision))
    }

    /// The calendar date and time of day at the timestamp's own offset.
    #[must_use]
    pub fn civil(self) -> civil::DateTime {
        let local = self.micros.saturating_add(i64::from(self.offset().unwrap_or(0)) * 60_000_000);
        jiff::Timestamp::from_microsecond(local)
            .map_or(civil::DateTime::ZERO, |instant| Offset::UTC.to_datetime(instant))
    }

    /// Writes the timestamp as it was read.
    pub fn write(self, out: &mut String) {
        let at = self.civil();
        pad(i32::from(at.year()), 4, out);
        out.push('-');
        pad(i32::from(at.month()), 2, out);
        out.push('-');
        pad(i32::from(at.day()), 2, out);
        if self.precision == Precision::Day {
            return;
        }
        out.push('T');
        pad(i32::from(at.hour()), 2, out);
        out.push(':');
        pad(i32::from(at.minute()), 2, out);
        if self.precision >= Precision::Second {
            out.push(':');
            pad(i32::from(at.second()), 2, out);
        }
        let micros = at.subsec_nanosecond() / 1_000;
        if self.precision == Precision::Millisecond {
            out.push('.');
            pad(micros / 1_000, 3, out);
        } else if self.precision == Precision::Microsecond {
            out.push('.');
            pad(micros, 6, out);
        }
        match self.offset() {
            None => {}
            Some(0) => out.push('Z'),
            Some(offset) => {
                out.push(if offset < 0 { '-' } else { '+' });
                let minutes = i32::from(offset).abs();
                pad(minutes / 60, 2, out);
                out.push(':');
                pad(minutes % 60, 2, out);
            }
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(32);
        self.write(&mut text);
        f.write_str(&text)
    }
}

/// The same instant is the same time, whatever the offset it is shown at.
impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Timestamp {}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        self.micros.cmp(&other.micros).then_with(|| self.offset().is_some().cmp(&other.offset().is_some()))
    }
}

fn digits(bytes: &[u8]) -> Option<i32> {
    bytes
        .iter()
        .try_fold(0_i32, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i32::from(*byte - b'0')))
}

fn two(bytes: &[u8], at: usize) -> Option<i8> {
    i8::try_from(digits(bytes.get(at..at + 2)?)?).ok()
}

fn micros_of(at: civil::DateTime) -> Option<i64> {
    Some(Offset::UTC.to_timestamp(at).ok()?.as_microsecond())
}

fn parse_offset(text: &[u8]) -> Option<i16> {
    if matches!(text, b"Z" | b"z") {
        return Some(0);
    }
    let (sign, rest) = match text.split_first()? {
        (b'+', rest) => (1, rest),
        (b'-', rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match rest.len() {
        2 => (two(rest, 0)?, 0),
        4 => (two(rest, 0)?, two(rest, 2)?),
        5 if rest.get(2) == Some(&b':') => (two(rest, 0)?, two(rest, 3)?),
        _ => return None,
    };
    (hours <= 18 && minutes < 60).then(|| sign * (i16::from(hours) * 60 + i16::from(minutes)))
}

/// Writes `number` with leading zeros.
fn pad(number: i32, width: usize, out: &mut String) {
    if number < 0 {
        out.push('-');
    }
    let mut buffer = itoa::Buffer::new();
    let text = buffer.format(number.unsigned_abs());
    out.extend(std::iter::repeat_n('0', width.saturating_sub(text.len())));
    out.push_str(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_as_read() {
        for text in [
            "2026-03-28",
            "2026-03-28T00:10",
            "2026-03-28T00:10:05",
            "2026-03-28T00:10:05Z",
            "2026-03-28T00:10:05.250+01:00",
            "1789-07-14T12:00:00.000001-00:30",
        ] {
            assert_eq!(Timestamp::parse(text).map(|time| time.to_string()).as_deref(), Some(text));
        }
    }

    #[test]
    fn same_instant_is_equal() {
        let (a, b) =
            (Timestamp::parse("2026-03-28T01:00:00+01:00"), Timestamp::parse("2026-03-28T00:00:00Z"));
        assert!(a.is_some() && a == b);
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "2026",
            "2026-13-01",
            "2026-02-30",
            "2026-03-28T25:00",
            "2026-03-28T00:00:00.1234567891",
            "28/03/2026",
            "2026-03-28T00:00:00+1",
        ] {
            assert!(Timestamp::parse(text).is_none(), "{text}");
        }
    }
}
