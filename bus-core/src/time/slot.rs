use super::{Clash, Zone};
use crate::{
    Message, msg,
    record::{Precision, Timestamp},
    text,
};
use jiff::{
    ToSpan,
    civil::{Date, DateTime, Weekday},
    tz::Offset,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, num::NonZeroU32, str::FromStr};

/// A stretch of the calendar that repeats: 10 minutes, an hour, a day, a quarter.
///
/// Written as `10min`, `1h`, `1 day`, `3 mois`, or as an ISO 8601 duration of one unit (`PT10M`, `P1D`).
/// Slots of seconds, minutes and hours start at midnight of their zone, weeks on Monday, months and longer at
/// the first day of the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slot {
    count: NonZeroU32,
    unit: SlotUnit,
}

/// What a [`Slot`] is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SlotUnit {
    /// Seconds.
    Second,
    /// Minutes.
    Minute,
    /// Hours.
    Hour,
    /// Days from midnight to midnight, be they 23, 24 or 25 hours long.
    Day,
    /// Weeks from Monday to Monday.
    Week,
    /// Calendar months.
    Month,
    /// Quarters: January, April, July, October.
    Quarter,
    /// Calendar years.
    Year,
}

/// Why a text is not a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotError(Message);

impl SlotError {
    /// What is wrong and what to do.
    #[must_use]
    pub const fn message(&self) -> &Message {
        &self.0
    }
}

impl fmt::Display for SlotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for SlotError {}

const SECOND: i64 = 1_000_000;

impl Slot {
    /// `count` units.
    #[must_use]
    pub const fn new(count: NonZeroU32, unit: SlotUnit) -> Self {
        Self { count, unit }
    }

    /// One unit.
    #[must_use]
    pub const fn one(unit: SlotUnit) -> Self {
        Self { count: NonZeroU32::MIN, unit }
    }

    /// How many units.
    #[must_use]
    pub const fn count(self) -> NonZeroU32 {
        self.count
    }

    /// The unit.
    #[must_use]
    pub const fn unit(self) -> SlotUnit {
        self.unit
    }

    /// Where the slot that holds `time` starts.
    ///
    /// With a zone, an instant counts by the clocks of that zone; without one, by its own offset. Local times
    /// and dates count by their own clock. `None` beyond the years that can be held.
    #[must_use]
    pub fn start(self, time: Timestamp, zone: Option<&Zone>) -> Option<Timestamp> {
        let time = zone.map_or(time, |zone| zone.show(time));
        match self.clock_micros() {
            // within an hour the clock runs straight, also while it is put back
            Some(micros) if 3_600 * SECOND % micros == 0 => {
                let local = time.micros() + i64::from(time.offset().unwrap_or(0)) * 60 * SECOND;
                Some(with_micros(time, time.micros() - local.rem_euclid(micros), Precision::Second))
            }
            Some(micros) => {
                let at = time.civil();
                let of_day = micros_of_day(at);
                let start = of_day - of_day % micros;
                let midnight = at.date().at(0, 0, 0, 0);
                relocate(midnight.checked_add(start.microseconds()).ok()?, time, zone, Precision::Second)
            }
            None => {
                let date = self.first_day(time.civil().date())?;
                relocate(date.at(0, 0, 0, 0), time, zone, Precision::Second)
            }
        }
    }

    /// Where the slot after the one that starts at `start` starts.
    #[must_use]
    pub fn next(self, start: Timestamp, zone: Option<&Zone>) -> Option<Timestamp> {
        self.step(start, 1, zone)
    }

