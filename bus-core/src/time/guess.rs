//! Reading dates and times whose form nobody told: the French, English and ISO ones.

mod clock;
mod date;

use super::{
    DatePattern,
    parts::Parts,
    pattern::{Cursor, Item, unix},
};
use crate::record::{Precision, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is known of dates before they are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hints {
    /// `03/04/2026` is the 4th of March, as in the United States; else it is the 3rd of April.
    pub month_first: bool,
    /// What a plain number means; without it, numbers are no dates.
    pub numbers: Option<Numbers>,
    /// A month (`mars 2026`) or a year alone means its first day; else it is no date.
    pub partial: bool,
}

/// What a plain number means as a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Numbers {
    /// # Unix seconds
    ///
    /// Seconds since 1970-01-01 in universal time.
    UnixSeconds,
    /// # Unix milliseconds
    ///
    /// Milliseconds since 1970-01-01 in universal time.
    UnixMilliseconds,
    /// # Spreadsheet days
    ///
    /// Days since 1900 as Excel and other spreadsheets count them, with the time of day as a fraction.
    SpreadsheetDays,
}

/// A date or time whose form was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Recognised {
    /// The time.
    pub time: Timestamp,
    /// The form it is written in; reads the same text to the same time.
    pub pattern: DatePattern,
    /// Whether day and month could also be the other way round.
    pub ambiguous: bool,
    /// Whether digits finer than a microsecond were cut off.
    pub cut: bool,
}

/// Reads a date or time in whichever French, English or ISO form it is written; `None` if it is none.
///
/// Understood: ISO 8601 (calendar, week and day-of-year dates, basic and extended form), RFC 3339, RFC 2822,
/// `28/03/2026`, `28/03/26 à 14h05`, `28 mars 2026`, `sam. 28 mars 2026 14:05`, `1er janvier 2026`,
/// `March 28, 2026 2:05 PM`, and what programs print (`Sat Mar 28 14:05:00 CET 2026`). Two-digit years up to 68
/// are of the 21st century.
#[must_use]
pub fn parse_any(text: &str, hints: &Hints) -> Option<Timestamp> {
    let text = text.trim();
    if let Some(time) = Timestamp::parse(text) {
        return Some(time);
    }
    if let (Some(numbers), true) = (hints.numbers, looks_like_number(text)) {
        return number(text, numbers);
    }
    Guess::of(text, *hints)?.time()
}

/// As [`parse_any`], with the pattern that was found.
#[must_use]
pub fn recognise(text: &str, hints: &Hints) -> Option<Recognised> {
    let text = text.trim();
    let guess = Guess::of(text, *hints)?;
    let time = guess.time()?;
    let (ambiguous, cut) = (guess.ambiguous, guess.cut);
    Some(Recognised { time, pattern: DatePattern::of_items(guess.merged()), ambiguous, cut })
}

impl Numbers {
    /// The time that a number (in JSON's grammar) stands for.
    #[must_use]
    pub fn read(self, text: &str) -> Option<Timestamp> {
        number(text, self)
    }
}

fn looks_like_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

fn number(text: &str, numbers: Numbers) -> Option<Timestamp> {
    let (micros, precision) = match numbers {
        Numbers::UnixSeconds => unix(text, 1_000_000)?,
        Numbers::UnixMilliseconds => unix(text, 1_000)?,
        Numbers::SpreadsheetDays => return spreadsheet_day(text),
    };
    Some(Timestamp::at(micros, 0, precision))
}

const DAY_MICROS: i64 = 86_400_000_000;

/// Day 1 is 1900-01-01, and day 60 the 29th of February that 1900 did not have.
fn spreadsheet_day(text: &str) -> Option<Timestamp> {
    let (micros, _) = unix(text, DAY_MICROS)?;
    let days = micros.div_euclid(DAY_MICROS);
    if !(1..=2_958_465).contains(&days) {
        return None;
    }
    let first = if days < 60 { -25_568 } else { -25_569 };
    // a fraction of a day has about 15 digits: round to the millisecond, as spreadsheets show it
    let of_day = (micros.rem_euclid(DAY_MICROS) + 500) / 1_000 * 1_000;
    let precision = match of_day {
        0 => Precision::Day,
        part if part % 1_000_000 == 0 => Precision::Second,
        _ => Precision::Millisecond,
    };
    Some(Timestamp::local((days + first) * DAY_MICROS + of_day, precision))
}

