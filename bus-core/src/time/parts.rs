//! What a text says of a date and time, piece by piece.

use super::{Clash, Zone};
use crate::record::{Precision, Timestamp};
use jiff::{
    civil::{Date, ISOWeekDate, Time, Weekday},
    tz::Offset,
};

#[derive(Debug, Clone, Default)]
pub(super) struct Parts {
    pub(super) year: Option<i16>,
    pub(super) month: Option<i8>,
    pub(super) day: Option<i8>,
    pub(super) day_of_year: Option<i16>,
    pub(super) week_year: Option<i16>,
    pub(super) week: Option<i8>,
    /// 1 is Monday.
    pub(super) weekday: Option<i8>,
    pub(super) hour: Option<i8>,
    /// Afternoon; then `hour` counts to 12.
    pub(super) afternoon: Option<bool>,
    pub(super) minute: Option<i8>,
    pub(super) second: Option<i8>,
    /// Nanoseconds and the number of digits given.
    pub(super) fraction: Option<(i32, u8)>,
    /// Minutes east of UTC.
    pub(super) offset: Option<i16>,
    pub(super) zone: Option<Zone>,
    /// Microseconds since the Unix epoch; everything else is then ignored.
    pub(super) unix: Option<(i64, Precision)>,
}

/// Two-digit years up to this are of the 21st century, later ones of the 20th (as in POSIX).
const PIVOT: i16 = 68;

/// The year that two digits stand for.
pub(super) const fn full_year(two_digits: i16) -> i16 {
    if two_digits <= PIVOT { 2000 + two_digits } else { 1900 + two_digits }
}

impl Parts {
    /// The time these parts say; `None` if they are no date, or contradict each other.
    ///
    /// With `partial` a month or a year alone means its first day.
    pub(super) fn time(&self, partial: bool) -> Option<Timestamp> {
        if let Some((micros, precision)) = self.unix {
            return Some(Timestamp::at(micros, 0, precision));
        }
        let date = self.date(partial)?;
        let Some(hour) = self.hour else {
            // a clock without an hour is no time; a zone on a date says nothing
            return (self.minute.is_none() && self.second.is_none())
                .then(|| Some(Timestamp::local(micros_of(date, Time::midnight())?, Precision::Day)))?;
        };
        let (hour, next_day) = self.hour_of_day(hour)?;
        let (nanos, precision) = match (self.fraction, self.second) {
            (Some((nanos, 0..=3)), _) => (nanos, Precision::Millisecond),
            (Some((nanos, _)), _) => (nanos, Precision::Microsecond),
            (None, Some(_)) => (0, Precision::Second),
            (None, None) => (0, Precision::Minute),
        };
        // a leap second is the last second of its minute on clocks that do not count it
        let second = self.second.unwrap_or(0);
        let second = if second == 60 { 59 } else { second };
        let time = Time::new(hour, self.minute.unwrap_or(0), second, nanos / 1_000 * 1_000).ok()?;
        if next_day && time != Time::midnight() {
            return None;
        }
        let date = if next_day { date.tomorrow().ok()? } else { date };
        let local = micros_of(date, time)?;
        match (self.offset, &self.zone) {
            (Some(offset), _) => {
                Some(Timestamp::at(local - i64::from(offset) * 60_000_000, offset, precision))
            }
            (None, Some(zone)) => zone.place(Timestamp::local(local, precision), Clash::Usual).ok(),
            (None, None) => Some(Timestamp::local(local, precision)),
        }
    }

    /// The hour from 0 to 23, and whether it is 24:00, which is 0:00 of the next day.
    fn hour_of_day(&self, hour: i8) -> Option<(i8, bool)> {
        match self.afternoon {
            Some(afternoon) => {
                (1..=12).contains(&hour).then_some((hour % 12 + if afternoon { 12 } else { 0 }, false))
            }
            None if hour == 24 => Some((0, true)),
            None => Some((hour, false)),
        }
    }

    fn date(&self, partial: bool) -> Option<Date> {
        let weekday = match self.weekday {
            Some(day) => Some(Weekday::from_monday_one_offset(day).ok()?),
            None => None,
        };
        if let (Some(year), Some(week)) = (self.week_year, self.week) {
            let day = weekday.or(partial.then_some(Weekday::Monday))?;
            return Some(ISOWeekDate::new(year, week, day).ok()?.date());
        }
        let year = self.year?;
        let date = match (self.day_of_year, self.month, self.day) {
            (Some(day), ..) => {
                let date = Date::new(year, 1, 1).ok()?.with().day_of_year(day).build().ok()?;
                let said = |said: Option<i8>, is: i8| said.is_none_or(|said| said == is);
                (said(self.month, date.month()) && said(self.day, date.day())).then_some(date)?
            }
            (None, Some(month), Some(day)) => Date::new(year, month, day).ok()?,
            (None, Some(month), None) if partial => Date::new(year, month, 1).ok()?,
            (None, None, None) if partial => Date::new(year, 1, 1).ok()?,
            _ => return None,
        };
        weekday.is_none_or(|weekday| weekday == date.weekday()).then_some(date)
    }
}

fn micros_of(date: Date, time: Time) -> Option<i64> {
    Some(Offset::UTC.to_timestamp(date.to_datetime(time)).ok()?.as_microsecond())
}