    /// Where the slot `steps` after (or, if negative, before) the one that starts at `start` starts.
    ///
    /// Seconds, minutes and hours that divide an hour count real time; longer slots follow the clocks of the
    /// zone, so that a day is 23 or 25 hours long when the clock is changed.
    #[must_use]
    pub fn step(self, start: Timestamp, steps: i64, zone: Option<&Zone>) -> Option<Timestamp> {
        let count = i64::from(self.count.get()).checked_mul(steps)?;
        if let Some(micros) = self.clock_micros()
            && 3_600 * SECOND % micros == 0
        {
            let moved = start.micros().checked_add(micros.checked_mul(steps)?)?;
            jiff::Timestamp::from_microsecond(moved).ok()?;
            let moved = with_micros(start, moved, start.precision());
            return Some(zone.map_or(moved, |zone| zone.show(moved)));
        }
        let start = zone.map_or(start, |zone| zone.show(start));
        let span = match self.unit {
            SlotUnit::Second => jiff::Span::new().try_seconds(count),
            SlotUnit::Minute => jiff::Span::new().try_minutes(count),
            SlotUnit::Hour => jiff::Span::new().try_hours(count),
            SlotUnit::Day => jiff::Span::new().try_days(count),
            SlotUnit::Week => jiff::Span::new().try_weeks(count),
            SlotUnit::Month => jiff::Span::new().try_months(count),
            SlotUnit::Quarter => jiff::Span::new().try_months(count.checked_mul(3)?),
            SlotUnit::Year => jiff::Span::new().try_years(count),
        };
        relocate(start.civil().checked_add(span.ok()?).ok()?, start, zone, start.precision())
    }

    /// The length, if it is one of the clock.
    fn clock_micros(self) -> Option<i64> {
        let unit = match self.unit {
            SlotUnit::Second => SECOND,
            SlotUnit::Minute => 60 * SECOND,
            SlotUnit::Hour => 3_600 * SECOND,
            SlotUnit::Day | SlotUnit::Week | SlotUnit::Month | SlotUnit::Quarter | SlotUnit::Year => {
                return None;
            }
        };
        Some(unit * i64::from(self.count.get()))
    }

    /// The first day of the slot that holds `date`.
    fn first_day(self, date: Date) -> Option<Date> {
        let count = i32::try_from(self.count.get()).ok()?;
        match self.unit {
            SlotUnit::Week => {
                let monday =
                    date.checked_sub(i64::from(date.weekday().since(Weekday::Monday)).days()).ok()?;
                let weeks = days_since_epoch(monday).div_euclid(7);
                monday.checked_sub(weeks.rem_euclid(i64::from(count)).weeks()).ok()
            }
            SlotUnit::Month | SlotUnit::Quarter => {
                let months = if self.unit == SlotUnit::Quarter { count.checked_mul(3)? } else { count };
                let index = i32::from(date.year()) * 12 + i32::from(date.month()) - 1;
                let first = index - index.rem_euclid(months);
                let month = i8::try_from(first.rem_euclid(12) + 1).ok()?;
                Date::new(i16::try_from(first.div_euclid(12)).ok()?, month, 1).ok()
            }
            SlotUnit::Year => {
                let year = i32::from(date.year());
                Date::new(i16::try_from(year - year.rem_euclid(count)).ok()?, 1, 1).ok()
            }
            SlotUnit::Day | SlotUnit::Second | SlotUnit::Minute | SlotUnit::Hour => {
                date.checked_sub(days_since_epoch(date).rem_euclid(i64::from(count)).days()).ok()
            }
        }
    }
}

fn days_since_epoch(date: Date) -> i64 {
    (date - Date::constant(1970, 1, 1)).get_days().into()
}

fn micros_of_day(at: DateTime) -> i64 {
    let seconds = i64::from(at.hour()) * 3_600 + i64::from(at.minute()) * 60 + i64::from(at.second());
    seconds * SECOND + i64::from(at.subsec_nanosecond()) / 1_000
}

/// `time` moved to `micros`, at least as precise as `precision` unless it is a date.
fn with_micros(time: Timestamp, micros: i64, precision: Precision) -> Timestamp {
    match time.offset() {
        Some(offset) => Timestamp::at(micros, offset, precision),
        None => Timestamp::local(micros, if time.is_date() { Precision::Day } else { precision }),
    }
}

