//! Times in cron's form.

mod words;

use crate::{Message, msg};
use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};
use std::{collections::BTreeSet, str::FromStr};

/// Times in cron's form: minute, hour, day of the month, month, day of the week.
///
/// Each field is `*`, numbers, ranges `a-b`, steps `*/n` and `a-b/n`, and lists of these; months and days of the
/// week also by their English names of three letters, Sunday as 0 or 7, the last day of the month as `L`. If both
/// days are given, either will do, as in cron. `@hourly`, `@daily`, `@weekly`, `@monthly` and `@yearly` are short
/// for what they say.
///
/// Where a clock is put forward or back:
/// - a schedule of every hour (`*` as its hour) fires in every hour that passes, also in both that are called the
///   same, and not in one that is left out;
/// - any other fires once for each local time it names: at the first of two, and as much later as the clock was put
///   forward for a time that is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    minutes: Field,
    hours: Field,
    days: Field,
    months: Field,
    weekdays: Field,
}

/// The numbers a field names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Field {
    /// One bit a number.
    set: u64,
    /// Whether it begins with `*`: it does not narrow down.
    any: bool,
}

impl Field {
    fn has(self, number: i8) -> bool {
        u32::try_from(number).is_ok_and(|number| self.set & (1 << number) != 0)
    }

    fn numbers(self) -> impl Iterator<Item = i8> {
        (0..64).filter(move |number| self.has(*number))
    }

    fn is_every(self, least: i8, most: i8) -> bool {
        (least..=most).all(|number| self.has(number))
    }
}

/// The bit of the last day of the month.
const LAST: i8 = 32;

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Least, most and names of each field.
const FIELDS: [(u32, u32, &[&str]); 5] =
    [(0, 59, &[]), (0, 23, &[]), (1, 31, &[]), (1, 12, MONTHS), (0, 7, DAYS)];

/// The short forms and what they stand for.
const SHORT: &[(&str, &str)] = &[
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
];

/// The 29th of February on a given day of the week comes within 40 years, also over a year 2100 without one.
const DAYS_AHEAD: usize = 366 * 41;

impl FromStr for Cron {
    type Err = Message;

    fn from_str(text: &str) -> Result<Self, Message> {
        let text = text.trim();
        if text.starts_with('@') {
            let Some((_, meant)) = SHORT.iter().find(|(short, _)| short.eq_ignore_ascii_case(text)) else {
                let known: Vec<String> = SHORT.iter().map(|(short, _)| format!("`{short}`")).collect();
                return Err(msg!(
                    "`{text}` is not a time: known are {names}",
                    text = text,
                    names = known.join(", ")
                ));
            };
            return meant.parse();
        }
        let fields: Vec<&str> = text.split_whitespace().collect();
        if fields.len() != 5 {
            return Err(msg!("`{cron}` has {count} fields, not five", cron = text, count = fields.len()));
        }
        let mut read = Vec::with_capacity(5);
        for (place, (field, (least, most, names))) in fields.into_iter().zip(FIELDS).enumerate() {
            let parsed = self::field(field, least, most, names, place == 2);
            read.push(parsed.ok_or_else(|| {
                msg!(
                    "`{field}` is not a time: numbers from {least} to {most}, `*`, `a-b`, `*/n`",
                    field = field,
                    least = least,
                    most = most
                )
            })?);
        }
        let [minutes, hours, days, months, weekdays] = *read.as_slice() else {
            return Err(msg!("`{cron}` has {count} fields, not five", cron = text, count = read.len()));
        };
        // Sunday goes by two numbers
        let sunday = if weekdays.has(7) { 1 } else { 0 };
        let weekdays = Field { set: (weekdays.set | sunday) & 0x7f, ..weekdays };
        let cron = Self { minutes, hours, days, months, weekdays };
        if cron.comes() { Ok(cron) } else { Err(msg!("`{cron}` never comes", cron = text)) }
    }
}

/// Reads one field; `None` if it is none.
fn field(text: &str, least: u32, most: u32, names: &[&str], of_month: bool) -> Option<Field> {
    let mut set = 0;
    for part in text.split(',') {
        if of_month && part.eq_ignore_ascii_case("l") {
            set |= 1 << LAST;
            continue;
        }
        set |= self::part(part, least, most, names)?;
    }
    Some(Field { set, any: text.starts_with('*') })
}

