use super::{
    guess::{abbreviation_offset, read_offset},
    parts::{Parts, full_year},
    write,
};
use crate::{
    Language, Message,
    record::{Precision, Timestamp},
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, str::FromStr};

mod items;

pub(super) use items::{Item, OffsetForm};

/// The form of a date or time, as text: `dd/MM/yyyy HH:mm`.
///
/// The main form is the one of Unicode CLDR (also of Java and of spreadsheets): `yyyy`, `MM`, `dd`,
/// `HH`, `mm`, `ss`, `SSS`, `MMMM`, `EEEE`, `XXX`, `VV`, text in single quotes. A pattern with `%` is
/// taken as `strftime` knows it (`%d/%m/%Y %H:%M`). `YYYY-MM-DD` and `jj/mm/aaaa` are understood too.
///
/// ```
/// use bus_core::{Language, time::DatePattern};
/// let pattern: DatePattern = "d MMMM yyyy 'à' HH'h'mm".parse().unwrap();
/// let time = pattern.read("28 mars 2026 à 14h05").unwrap();
/// assert_eq!(time.to_string(), "2026-03-28T14:05");
/// assert_eq!(pattern.write(time, Language::En), "28 March 2026 à 14h05");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DatePattern {
    text: String,
    items: Vec<Item>,
}

/// Why a text is not a date pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError(Message);

impl PatternError {
    /// What is wrong and what to do.
    #[must_use]
    pub const fn message(&self) -> &Message {
        &self.0
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for PatternError {}

impl DatePattern {
    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn of_items(items: Vec<Item>) -> Self {
        Self { text: items::to_text(&items), items }
    }

    /// Reads a text of this form; `None` if it has another, or is no date.
    ///
    /// One digit does where two stand in the pattern (and no digit follows); names of months and days are
    /// read in French and English, whole or short, whatever their case.
    #[must_use]
    pub fn read(&self, text: &str) -> Option<Timestamp> {
        self.parts(text)?.time(self.is_partial())
    }

    /// Whether the pattern says no day, so that a month or year stands for its first day.
    fn is_partial(&self) -> bool {
        !self.items.iter().any(|item| {
            matches!(item, Item::Day(_) | Item::DayOfYear(_) | Item::Weekday | Item::WeekdayName { .. })
        })
    }

    /// Writes a time in this form.
    #[must_use]
    pub fn write(&self, time: Timestamp, language: Language) -> String {
        let mut out = String::with_capacity(self.text.len() + 8);
        write::write(&self.items, time, language, &mut out);
        out
    }

    fn parts(&self, text: &str) -> Option<Parts> {
        let mut cursor = Cursor { rest: text.trim() };
        let mut parts = Parts::default();
        for (place, item) in self.items.iter().enumerate() {
            let tight = self.items.get(place + 1).is_some_and(Item::is_number);
            cursor.item(item, tight, &mut parts)?;
        }
        cursor.rest.is_empty().then_some(parts)
    }
}

/// A text that is read from its start.
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a str,
}

impl<'a> Cursor<'a> {
    fn item(&mut self, item: &Item, tight: bool, parts: &mut Parts) -> Option<()> {
        match item {
            Item::Literal(text) => self.literal(text)?,
            Item::Year => parts.year = Some(self.signed_year()?),
            Item::ShortYear => parts.year = Some(full_year(self.number(2, 2)?)),
            Item::WeekYear => parts.week_year = Some(self.number(4, 4)?),
            Item::Month(_) => parts.month = Some(self.small(tight)?),
            Item::MonthName { .. } => parts.month = Some(super::names::read_month(self.word()?)?.0),
            Item::Day(_) => {
                parts.day = Some(self.small(tight)?);
                self.skip_ordinal();
            }
            Item::DayOfYear(width) => {
                parts.day_of_year = Some(self.number(if tight { *width } else { 1 }, 3)?);
            }
            Item::Week(_) => parts.week = Some(self.small(tight)?),
            Item::Weekday => parts.weekday = Some(i8::try_from(self.number(1, 1)?).ok()?),
            Item::WeekdayName { .. } => parts.weekday = Some(super::names::read_weekday(self.word()?)?.0),
            Item::Hour(_) | Item::Hour12(_) => parts.hour = Some(self.small(tight)?),
            Item::Afternoon => parts.afternoon = Some(self.afternoon()?),
            Item::Minute(_) => parts.minute = Some(self.small(tight)?),
            Item::Second(_) => parts.second = Some(self.small(tight)?),
            Item::Fraction(_) => parts.fraction = Some(self.fraction()?),
            Item::Offset(_) => parts.offset = Some(self.offset()?),
            Item::ZoneName => parts.zone = Some(self.zone_name()?),
            Item::UnixSeconds => parts.unix = Some(unix(self.run(is_number_char), 1_000_000)?),
            Item::UnixMilliseconds => parts.unix = Some(unix(self.run(is_number_char), 1_000)?),
        }
        Some(())
    }

