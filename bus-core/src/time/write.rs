//! Times written in the form of a pattern.

use super::{
    names,
    pattern::{Item, OffsetForm},
};
use crate::{Language, record::Timestamp};
use jiff::civil::DateTime;

pub(super) fn write(items: &[Item], time: Timestamp, language: Language, out: &mut String) {
    let at = time.civil();
    for (place, item) in items.iter().enumerate() {
        match item {
            Item::Literal(text) => out.push_str(text),
            Item::Year => pad(i64::from(at.year()), 4, out),
            Item::ShortYear => pad(i64::from(at.year().rem_euclid(100)), 2, out),
            Item::WeekYear => pad(i64::from(at.iso_week_date().year()), 4, out),
            Item::Month(width) => pad(i64::from(at.month()), *width, out),
            Item::MonthName { short } => out.push_str(names::month(at.month(), *short, language)),
            Item::Day(width) => {
                pad(i64::from(at.day()), *width, out);
                let name_follows = matches!(items.get(place + 2), Some(Item::MonthName { .. }));
                if at.day() == 1 && *width == 1 && name_follows && language == Language::Fr {
                    out.push_str("er");
                }
            }
            Item::DayOfYear(width) => pad(i64::from(at.day_of_year()), *width, out),
            Item::Week(width) => pad(i64::from(at.iso_week_date().week()), *width, out),
            Item::Weekday => pad(i64::from(at.weekday().to_monday_one_offset()), 1, out),
            Item::WeekdayName { short } => {
                out.push_str(names::weekday(at.weekday().to_monday_one_offset(), *short, language));
                if *short && language == Language::Fr {
                    out.push('.');
                }
            }
            Item::Hour(_)
            | Item::Hour12(_)
            | Item::Afternoon
            | Item::Minute(_)
            | Item::Second(_)
            | Item::Fraction(_) => clock(item, at, out),
            Item::Offset(form) => offset(*form, time.offset(), out),
            Item::ZoneName => match time.offset() {
                Some(0) => out.push_str("UTC"),
                other => offset(OffsetForm { zulu: false, minutes: true, colon: true }, other, out),
            },
            Item::UnixSeconds => pad(time.micros().div_euclid(1_000_000), 1, out),
            Item::UnixMilliseconds => pad(time.micros().div_euclid(1_000), 1, out),
        }
    }
}

fn clock(item: &Item, at: DateTime, out: &mut String) {
    match item {
        Item::Hour(width) => pad(i64::from(at.hour()), *width, out),
        Item::Hour12(width) => pad(i64::from((at.hour() + 11) % 12 + 1), *width, out),
        Item::Afternoon => out.push_str(if at.hour() < 12 { "AM" } else { "PM" }),
        Item::Minute(width) => pad(i64::from(at.minute()), *width, out),
        Item::Second(width) => pad(i64::from(at.second()), *width, out),
        Item::Fraction(width) => {
            let scale = 10_i64.pow(9 - u32::from(*width).min(9));
            pad(i64::from(at.subsec_nanosecond()) / scale, *width, out);
        }
        _ => {}
    }
}

/// A local time has no offset: nothing is written.
fn offset(form: OffsetForm, minutes: Option<i16>, out: &mut String) {
    let Some(minutes) = minutes else { return };
    if minutes == 0 && form.zulu {
        return out.push('Z');
    }
    out.push(if minutes < 0 { '-' } else { '+' });
    let minutes = i64::from(minutes).abs();
    pad(minutes / 60, 2, out);
    if form.minutes || minutes % 60 != 0 {
        if form.colon {
            out.push(':');
        }
        pad(minutes % 60, 2, out);
    }
}

/// Writes `number` with leading zeros.
fn pad(number: i64, width: u8, out: &mut String) {
    if number < 0 {
        out.push('-');
    }
    let mut buffer = itoa::Buffer::new();
    let text = buffer.format(number.unsigned_abs());
    out.extend(std::iter::repeat_n('0', usize::from(width).saturating_sub(text.len())));
    out.push_str(text);
}
