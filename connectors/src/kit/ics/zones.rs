//! Time zones of a calendar: IANA names, the names Windows gives, and the calendar's own VTIMEZONEs.

use super::line::Line;
use bus_core::record::{Precision, Timestamp};
use jiff::{
    civil::{Date, DateTime, Weekday},
    tz::TimeZone,
};
use rustc_hash::FxHashMap;

/// The zones met so far.
#[derive(Debug, Default)]
pub(super) struct Zones {
    own: FxHashMap<String, Vec<Observance>>,
    known: FxHashMap<String, Option<TimeZone>>,
}

/// Standard or daylight time of a VTIMEZONE.
#[derive(Debug, Clone, Default)]
pub(super) struct Observance {
    daylight: bool,
    start: Option<DateTime>,
    offset: i16,
    /// Month, which weekday of it (from 1, or -1 for the last), which weekday.
    yearly: Option<(i8, i8, Weekday)>,
    until: Option<DateTime>,
}

/// Windows names that French calendars hold, and the zone of their main place (CLDR windowsZones).
const WINDOWS: [(&str, &str); 20] = [
    ("Romance Standard Time", "Europe/Paris"),
    ("W. Europe Standard Time", "Europe/Berlin"),
    ("Central Europe Standard Time", "Europe/Budapest"),
    ("Central European Standard Time", "Europe/Warsaw"),
    ("GMT Standard Time", "Europe/London"),
    ("Greenwich Standard Time", "Atlantic/Reykjavik"),
    ("E. Europe Standard Time", "Europe/Chisinau"),
    ("FLE Standard Time", "Europe/Kiev"),
    ("GTB Standard Time", "Europe/Bucharest"),
    ("Russian Standard Time", "Europe/Moscow"),
    ("Turkey Standard Time", "Europe/Istanbul"),
    ("Eastern Standard Time", "America/New_York"),
    ("Central Standard Time", "America/Chicago"),
    ("Mountain Standard Time", "America/Denver"),
    ("Pacific Standard Time", "America/Los_Angeles"),
    ("SA Western Standard Time", "America/Guadeloupe"),
    ("SA Eastern Standard Time", "America/Cayenne"),
    ("Mauritius Standard Time", "Indian/Reunion"),
    ("Tokyo Standard Time", "Asia/Tokyo"),
    ("UTC", "UTC"),
];

impl Zones {
    pub(super) fn add(&mut self, name: String, observances: Vec<Observance>) {
        self.own.insert(name, observances);
    }

    /// The time `text` (`20260328T073000`, with or without `Z`, or a date) in the zone named.
    pub(super) fn time(&mut self, text: &str, zone: Option<&str>) -> Option<Timestamp> {
        let (date, clock) = match text.split_once(['T', 't']) {
            Some((date, clock)) => (date, Some(clock)),
            None => (text, None),
        };
        let date = self::date(date)?;
        let Some(clock) = clock else {
            return Some(Timestamp::local(micros(date.at(0, 0, 0, 0))?, Precision::Day));
        };
        let (clock, universal) = match clock.strip_suffix(['Z', 'z']) {
            Some(clock) => (clock, true),
            None => (clock, false),
        };
        let at = date_time(date, clock)?;
        let local = micros(at)?;
        let offset = if universal { Some(0) } else { zone.and_then(|zone| self.offset(zone, at)) };
        Some(match offset {
            Some(offset) => Timestamp::at(local - i64::from(offset) * 60_000_000, offset, Precision::Second),
            None => Timestamp::local(local, Precision::Second),
        })
    }

    /// Minutes east of UTC in the zone at a local time.
    fn offset(&mut self, name: &str, at: DateTime) -> Option<i16> {
        if !self.known.contains_key(name) {
            self.known.insert(name.to_owned(), find(name));
        }
        if let Some(Some(zone)) = self.known.get(name) {
            let instant = zone.to_ambiguous_timestamp(at).compatible().ok()?;
            return i16::try_from(zone.to_offset(instant).seconds() / 60).ok();
        }
        let observances = self.own.get(name)?;
        let latest = observances
            .iter()
            .filter_map(|one| Some((one.onset_before(at)?, one)))
            .max_by_key(|(onset, _)| *onset);
        let chosen = latest.map(|(_, one)| one).or_else(|| observances.iter().find(|one| !one.daylight));
        chosen.or_else(|| observances.first()).map(|one| one.offset)
    }
}