    /// Reads a literal; a space in it stands for any run of white space.
    fn literal(&mut self, text: &str) -> Option<()> {
        for char in text.chars() {
            if char.is_whitespace() {
                let trimmed = self.rest.trim_start();
                if trimmed.len() == self.rest.len() {
                    return None;
                }
                self.rest = trimmed;
            } else {
                let mut chars = self.rest.chars();
                let found = chars.next()?;
                let same = found == char
                    || found.to_lowercase().eq(char.to_lowercase())
                    || matches!((char, found), ('\'', '’') | ('’', '\'') | ('à', 'a' | 'À'));
                if !same {
                    return None;
                }
                self.rest = chars.as_str();
            }
        }
        Some(())
    }

    /// Takes the characters that `keep` accepts.
    pub(super) fn run(&mut self, keep: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|char| !keep(char)).unwrap_or(self.rest.len());
        let (run, rest) = self.rest.split_at(end);
        self.rest = rest;
        run
    }

    /// A number of `least` to `most` digits.
    pub(super) fn number(&mut self, least: u8, most: u8) -> Option<i16> {
        let count = self.rest.bytes().take(usize::from(most)).take_while(u8::is_ascii_digit).count();
        if count < usize::from(least) {
            return None;
        }
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        digits.parse().ok()
    }

    fn signed_year(&mut self) -> Option<i16> {
        match self.rest.strip_prefix('-') {
            Some(rest) => {
                self.rest = rest;
                Some(-self.number(4, 4)?)
            }
            None => self.number(4, 4),
        }
    }

    fn small(&mut self, tight: bool) -> Option<i8> {
        i8::try_from(self.number(if tight { 2 } else { 1 }, 2)?).ok()
    }

    /// A word, with the dot of a shortening.
    fn word(&mut self) -> Option<&'a str> {
        let word = self.run(char::is_alphabetic);
        if let Some(rest) = self.rest.strip_prefix('.') {
            self.rest = rest;
        }
        (!word.is_empty()).then_some(word)
    }

    /// `er`, `e`, `st`, `nd`, … behind the day.
    fn skip_ordinal(&mut self) {
        let mut after = Cursor { rest: self.rest };
        let word = after.run(char::is_alphabetic);
        if is_ordinal(word) {
            self.rest = after.rest;
        }
    }

    fn afternoon(&mut self) -> Option<bool> {
        let letters: String = self.run(|char| char.is_alphabetic() || char == '.').to_lowercase();
        match letters.replace('.', "").as_str() {
            "am" => Some(false),
            "pm" => Some(true),
            _ => None,
        }
    }

    fn fraction(&mut self) -> Option<(i32, u8)> {
        read_fraction(self.run(|char| char.is_ascii_digit()))
    }

    fn offset(&mut self) -> Option<i16> {
        let text = self.run(|char| char.is_ascii_alphanumeric() || matches!(char, '+' | '-' | ':'));
        read_offset(text).or_else(|| abbreviation_offset(text))
    }

    fn zone_name(&mut self) -> Option<super::Zone> {
        self.run(|char| char.is_ascii_alphanumeric() || matches!(char, '+' | '-' | '_' | '/' | ':'))
            .parse()
            .ok()
    }
}

/// The ordinal endings of French and English.
pub(super) fn is_ordinal(word: &str) -> bool {
    matches!(word, "er" | "ER" | "ᵉʳ" | "e" | "ème" | "st" | "nd" | "rd" | "th")
}

/// The digits of a fraction as nanoseconds, with their count; finer digits are cut off.
pub(super) fn read_fraction(digits: &str) -> Option<(i32, u8)> {
    let count = u8::try_from(digits.len()).ok().filter(|count| (1..=12).contains(count))?;
    let kept = digits.get(..digits.len().min(9))?;
    let scale = 10_i32.pow(9 - u32::try_from(kept.len()).ok()?);
    Some((kept.parse::<i32>().ok()? * scale, count))
}

fn is_number_char(char: char) -> bool {
    char.is_ascii_digit() || matches!(char, '-' | '.')
}

/// A number of units since the epoch, as microseconds; `micros` is how many one unit has.
pub(super) fn unix(text: &str, micros: i64) -> Option<(i64, Precision)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole_number: i64 = whole.parse().ok()?;
    let mut total = whole_number.checked_mul(micros)?;
    if !fraction.is_empty() {
        let (nanos, _) = read_fraction(fraction)?;
        let part = i64::try_from(i128::from(nanos) * i128::from(micros) / 1_000_000_000).ok()?;
        total = if text.starts_with('-') { total.checked_sub(part)? } else { total.checked_add(part)? };
    }
    jiff::Timestamp::from_microsecond(total).ok()?;
    let precision = match (total % 1_000_000, total % 1_000) {
        (0, _) if micros == 1_000_000 => Precision::Second,
        (_, 0) => Precision::Millisecond,
        _ => Precision::Microsecond,
    };
    Some((total, precision))
}

impl FromStr for DatePattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let items = items::from_text(text).map_err(PatternError)?;
        Ok(Self { text: text.to_owned(), items })
    }
}

impl TryFrom<String> for DatePattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<DatePattern> for String {
    fn from(pattern: DatePattern) -> Self {
        pattern.text
    }
}

impl fmt::Display for DatePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl JsonSchema for DatePattern {
    fn schema_name() -> Cow<'static, str> {
        "DatePattern".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "minLength": 1,
            "examples": ["dd/MM/yyyy", "yyyy-MM-dd HH:mm", "%d/%m/%Y %H:%M"]
        })
    }
}
