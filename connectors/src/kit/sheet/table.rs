//! Rows of cells as records: header, names, sheet choice.

use crate::contract::{Decoded, FormatError, Limits};
use bus_core::{
    Message,
    loss::Loss,
    msg,
    record::{BatchBuilder, Shape, Timestamp},
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{collections::HashSet, sync::Arc};

/// Which sheet, and where its header is.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Name, or number from 1; the first sheet without.
    pub sheet: Option<String>,
    /// Row of the header, from 1; the first row that is not empty without; 0: there is none.
    pub header: Option<u32>,
    /// How many rows the header has.
    pub header_rows: u32,
}

impl Choice {
    /// The sheet meant among these.
    pub(super) fn pick(&self, names: &[String]) -> Result<String, FormatError> {
        let Some(wanted) = &self.sheet else {
            return names.first().cloned().ok_or_else(|| FormatError::new(msg!("the workbook has no sheet")));
        };
        let by_name = names.iter().find(|name| *name == wanted || name.trim() == wanted.trim());
        let by_number =
            || wanted.trim().parse::<usize>().ok().and_then(|number| names.get(number.checked_sub(1)?));
        by_name.or_else(by_number).cloned().ok_or_else(|| {
            FormatError::new(msg!(
                "there is no sheet `{sheet}`: the workbook has {names}",
                sheet = wanted,
                names = names.join(", ")
            ))
        })
    }
}

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    Text(String),
    Number(f64),
    /// A number in its exact text.
    Decimal(String),
    Bool(bool),
    Time(Timestamp),
    /// `#N/A` and the like.
    Error(String),
}

/// Makes records of rows as they come.
pub(super) struct Table {
    header_row: Option<u32>,
    header_rows: u32,
    header: Vec<Vec<Option<String>>>,
    shape: Option<Arc<Shape>>,
    most_columns: usize,
    row: Vec<Option<Content>>,
}

impl Table {
    pub(super) fn new(choice: &Choice, limits: &Limits) -> Self {
        Self {
            header_row: choice.header,
            header_rows: choice.header_rows.max(1),
            header: Vec::new(),
            shape: None,
            most_columns: limits.fields,
            row: Vec::new(),
        }
    }

    /// Puts a cell (column from 0) into the row that is being read.
    pub(super) fn cell(&mut self, row: u32, column: usize, content: Content) -> Result<(), FormatError> {
        if column >= self.most_columns {
            let message =
                msg!("the sheet has more than {limit} columns (limit `fields`)", limit = self.most_columns);
            return Err(FormatError::at(u64::from(row), column as u64 + 1, message));
        }
        if self.row.len() <= column {
            self.row.resize(column + 1, None);
        }
        if let Some(cell) = self.row.get_mut(column) {
            *cell = Some(content);
        }
        Ok(())
    }

    /// Ends the row `row` (from 1).
    pub(super) fn end_row(&mut self, row: u32, out: &mut Decoded) {
        if self.row.iter().all(Option::is_none) {
            self.row.clear();
            return;
        }
        let in_header = match self.header_row {
            Some(0) => false,
            Some(first) if row < first => {
                self.row.clear();
                return;
            }
            Some(first) => row < first.saturating_add(self.header_rows),
            None => self.header.len() < self.header_rows as usize && self.shape.is_none(),
        };
        if in_header {
            self.header.push(self.row.drain(..).map(|cell| cell.map(|cell| plain(&cell))).collect());
            return;
        }
        let width = self.row.len();
        let shape = match &self.shape {
            Some(shape) if shape.len() >= width => Arc::clone(shape),
            _ => {
                let (names, renamed) = names(&self.header, width);
                if self.shape.is_none() {
                    for name in renamed {
                        out.losses().note(&name, Loss::Renamed, "the column name comes twice");
                    }
                }
                let shape = Arc::new(Shape::new(names.into_iter().map(Into::into).collect()));
                self.shape = Some(Arc::clone(&shape));
                shape
            }
        };
        let builder = out.builder();
        builder.begin_shaped(&shape);
        for column in 0..shape.len() {
            match self.row.get(column).and_then(Option::as_ref) {
                Some(content) => write(content, builder),
                None => builder.null(),
            }
        }
        builder.end();
        out.end_record();
        self.row.clear();
    }
}