/// The local time `at` as a time of the kind of `like`: an instant in the zone (or at its own offset), or local.
fn relocate(at: DateTime, like: Timestamp, zone: Option<&Zone>, precision: Precision) -> Option<Timestamp> {
    let local = Offset::UTC.to_timestamp(at).ok()?.as_microsecond();
    match (like.offset(), zone) {
        (None, _) => Some(Timestamp::local(local, if like.is_date() { Precision::Day } else { precision })),
        (Some(_), Some(zone)) => zone.place(Timestamp::local(local, precision), Clash::Usual).ok(),
        (Some(offset), None) => {
            Some(Timestamp::at(local - i64::from(offset) * 60 * SECOND, offset, precision))
        }
    }
}

impl FromStr for Slot {
    type Err = SlotError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read(text.trim()).ok_or_else(|| {
            SlotError(msg!(
                "`{slot}` is no stretch of time; write for example `10min`, `1h`, `1 day`, `1 month` or `PT10M`",
                slot = text
            ))
        })
    }
}

fn read(text: &str) -> Option<Slot> {
    if let Some(iso) = text.strip_prefix('P') {
        let (rest, clock) = iso.strip_prefix('T').map_or((iso, false), |rest| (rest, true));
        let unit = match (rest.chars().last()?, clock) {
            ('S', true) => SlotUnit::Second,
            ('M', true) => SlotUnit::Minute,
            ('H', true) => SlotUnit::Hour,
            ('D', false) => SlotUnit::Day,
            ('W', false) => SlotUnit::Week,
            ('M', false) => SlotUnit::Month,
            ('Y', false) => SlotUnit::Year,
            _ => return None,
        };
        return Some(Slot { count: rest.get(..rest.len() - 1)?.parse().ok()?, unit });
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (count, word) = text.split_at(digits);
    let count = if count.is_empty() { NonZeroU32::MIN } else { count.parse().ok()? };
    let unit = match text::plain(word.trim()).to_lowercase().as_str() {
        "s" | "sec" | "second" | "seconds" | "seconde" | "secondes" => SlotUnit::Second,
        "m" | "min" | "mn" | "minute" | "minutes" => SlotUnit::Minute,
        "h" | "hour" | "hours" | "heure" | "heures" => SlotUnit::Hour,
        "d" | "j" | "day" | "days" | "jour" | "jours" => SlotUnit::Day,
        "w" | "week" | "weeks" | "semaine" | "semaines" => SlotUnit::Week,
        "month" | "months" | "mois" => SlotUnit::Month,
        "quarter" | "quarters" | "trimestre" | "trimestres" => SlotUnit::Quarter,
        "y" | "year" | "years" | "an" | "ans" | "annee" | "annees" => SlotUnit::Year,
        _ => return None,
    };
    Some(Slot { count, unit })
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, letter, factor) = match self.unit {
            SlotUnit::Second => ("PT", 'S', 1),
            SlotUnit::Minute => ("PT", 'M', 1),
            SlotUnit::Hour => ("PT", 'H', 1),
            SlotUnit::Day => ("P", 'D', 1),
            SlotUnit::Week => ("P", 'W', 1),
            SlotUnit::Month => ("P", 'M', 1),
            SlotUnit::Quarter => ("P", 'M', 3),
            SlotUnit::Year => ("P", 'Y', 1),
        };
        write!(f, "{before}{}{letter}", u64::from(self.count.get()) * factor)
    }
}

impl TryFrom<String> for Slot {
    type Error = SlotError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Slot> for String {
    fn from(slot: Slot) -> Self {
        slot.to_string()
    }
}

impl JsonSchema for Slot {
    fn schema_name() -> Cow<'static, str> {
        "Slot".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "examples": ["10min", "1h", "1 day", "1 month", "PT30M"] })
    }
}