/// A zone of the IANA database; some programs put words before its name.
fn find(name: &str) -> Option<TimeZone> {
    let name = name.trim_matches('"');
    let iana = WINDOWS.iter().find(|(windows, _)| *windows == name).map_or(name, |(_, iana)| iana);
    let parts: Vec<&str> = iana.split('/').filter(|part| !part.is_empty()).collect();
    let tails = (0..parts.len()).filter_map(|from| parts.get(from..));
    tails
        .filter(|tail| tail.len() > 1 || parts.len() == 1)
        .find_map(|tail| TimeZone::get(&tail.join("/")).ok())
}

impl Observance {
    pub(super) fn new(lines: &[Line], daylight: bool) -> Self {
        let find = |name: &str| lines.iter().find(|line| line.name == name).map(|line| line.value.as_str());
        let start = find("DTSTART").and_then(local);
        let offset = find("TZOFFSETTO").and_then(offset_of).unwrap_or_default();
        let rule = find("RRULE").unwrap_or_default();
        let part = |name: &str| {
            rule.split(';')
                .filter_map(|part| part.split_once('='))
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value)
        };
        let month =
            part("BYMONTH").and_then(|month| month.parse().ok()).or_else(|| start.map(DateTime::month));
        let yearly = part("BYDAY").and_then(weekday).zip(month).map(|((nth, day), month)| (month, nth, day));
        Self { daylight, start, offset, yearly, until: part("UNTIL").and_then(local) }
    }

    /// When it last began before or at `at`.
    fn onset_before(&self, at: DateTime) -> Option<DateTime> {
        let start = self.start?;
        let Some((month, nth, day)) = self.yearly else { return (start <= at).then_some(start) };
        [at.year(), at.year() - 1]
            .into_iter()
            .filter_map(|year| Date::new(year, month, 1).ok()?.nth_weekday_of_month(nth, day).ok())
            .map(|date| date.to_datetime(start.time()))
            .find(|onset| *onset <= at && *onset >= start && self.until.is_none_or(|until| *onset <= until))
    }
}

fn weekday(text: &str) -> Option<(i8, Weekday)> {
    let (nth, day) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let day = match day {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    };
    Some((if nth.is_empty() { 1 } else { nth.parse().ok()? }, day))
}

/// `+0130` in minutes.
fn offset_of(text: &str) -> Option<i16> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("-", digits) => (-1, digits),
        ("+", digits) => (1, digits),
        _ => return None,
    };
    let hours: i16 = digits.get(..2)?.parse().ok()?;
    let minutes: i16 = digits.get(2..4)?.parse().ok()?;
    Some(sign * (hours * 60 + minutes))
}

fn local(text: &str) -> Option<DateTime> {
    match text.split_once('T') {
        Some((day, clock)) => date_time(date(day)?, clock.trim_end_matches('Z')),
        None => Some(date(text)?.at(0, 0, 0, 0)),
    }
}

fn date(text: &str) -> Option<Date> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Date::new(text.get(..4)?.parse().ok()?, text.get(4..6)?.parse().ok()?, text.get(6..)?.parse().ok()?).ok()
}

fn date_time(date: Date, clock: &str) -> Option<DateTime> {
    if clock.len() != 6 || !clock.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize| clock.get(from..from + 2)?.parse::<i8>().ok();
    // a leap second is the last one of its minute
    DateTime::new(date.year(), date.month(), date.day(), number(0)?, number(2)?, number(4)?.min(59), 0).ok()
}

fn micros(at: DateTime) -> Option<i64> {
    Some(TimeZone::UTC.to_timestamp(at).ok()?.as_microsecond())
}
