//! Times, dates and durations: the accessors of CEL, and what calendars need.

use super::{Args, Function, Group, function};
use crate::{
    expression::{
        duration::Duration,
        error::Fail,
        eval::Evaluated,
        ops::{in_range, moved},
        value::Val,
    },
    msg,
    record::{Precision, Timestamp},
    time::{Clash, Hints, SlotUnit, Zone, parse_any},
};
use jiff::civil::{Date, DateTime};

const TIME: Group = Group::Time;

pub(super) const TABLE: &[Function] = &[
    function(
        TIME,
        ("parse_date(text, [pattern], [zone])", 1, 3),
        (
            "A date or time from text: in any French, English or ISO form, or in the form of a pattern such as dd/MM/yyyy HH:mm; a time without offset is of the zone, where one is given.",
            r#"parse_date("28 mars 2026 à 14h05", "", "Europe/Paris")"#,
            r#""2026-03-28T14:05+01:00""#,
        ),
        parse_date,
    ),
    function(
        TIME,
        ("format_date(time, pattern, [language])", 2, 3),
        (
            "A time in the form of a pattern such as EEEE d MMMM yyyy, in French (fr) or English (en).",
            r#"format_date(timestamp("2026-03-28T14:05:00Z"), "EEEE d MMMM yyyy")"#,
            r#""samedi 28 mars 2026""#,
        ),
        |args| {
            let (pattern, language) = (args.date_pattern(1)?, args.language(2)?);
            let text = pattern.write(args.time(0)?, language);
            args.made(text)
        },
    ),
    function(
        TIME,
        ("to_zone(time, zone)", 2, 2),
        (
            "The same instant as the clocks of a zone show it; a time without offset is taken as one of that zone.",
            r#"to_zone(timestamp("2026-03-28T23:30:00Z"), "Europe/Paris")"#,
            r#""2026-03-29T00:30:00+01:00""#,
        ),
        |args| {
            let zone = args.zone(1)?;
            placed(args, args.time(0)?, &zone).map(Val::Time)
        },
    ),
    function(
        TIME,
        ("start_of(time, unit, [zone])", 2, 3),
        (
            "Where the stretch of the calendar begins that the time lies in: day, week, month, quarter, year, 1h, 15min…",
            r#"start_of(timestamp("2026-03-28T23:30:00Z"), "day", "Europe/Paris")"#,
            r#""2026-03-29T00:00:00+01:00""#,
        ),
        |args| {
            let slot = args.slot(1)?;
            let zone = if args.given(2) { Some(args.zone(2)?) } else { None };
            slot.start(args.time(0)?, zone.as_deref()).map(Val::Time).ok_or_else(|| beyond(args))
        },
    ),
    function(
        TIME,
        ("add(time, count, unit, [zone])", 3, 4),
        (
            "The time so many days, months, hours… later (earlier if negative); in a zone, days and longer follow its clocks.",
            r#"add(timestamp("2026-01-31"), 1, "month")"#,
            r#""2026-02-28""#,
        ),
        add,
    ),
    function(
        TIME,
        ("difference(later, earlier, unit)", 3, 3),
        (
            "How long it is from one time to another, in seconds, minutes, hours, days, weeks, or whole months or years.",
            r#"difference(timestamp("2026-03-28"), timestamp("2026-03-01"), "day")"#,
            "27",
        ),
        difference,
    ),
    function(
        TIME,
        ("is_weekend(time, [zone])", 1, 2),
        ("Whether it is a Saturday or Sunday.", r#"is_weekend(timestamp("2026-03-28"))"#, "true"),
        |args| on_a_day(args, |day| day.weekday().to_monday_one_offset() >= 6),
    ),
    function(
        TIME,
        ("is_holiday(time, [zone])", 1, 2),
        (
            "Whether it is a public holiday of metropolitan France.",
            r#"is_holiday(timestamp("2026-04-06"))"#,
            "true",
        ),
        |args| on_a_day(args, is_holiday),
    ),
    function(
        TIME,
        ("year(time, [zone])", 1, 2),
        ("The year, by the time's own clock or that of a zone.", r#"year(timestamp("2026-03-28"))"#, "2026"),
        |args| part(args, |at| i64::from(at.year())),
    ),
    function(
        TIME,
        ("quarter(time, [zone])", 1, 2),
        ("The quarter of the year, from 1 to 4.", r#"quarter(timestamp("2026-05-28"))"#, "2"),
        |args| part(args, |at| (i64::from(at.month()) + 2) / 3),
    ),
    function(
        TIME,
        ("month(time, [zone])", 1, 2),
        ("The month, from 1 to 12.", r#"month(timestamp("2026-03-28"))"#, "3"),
        |args| part(args, |at| i64::from(at.month())),
    ),
    function(
        TIME,
        ("week(time, [zone])", 1, 2),
        ("The ISO week of the year, from 1 to 53.", r#"week(timestamp("2026-03-28"))"#, "13"),
        |args| part(args, |at| i64::from(at.date().iso_week_date().week())),
    ),
    function(
        TIME,
        ("day(time, [zone])", 1, 2),
        ("The day of the month, from 1 to 31.", r#"day(timestamp("2026-03-28"))"#, "28"),
        |args| part(args, |at| i64::from(at.day())),
    ),
    function(
        TIME,
        ("weekday(time, [zone])", 1, 2),
        ("The day of the week, from 1 (Monday) to 7 (Sunday).", r#"weekday(timestamp("2026-03-28"))"#, "6"),
        |args| part(args, |at| i64::from(at.weekday().to_monday_one_offset())),
    ),
    function(
        TIME,
        ("hour(time, [zone])", 1, 2),
        (
            "The hour, by the time's own clock or that of a zone.",
            r#"hour(timestamp("2026-03-28T14:05:00+01:00"))"#,
            "14",
        ),
        |args| part(args, |at| i64::from(at.hour())),
    ),
    function(
        TIME,
        ("minute(time, [zone])", 1, 2),
        ("The minute of the hour.", r#"minute(timestamp("2026-03-28T14:05:00Z"))"#, "5"),
        |args| part(args, |at| i64::from(at.minute())),
    ),
    function(
        TIME,
        ("getFullYear(time, [zone])", 1, 2),
        (
            "The year in universal time or in a zone.",
            r#"timestamp("2026-03-28T14:05:00Z").getFullYear()"#,
            "2026",
        ),
        |args| universal(args, |at| i64::from(at.year())),
    ),
    function(
        TIME,
        ("getMonth(time, [zone])", 1, 2),
        (
            "The month from 0, in universal time or in a zone.",
            r#"timestamp("2026-03-28T14:05:00Z").getMonth()"#,
            "2",
        ),
        |args| universal(args, |at| i64::from(at.month()) - 1),
    ),
    function(
        TIME,
        ("getDate(time, [zone])", 1, 2),
        (
            "The day of the month from 1, in universal time or in a zone.",
            r#"timestamp("2026-03-28T14:05:00Z").getDate()"#,
            "28",
        ),
        |args| universal(args, |at| i64::from(at.day())),
    ),
    function(
        TIME,
        ("getDayOfMonth(time, [zone])", 1, 2),
        (
            "The day of the month from 0, in universal time or in a zone.",
            r#"timestamp("2026-03-28T14:05:00Z").getDayOfMonth()"#,
            "27",
        ),
        |args| universal(args, |at| i64::from(at.day()) - 1),
    ),
    function(
        TIME,
        ("getDayOfWeek(time, [zone])", 1, 2),
        (
            "The day of the week from 0 (Sunday), in universal time or in a zone.",
            r#"timestamp("2026-03-28T14:05:00Z").getDayOfWeek()"#,
            "6",
        ),
        |args| universal(args, |at| i64::from(at.weekday().to_sunday_zero_offset())),
    ),
    function(
        TIME,
        ("getDayOfYear(time, [zone])", 1, 2),
        (
            "The day of the year from 0, in universal time or in a zone.",
            r#"timestamp("2026-03-28T14:05:00Z").getDayOfYear()"#,
            "86",
        ),
        |args| universal(args, |at| i64::from(at.day_of_year()) - 1),
    ),
    function(
        TIME,
        ("getHours(value, [zone])", 1, 2),
        (
            "The hour in universal time or in a zone, or the hours of a duration.",
            r#"timestamp("2026-03-28T14:05:00Z").getHours("Europe/Paris")"#,
            "15",
        ),
        |args| clock(args, 3_600_000_000_000, |at| i64::from(at.hour())),
    ),
    function(
        TIME,
        ("getMinutes(value, [zone])", 1, 2),
        ("The minute of the hour, or the minutes of a duration.", r#"duration("1h30m").getMinutes()"#, "90"),
        |args| clock(args, 60_000_000_000, |at| i64::from(at.minute())),
    ),
    function(
        TIME,
        ("getSeconds(value, [zone])", 1, 2),
        ("The second of the minute, or the seconds of a duration.", r#"duration("90s").getSeconds()"#, "90"),
        |args| clock(args, 1_000_000_000, |at| i64::from(at.second())),
    ),
    function(
        TIME,
        ("getMilliseconds(value, [zone])", 1, 2),
        (
            "The millisecond of the second, or the milliseconds of a duration.",
            r#"duration("1.5s").getMilliseconds()"#,
            "1500",
        ),
        |args| clock(args, 1_000_000, |at| i64::from(at.subsec_nanosecond() / 1_000_000)),
    ),
];

fn beyond(args: &Args<'_, '_>) -> Fail {
    args.blame(0, msg!("the result is beyond the years 1 to 9999"))
}

fn placed(args: &Args<'_, '_>, time: Timestamp, zone: &Zone) -> Result<Timestamp, Fail> {
    zone.place(time, Clash::Usual).map_err(|error| args.blame(0, error.message().clone()))
}

fn parse_date<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    let zone = if args.given(2) { Some(args.zone(2)?) } else { None };
    let by_pattern = args.given(1) && !args.str(1)?.is_empty();
    let time = match args.get(0) {
        Val::Time(time) => Some(*time),
        _ if by_pattern => {
            let pattern = args.date_pattern(1)?;
            pattern.read(args.str(0)?.trim())
        }
        _ => {
            // trying every form costs more than reading one
            args.fuel.spend(16)?;
            parse_any(args.str(0)?, &Hints::default())
        }
    };
    let Some(time) = time else {
        let text = super::super::error::short(args.str(0)?);
        return Err(
            args.blame(0, msg!("`{text}` is no date or time in a form that can be read", text = text))
        );
    };
    match zone {
        Some(zone) => placed(args, time, &zone).map(Val::Time),
        None => Ok(Val::Time(time)),
    }
}

/// A part of a time on its own clock, or on that of a zone.
fn part<'a>(args: &mut Args<'_, 'a>, read: fn(DateTime) -> i64) -> Evaluated<'a> {
    let mut time = args.time(0)?;
    if args.given(1) {
        time = args.zone(1)?.show(time);
    }
    Ok(Val::Int(read(time.civil())))
}

/// Whether something is true of the day that a time lies in.
fn on_a_day<'a>(args: &mut Args<'_, 'a>, test: fn(Date) -> bool) -> Evaluated<'a> {
    let mut time = args.time(0)?;
    if args.given(1) {
        time = args.zone(1)?.show(time);
    }
    Ok(Val::Bool(test(time.civil().date())))
}

/// A part of a time in universal time, or in a zone, as CEL has it.
fn universal<'a>(args: &mut Args<'_, 'a>, read: fn(DateTime) -> i64) -> Evaluated<'a> {
    let mut time = args.time(0)?;
    if args.given(1) {
        let zone = args.zone(1)?;
        time = zone.show(time);
    } else if time.offset().is_some() {
        time = Timestamp::at(time.micros(), 0, time.precision());
    }
    Ok(Val::Int(read(time.civil())))
}

fn clock<'a>(args: &mut Args<'_, 'a>, nanos: i128, read: fn(DateTime) -> i64) -> Evaluated<'a> {
    if let Val::Duration(duration) = args.get(0) {
        return Ok(Val::Int(i64::try_from(duration.nanos() / nanos).unwrap_or(i64::MAX)));
    }
    universal(args, read)
}

fn add<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    let (time, count, slot) = (args.time(0)?, args.int(1)?, args.slot(2)?);
    let zone = if args.given(3) { Some(args.zone(3)?) } else { None };
    let seconds: i64 = match slot.unit() {
        SlotUnit::Second => 1,
        SlotUnit::Minute => 60,
        SlotUnit::Hour => 3_600,
        SlotUnit::Day => {
            return later_days(args, time, count, i64::from(slot.count().get()), zone.as_deref());
        }
        SlotUnit::Week => {
            return later_days(args, time, count, 7 * i64::from(slot.count().get()), zone.as_deref());
        }
        SlotUnit::Month => {
            return later_months(args, time, (count, i64::from(slot.count().get())), zone.as_deref());
        }
        SlotUnit::Quarter => {
            return later_months(args, time, (count, 3 * i64::from(slot.count().get())), zone.as_deref());
        }
        SlotUnit::Year => {
            return later_months(args, time, (count, 12 * i64::from(slot.count().get())), zone.as_deref());
        }
    };
    let nanos = i128::from(count) * i128::from(slot.count().get()) * i128::from(seconds) * 1_000_000_000;
    moved(time, nanos).map(Val::Time).ok_or_else(|| beyond(args))
}

fn later_days<'a>(
    args: &Args<'_, 'a>,
    time: Timestamp,
    count: i64,
    days: i64,
    zone: Option<&Zone>,
) -> Evaluated<'a> {
    let change = |at: DateTime| {
        let days = i32::try_from(count.checked_mul(days)?).ok()?;
        at.checked_add(jiff::Span::new().try_days(days).ok()?).ok()
    };
    on_the_clock(args, time, zone, change)
}

fn later_months<'a>(
    args: &Args<'_, 'a>,
    time: Timestamp,
    months: (i64, i64),
    zone: Option<&Zone>,
) -> Evaluated<'a> {
    let change = |at: DateTime| {
        let months = i32::try_from(months.0.checked_mul(months.1)?).ok()?;
        at.checked_add(jiff::Span::new().try_months(months).ok()?).ok()
    };
    on_the_clock(args, time, zone, change)
}

/// Changes what the clock shows, in a zone or at the time's own offset.
fn on_the_clock<'a>(
    args: &Args<'_, 'a>,
    time: Timestamp,
    zone: Option<&Zone>,
    change: impl FnOnce(DateTime) -> Option<DateTime>,
) -> Evaluated<'a> {
    let time = zone.map_or(time, |zone| zone.show(time));
    let micros = change(time.civil())
        .and_then(|at| jiff::tz::Offset::UTC.to_timestamp(at).ok())
        .map(|at| at.as_microsecond())
        .filter(|micros| in_range(*micros))
        .ok_or_else(|| beyond(args))?;
    let local = Timestamp::local(micros, time.precision());
    match (time.offset(), zone) {
        (None, _) => Ok(Val::Time(local)),
        (Some(_), Some(zone)) => placed(args, local, zone).map(Val::Time),
        (Some(offset), None) => {
            Ok(Val::Time(Timestamp::at(micros - i64::from(offset) * 60_000_000, offset, time.precision())))
        }
    }
}

fn difference<'a>(args: &mut Args<'_, 'a>) -> Evaluated<'a> {
    let (later, earlier, slot) = (args.time(0)?, args.time(1)?, args.slot(2)?);
    let length = f64::from(slot.count().get());
    let seconds = match slot.unit() {
        SlotUnit::Second => 1.0,
        SlotUnit::Minute => 60.0,
        SlotUnit::Hour => 3_600.0,
        SlotUnit::Day => 86_400.0,
        SlotUnit::Week => 604_800.0,
        unit @ (SlotUnit::Month | SlotUnit::Quarter | SlotUnit::Year) => {
            let months = whole_months(later.civil(), earlier.civil());
            let per: i64 = match unit {
                SlotUnit::Month => 1,
                SlotUnit::Quarter => 3,
                _ => 12,
            };
            return Ok(Val::Int(months / (per * i64::from(slot.count().get()))));
        }
    };
    let between = later.micros().checked_sub(earlier.micros()).and_then(Duration::of_micros);
    let between = between.ok_or_else(|| beyond(args))?;
    Ok(Val::Double(between.as_seconds() / seconds / length))
}

fn whole_months(later: DateTime, earlier: DateTime) -> i64 {
    if later < earlier {
        return -whole_months(earlier, later);
    }
    let months = |at: DateTime| i64::from(at.year()) * 12 + i64::from(at.month());
    let clock = |at: DateTime| (at.day(), at.time());
    // the last day of a month completes it, be it shorter
    let complete = clock(later) >= clock(earlier)
        || (later.day() == later.days_in_month() && later.day() < earlier.day());
    months(later) - months(earlier) - i64::from(!complete)
}

/// The public holidays of metropolitan France (Code du travail, L3133-1).
fn is_holiday(date: Date) -> bool {
    const FIXED: [(i8, i8); 8] = [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)];
    let after_easter = easter(date.year())
        .map_or(0, |easter| i64::from(date.day_of_year()) - i64::from(easter.day_of_year()));
    FIXED.contains(&(date.month(), date.day())) || matches!(after_easter, 1 | 39 | 50)
}

/// Easter Sunday of the Gregorian calendar (the anonymous algorithm, Nature 1876).
fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    Date::new(year, i8::try_from(n / 31).ok()?, i8::try_from(n % 31 + 1).ok()?).ok()
}

/// Seconds since 1970.
pub(super) fn of_seconds(seconds: i64) -> Option<Timestamp> {
    let micros = seconds.checked_mul(1_000_000).filter(|micros| in_range(*micros))?;
    Some(Timestamp::at(micros, 0, Precision::Second))
}