fn part(part: &str, least: u32, most: u32, names: &[&str]) -> Option<u64> {
    let (range, every) = match part.split_once('/') {
        Some((range, every)) => (range, Some(digits(every).filter(|every| (1..=most).contains(every))?)),
        None => (part, None),
    };
    let number = |text: &str| {
        let named = names.iter().position(|name| text.eq_ignore_ascii_case(name));
        let named = named.and_then(|place| Some(u32::try_from(place).ok()? + least));
        named.or_else(|| digits(text)).filter(|number| (least..=most).contains(number))
    };
    let (from, to) = match range.split_once('-') {
        // 7 is Sunday again
        _ if range == "*" => (least, if names == DAYS { 6 } else { most }),
        Some((from, to)) => (number(from)?, number(to)?),
        None if every.is_some() => return None,
        None => (number(range)?, number(range)?),
    };
    let step = usize::try_from(every.unwrap_or(1)).ok()?;
    (from <= to).then(|| (from..=to).step_by(step).fold(0, |set, number| set | 1 << number))
}

/// A number of nothing but digits.
fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

impl Cron {
    /// The first time after `after` that the schedule names on the clocks of `zone`; `None` beyond the years that can
    /// be held.
    #[must_use]
    pub fn next_after(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        if self.is_hourly() { self.next_hourly(after, zone) } else { self.next_fixed(after, zone) }
    }

    /// Whether it fires in every hour that passes.
    #[must_use]
    pub fn is_hourly(&self) -> bool {
        self.hours.is_every(0, 23)
    }

    /// Whether it names a day.
    fn is_on(&self, date: Date) -> bool {
        let last = date.day() == date.days_in_month() && self.days.has(LAST);
        let by_day = last || self.days.has(date.day());
        let by_weekday = self.weekdays.has(date.weekday().to_sunday_zero_offset());
        let on = if self.days.any || self.weekdays.any { by_day && by_weekday } else { by_day || by_weekday };
        on && self.months.has(date.month())
    }

    /// Whether there is any day it names: there is no 30th of February.
    fn comes(&self) -> bool {
        let longest = |month: i8| match month {
            2 => 29,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let by_day = || {
            self.days.has(LAST)
                || self.months.numbers().any(|month| self.days.numbers().any(|day| day <= longest(month)))
        };
        !(self.days.any || self.weekdays.any) || by_day()
    }

    /// Walks over the minutes that pass, over days it does not name at once.
    fn next_hourly(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut minute = after.as_second().div_euclid(60).checked_add(1)?;
        for _ in 0..DAYS_AHEAD {
            let first = zone.to_datetime(at_minute(minute)?);
            if !self.is_on(first.date()) {
                let next = first.date().tomorrow().ok()?.at(0, 0, 0, 0);
                let next = instant(next, zone)?.as_second().div_euclid(60);
                // a clock put back over midnight shows the day before again
                minute = next.max(minute.checked_add(1)?);
                continue;
            }
            let date = first.date();
            loop {
                let moment = at_minute(minute)?;
                let shown = zone.to_datetime(moment);
                if shown.date() != date {
                    break;
                }
                if self.minutes.has(shown.minute()) {
                    return Some(moment);
                }
                minute = minute.checked_add(1)?;
            }
        }
        None
    }

    /// Walks over the days, and over the times it names of each.
    fn next_fixed(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        // a time left out on the day before may come on this one
        let mut date = zone.to_datetime(after).date().yesterday().ok()?;
        for _ in 0..DAYS_AHEAD {
            if self.is_on(date) {
                let times = self.times().filter_map(|time| instant(DateTime::from_parts(date, time), zone));
                if let Some(first) = times.filter(|moment| *moment > after).min() {
                    return Some(first);
                }
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    fn times(&self) -> impl Iterator<Item = Time> {
        self.hours.numbers().flat_map(move |hour| {
            self.minutes.numbers().filter_map(move |minute| Time::new(hour, minute, 0, 0).ok())
        })
    }

    /// The times from `after` on, without end but that of the years that can be held.
    pub fn times_after<'a>(
        &'a self,
        after: Timestamp,
        zone: &'a TimeZone,
    ) -> impl Iterator<Item = Timestamp> + 'a {
        std::iter::successors(self.next_after(after, zone), move |last| self.next_after(*last, zone))
    }

    /// The months it names, if not all.
    fn some_months(&self) -> Option<BTreeSet<i8>> {
        (!self.months.is_every(1, 12)).then(|| self.months.numbers().collect())
    }
}

fn at_minute(minute: i64) -> Option<Timestamp> {
    Timestamp::from_second(minute.checked_mul(60)?).ok()
}

/// The instant of a local time: the first of two, as much later as the clock was put forward.
fn instant(time: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_ambiguous_timestamp(time).compatible().ok()
}

#[cfg(test)]
mod tests;
