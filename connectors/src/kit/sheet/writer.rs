//! XLSX out. Rows leave memory as they are written; the file is made at the end.

use crate::{
    contract::{Encoder, FormatError},
    kit::json,
};
use bus_core::{
    loss::{Loss, LossReport},
    msg,
    record::{Batch, Key, Number, Object, Precision, Shape, Timestamp, Value},
};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// As much of the records is held to know all columns; one that comes later still is left out.
const MOST_HELD: usize = 24 << 20;
/// A sheet has no more rows, the header among them.
const MOST_ROWS: u32 = 1_048_576;
const MOST_COLUMNS: usize = 16_384;
/// A cell holds no more UTF-16 units.
const LONGEST_TEXT: usize = 32_767;
/// Excel computes with 15 digits.
const MOST_DIGITS: usize = 15;
/// Columns are as wide as their texts, up to so many characters.
const WIDEST: usize = 60;

/// Writes records as a sheet of a workbook.
pub struct Writer {
    workbook: Workbook,
    /// Made when the columns are settled: the fields of all records that could be held until then.
    sheet: Option<Worksheet>,
    /// Records that wait for the columns to be settled, and the bytes they take.
    waiting: Vec<Batch>,
    held: usize,
    name: String,
    columns: FxHashMap<Key, u16>,
    widths: Vec<usize>,
    row: u32,
    bold: Format,
    date: Format,
    minute: Format,
    second: Format,
    text: String,
}

