//! XLSX, cell by cell through calamine, which never builds the whole sheet.

use super::{
    archive::damaged,
    table::{Choice, Content, Table},
};
use crate::contract::{Decoded, FormatError, Limits};
use bus_core::record::{Precision, Timestamp};
use calamine::{DataRef, ExcelDateTime, Reader as _, Xlsx, open_workbook_from_rs};
use jiff::{civil, tz::Offset};
use std::io::Cursor;

pub(super) fn read(
    bytes: Vec<u8>,
    choice: &Choice,
    limits: &Limits,
    out: &mut Decoded,
) -> Result<(), FormatError> {
    let mut workbook: Xlsx<_> = open_workbook_from_rs(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    let name = choice.pick(&workbook.sheet_names())?;
    let mut cells = workbook.worksheet_cells_reader(&name).map_err(|error| damaged(&error))?;
    let mut table = Table::new(choice, limits);
    let mut current = None;
    while let Some(cell) = cells.next_cell().map_err(|error| damaged(&error))? {
        let (row, column) = cell.get_position();
        let row = row.saturating_add(1);
        if current.is_some_and(|current| current != row) {
            table.end_row(current.unwrap_or(row), out);
        }
        current = Some(row);
        if let Some(content) = content(cell.get_value()) {
            table.cell(row, column as usize, content)?;
        }
    }
    if let Some(row) = current {
        table.end_row(row, out);
    }
    Ok(())
}

fn content(value: &DataRef<'_>) -> Option<Content> {
    Some(match value {
        DataRef::Empty => return None,
        DataRef::Int(int) => Content::Decimal(int.to_string()),
        DataRef::Float(number) => Content::Number(*number),
        DataRef::String(text) => text_of(text)?,
        DataRef::SharedString(text) => text_of(text)?,
        DataRef::Bool(value) => Content::Bool(*value),
        DataRef::DateTime(time) => moment(*time),
        DataRef::DateTimeIso(text) => match Timestamp::parse(text) {
            Some(time) => Content::Time(time),
            None => Content::Text(text.clone()),
        },
        DataRef::DurationIso(text) => Content::Text(text.clone()),
        DataRef::Error(error) => Content::Error(error.to_string()),
    })
}

fn text_of(text: &str) -> Option<Content> {
    (!text.is_empty()).then(|| Content::Text(text.to_owned()))
}

/// A date, a date with time of day; a time of day or a duration alone is text, `07:30:00`.
#[expect(clippy::cast_possible_truncation, reason = "seconds of a few centuries")]
fn moment(time: ExcelDateTime) -> Content {
    let days = time.as_f64();
    if time.is_duration() || (0.0..1.0).contains(&days) {
        let seconds = (days * 86_400.0).round() as i64;
        let (hours, rest) = (seconds / 3_600, seconds.rem_euclid(3_600));
        return Content::Text(format!("{hours:02}:{:02}:{:02}", rest / 60, rest % 60));
    }
    let (year, month, day, hour, minute, second, milli) = time.to_ymd_hms_milli();
    let small = |number: u8| i8::try_from(number).unwrap_or(0);
    let date =
        i16::try_from(year).ok().and_then(|year| civil::Date::new(year, small(month), small(day)).ok());
    let clock =
        civil::Time::new(small(hour), small(minute), small(second), i32::from(milli) * 1_000_000).ok();
    let (Some(date), Some(clock)) = (date, clock) else { return Content::Number(days) };
    let Ok(instant) = Offset::UTC.to_timestamp(date.to_datetime(clock)) else { return Content::Number(days) };
    let precision = if milli != 0 {
        Precision::Millisecond
    } else if days.fract() == 0.0 {
        Precision::Day
    } else {
        Precision::Second
    };
    Content::Time(Timestamp::local(instant.as_microsecond(), precision))
}