/// A text that is read piece by piece, with what was understood so far.
struct Guess<'a> {
    cursor: Cursor<'a>,
    parts: Parts,
    items: Vec<Item>,
    hints: Hints,
    ambiguous: bool,
    cut: bool,
}

/// Longer texts are not read: a date with its zone and a comment is shorter.
const LONGEST: usize = 100;

impl<'a> Guess<'a> {
    fn of(text: &'a str, hints: Hints) -> Option<Self> {
        if text.len() > LONGEST || !text.bytes().any(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let mut guess = Self {
            cursor: Cursor { rest: text },
            parts: Parts::default(),
            items: Vec::with_capacity(12),
            hints,
            ambiguous: false,
            cut: false,
        };
        guess.date()?;
        if !guess.cursor.rest.is_empty() {
            guess.clock()?;
        }
        guess.cursor.rest.is_empty().then_some(guess)
    }

    fn time(&self) -> Option<Timestamp> {
        self.parts.time(self.hints.partial)
    }

    fn merged(self) -> Vec<Item> {
        let mut merged: Vec<Item> = Vec::with_capacity(self.items.len());
        for item in self.items {
            match (merged.last_mut(), item) {
                (Some(Item::Literal(before)), Item::Literal(text)) => before.push_str(&text),
                (_, item) => merged.push(item),
            }
        }
        merged
    }

    fn digits_ahead(&self) -> usize {
        self.cursor.rest.bytes().take_while(u8::is_ascii_digit).count()
    }

    /// White space; `needed` decides whether there must be some.
    fn spaces(&mut self, needed: bool) -> Option<()> {
        let trimmed = self.cursor.rest.trim_start();
        if trimmed.len() == self.cursor.rest.len() {
            return if needed { None } else { Some(()) };
        }
        self.cursor.rest = trimmed;
        self.items.push(Item::Literal(" ".to_owned()));
        Some(())
    }

    fn word_ahead(&self) -> &'a str {
        Cursor { rest: self.cursor.rest }.run(char::is_alphabetic)
    }

    fn skip_word(&mut self, word: &str) {
        self.cursor.rest = self.cursor.rest.get(word.len()..).unwrap_or_default();
    }

    /// Takes `sign` if it comes next.
    fn literal_if(&mut self, sign: &str) -> bool {
        let Some(rest) = self.cursor.rest.strip_prefix(sign) else { return false };
        self.cursor.rest = rest;
        self.items.push(Item::Literal(sign.to_owned()));
        true
    }
}

/// `Z`, `±hh:mm`, `±hhmm` or `±hh` as minutes east of UTC.
pub(super) fn read_offset(text: &str) -> Option<i16> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (1, text.get(1..)?),
        b'-' => (-1, text.get(1..)?),
        _ => return None,
    };
    let (hours, minutes) = match (digits.len(), digits.split_once(':')) {
        (4 | 5, Some((hours, minutes))) if minutes.len() == 2 => (hours, minutes),
        (4, None) => digits.split_at_checked(2)?,
        (1 | 2, None) => (digits, "0"),
        _ => return None,
    };
    if !hours.bytes().chain(minutes.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i16, i16) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 18 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// The offset of the abbreviations that mean one only: those of RFC 2822 and of Europe, and `UTC+2`.
pub(super) fn abbreviation_offset(text: &str) -> Option<i16> {
    let hours = match text {
        "UTC" | "GMT" | "UT" | "WET" | "utc" | "gmt" => 0,
        "CET" | "WEST" | "MET" | "BST" => 1,
        "CEST" | "EET" | "MEST" => 2,
        "EEST" | "MSK" => 3,
        "EDT" => -4,
        "EST" | "CDT" => -5,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        _ => return read_offset(text.strip_prefix("UTC").or_else(|| text.strip_prefix("GMT"))?),
    };
    Some(hours * 60)
}