impl Writer {
    /// An encoder of a workbook with one sheet.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            workbook: Workbook::new(),
            sheet: None,
            waiting: Vec::new(),
            held: 0,
            name: name.to_owned(),
            columns: FxHashMap::default(),
            widths: Vec::new(),
            row: 0,
            bold: Format::new().set_bold(),
            date: Format::new().set_num_format("yyyy-mm-dd"),
            minute: Format::new().set_num_format("yyyy-mm-dd hh:mm"),
            second: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
            text: String::new(),
        }
    }

    fn add_column(&mut self, key: &Key, names: &mut Vec<Key>) {
        if names.len() < MOST_COLUMNS && !self.columns.contains_key(key) {
            self.columns.insert(Key::clone(key), u16::try_from(names.len()).unwrap_or(u16::MAX));
            names.push(Key::clone(key));
        }
    }

    /// Writes the records that waited for the columns.
    fn settle(&mut self, losses: &mut LossReport) -> Result<(), FormatError> {
        let waiting = std::mem::take(&mut self.waiting);
        self.begin(&waiting).map_err(|error| failed(&error))?;
        waiting.iter().try_for_each(|batch| self.rows(batch, losses))
    }

    fn rows(&mut self, batch: &Batch, losses: &mut LossReport) -> Result<(), FormatError> {
        for record in batch.records() {
            let Some(record) = record.as_object() else {
                losses.note("", Loss::Dropped, "a record that is not an object has no columns");
                continue;
            };
            if self.row >= MOST_ROWS {
                return Err(FormatError::new(msg!(
                    "a sheet holds {limit} rows: write CSV, or split the records",
                    limit = MOST_ROWS
                )));
            }
            self.record(record, losses).map_err(|error| failed(&error))?;
        }
        Ok(())
    }

    /// Settles the columns by these records.
    fn begin(&mut self, batches: &[Batch]) -> Result<(), XlsxError> {
        // the same records make the same bytes: no clock
        let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
        self.workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
        let mut sheet = self.workbook.new_worksheet_with_constant_memory()?;
        sheet.set_name(self.name.as_str())?;
        let records = || batches.iter().flat_map(Batch::records).filter_map(Value::as_object);
        let mut names: Vec<Key> = Vec::new();
        let mut seen: Option<&Arc<Shape>> = None;
        for shape in records().map(Object::shape) {
            if seen.replace(shape).is_some_and(|seen| Arc::ptr_eq(seen, shape)) {
                continue;
            }
            for key in shape.keys() {
                self.add_column(key, &mut names);
            }
        }
        self.widths = names.iter().map(|name| name.chars().count()).collect();
        for record in records().take(100) {
            for (key, value) in record.iter() {
                self.text.clear();
                value.write_plain(&mut self.text);
                let column = self.columns.get(key).map_or(usize::MAX, |column| usize::from(*column));
                if let Some(width) = self.widths.get_mut(column) {
                    *width = self.text.chars().count().max(*width);
                }
            }
        }
        for (column, (name, width)) in names.iter().zip(&self.widths).enumerate() {
            let column = u16::try_from(column).unwrap_or(u16::MAX);
            let width = u32::try_from((*width).clamp(6, WIDEST) + 2).unwrap_or(20);
            sheet.set_column_width(column, f64::from(width))?;
            sheet.write_string_with_format(0, column, cut(name).0, &self.bold)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        self.sheet = Some(sheet);
        self.row = 1;
        Ok(())
    }

    fn record(&mut self, record: Object<'_>, losses: &mut LossReport) -> Result<(), XlsxError> {
        let Some(mut sheet) = self.sheet.take() else { return Ok(()) };
        for (key, value) in record.iter() {
            match self.columns.get(key).copied() {
                Some(column) => self.cell(&mut sheet, column, (key, value), losses)?,
                None => losses.note(key, Loss::Dropped, "the header was written without this field"),
            }
        }
        self.sheet = Some(sheet);
        self.row += 1;
        Ok(())
    }

    fn cell(
        &mut self,
        sheet: &mut Worksheet,
        column: u16,
        (key, value): (&str, Value<'_>),
        losses: &mut LossReport,
    ) -> Result<(), XlsxError> {
        let row = self.row;
        match value {
            Value::Null => return Ok(()),
            Value::Bool(value) => {
                sheet.write_boolean(row, column, value)?;
                return Ok(());
            }
            Value::Time(time) => {
                if let Some((cell, format)) = self.moment(time) {
                    sheet.write_datetime_with_format(row, column, &cell, format)?;
                    if time.offset().is_some() {
                        losses.note(
                            key,
                            Loss::Approximated,
                            "a spreadsheet has no time zones: the local time is written",
                        );
                    }
                    return Ok(());
                }
                losses.note(
                    key,
                    Loss::Approximated,
                    "a time that a spreadsheet cannot hold is written as text",
                );
            }
            Value::Masked(_) => losses.note(key, Loss::Approximated, "a masked value is written as its mark"),
            _ => {}
        }
        if let Some(number) = value.as_number() {
            if digits(number) <= MOST_DIGITS {
                sheet.write_number(row, column, number.to_f64())?;
                return Ok(());
            }
            losses.note(key, Loss::Approximated, "a number of more than 15 digits is written as text");
        }
        self.text.clear();
        if !value.write_plain(&mut self.text) {
            losses.note(key, Loss::Approximated, "a list or an object is written as JSON text");
            let mut json = Vec::new();
            json::write(value, &mut json);
            self.text.push_str(&String::from_utf8_lossy(&json));
        }
        let (text, whole) = cut(&self.text);
        if !whole {
            losses.note(key, Loss::Approximated, "a text of more than 32 767 characters is cut");
        }
        sheet.write_string(row, column, text)?;
        Ok(())
    }

    /// The cell and its format for a time from 1900 on.
    fn moment(&self, time: Timestamp) -> Option<(ExcelDateTime, &Format)> {
        let at = time.civil();
        let unsigned = |number: i8| u8::try_from(number).ok();
        let year = u16::try_from(at.year()).ok()?;
        let day = ExcelDateTime::from_ymd(year, unsigned(at.month())?, unsigned(at.day())?).ok()?;
        if time.precision() == Precision::Day {
            return Some((day, &self.date));
        }
        let seconds = f64::from(at.second()) + f64::from(at.subsec_nanosecond()) / 1e9;
        let cell = day.and_hms(u16::try_from(at.hour()).ok()?, unsigned(at.minute())?, seconds).ok()?;
        Some((cell, if time.precision() == Precision::Minute { &self.minute } else { &self.second }))
    }
}

/// How many digits count in a number.
fn digits(number: Number<'_>) -> usize {
    match number {
        Number::Float(_) => 0,
        Number::Int(int) => int.unsigned_abs().to_string().trim_end_matches('0').len(),
        Number::Decimal(text) => {
            let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
            let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
            digits.trim_start_matches('0').trim_end_matches('0').len()
        }
    }
}

/// As much of the text as a cell holds; whether that is all.
fn cut(text: &str) -> (&str, bool) {
    if text.len() <= LONGEST_TEXT {
        return (text, true);
    }
    let mut units = 0;
    for (at, letter) in text.char_indices() {
        units += letter.len_utf16();
        if units > LONGEST_TEXT {
            return (text.get(..at).unwrap_or_default(), false);
        }
    }
    (text, true)
}

fn failed(error: &XlsxError) -> FormatError {
    FormatError::new(msg!("the workbook cannot be written: {problem}", problem = error.to_string()))
}

impl Encoder for Writer {
    fn encode(&mut self, batch: &Batch, _: &mut Vec<u8>, losses: &mut LossReport) -> Result<(), FormatError> {
        if batch.is_empty() {
            return Ok(());
        }
        if self.sheet.is_some() {
            return self.rows(batch, losses);
        }
        self.held += batch.size();
        self.waiting.push(batch.clone());
        if self.held < MOST_HELD { Ok(()) } else { self.settle(losses) }
    }

    fn finish(&mut self, out: &mut Vec<u8>, losses: &mut LossReport) -> Result<(), FormatError> {
        if self.sheet.is_none() {
            self.settle(losses)?;
        }
        let finished = |writer: &mut Self| -> Result<Vec<u8>, XlsxError> {
            if let Some(mut sheet) = writer.sheet.take() {
                if let Some(last) =
                    writer.columns.len().checked_sub(1).and_then(|last| u16::try_from(last).ok())
                {
                    sheet.autofilter(0, 0, writer.row.max(2) - 1, last)?;
                }
                writer.workbook.push_worksheet(sheet);
            }
            writer.workbook.save_to_buffer()
        };
        out.append(&mut finished(self).map_err(|error| failed(&error))?);
        Ok(())
    }
}