fn write(content: &Content, out: &mut BatchBuilder) {
    match content {
        Content::Text(text) => out.text(text),
        Content::Bool(value) => out.bool(*value),
        Content::Time(time) => out.time(*time),
        Content::Error(mark) => out.masked(mark),
        Content::Decimal(text) => match text.parse() {
            Ok(int) => out.int(int),
            Err(_) => out.decimal(text),
        },
        Content::Number(number) => match whole(*number) {
            Some(int) => out.int(int),
            None => out.float(*number),
        },
    }
}

/// The number as an integer, if it is one that a spreadsheet can hold exactly.
#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9.0e15).then_some(number as i64)
}

fn plain(content: &Content) -> String {
    match content {
        Content::Text(text) | Content::Decimal(text) | Content::Error(text) => text.trim().to_owned(),
        Content::Bool(value) => value.to_string(),
        Content::Time(time) => time.to_string(),
        Content::Number(number) => match whole(*number) {
            Some(int) => int.to_string(),
            None => number.to_string(),
        },
    }
}

/// One name a column, and which of them came twice: the texts of the header rows, a merged cell's text over all it covers.
fn names(header: &[Vec<Option<String>>], width: usize) -> (Vec<String>, Vec<String>) {
    let width = header.iter().map(Vec::len).max().unwrap_or(0).max(width);
    let mut made: Vec<String> = Vec::with_capacity(width);
    let (mut taken, mut renamed) = (HashSet::new(), Vec::new());
    for column in 0..width {
        let mut parts: Vec<&str> = Vec::new();
        for (level, row) in header.iter().enumerate() {
            let own = row.get(column).and_then(Option::as_deref);
            let covered = level + 1 < header.len();
            let left = || row.get(..column).unwrap_or_default().iter().rev().find_map(Option::as_deref);
            let text = own.or_else(|| covered.then(left).flatten()).unwrap_or_default();
            if !text.is_empty() && parts.last() != Some(&text) {
                parts.push(text);
            }
        }
        let name = if parts.is_empty() { letters(column) } else { parts.join(" / ") };
        let mut unique = name.clone();
        let mut number = 2;
        if taken.contains(&name) {
            renamed.push(name.clone());
        }
        while !taken.insert(unique.clone()) {
            unique = format!("{name}_{number}");
            number += 1;
        }
        made.push(unique);
    }
    (made, renamed)
}

/// A column as spreadsheets call it: A, B, … Z, AA.
fn letters(mut column: usize) -> String {
    let mut name = Vec::new();
    loop {
        name.push(char::from(b'A' + u8::try_from(column % 26).unwrap_or(0)));
        if column < 26 {
            break;
        }
        column = column / 26 - 1;
    }
    name.iter().rev().collect()
}

/// The name of a sheet: 1 to 31 characters, none of `[ ] : * ? / \`, no quote at an end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct SheetName(String);

impl TryFrom<String> for SheetName {
    type Error = Message;

    fn try_from(name: String) -> Result<Self, Message> {
        let bad = |letter: char| matches!(letter, '[' | ']' | ':' | '*' | '?' | '/' | '\\');
        if name.is_empty()
            || name.chars().count() > 31
            || name.contains(bad)
            || name.starts_with('\'')
            || name.ends_with('\'')
        {
            return Err(msg!(
                "`{name}` is not the name of a sheet: 1 to 31 characters, none of [ ] : * ? / \\",
                name = name
            ));
        }
        Ok(Self(name))
    }
}

impl SheetName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
