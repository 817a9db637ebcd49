//! Records for the eye.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Receipt, Sink},
    kit::json,
};
use bus_core::{
    Language,
    error::StepError,
    msg,
    record::{Key, Value},
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::num::NonZeroUsize;

pub(crate) static CONNECTOR: Connector = Connector::sink::<Table>("table");

/// # Table
///
/// Shows the first records as a table of plain text, under the report of the run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "table", "x-group" = "output"))]
struct Table {
    /// # Rows
    ///
    /// How many records to show; the others are counted.
    #[serde(default = "rows")]
    rows: usize,
    /// # Columns
    ///
    /// The fields to show; all if empty.
    #[serde(default)]
    columns: Vec<String>,
    /// # Width
    ///
    /// At most how many characters of a value to show.
    #[serde(default = "width")]
    width: NonZeroUsize,
}

const fn rows() -> usize {
    20
}

const fn width() -> NonZeroUsize {
    NonZeroUsize::MIN.saturating_add(39)
}

/// More columns than this help nobody.
const MOST_COLUMNS: usize = 50;

impl Sink for Table {
    async fn write(self, mut input: Inputs, _: Outputs, context: Context) -> Result<Receipt, StepError> {
        let mut receipt = Receipt::default();
        let mut grid = Grid {
            columns: self.columns.iter().map(|name| Key::from(name.as_str())).collect(),
            ..Grid::default()
        };
        while let Some(batch) = input.next().await {
            receipt.written += batch.len() as u64;
            let room = self.rows.saturating_sub(grid.rows.len());
            for record in batch.records().take(room) {
                grid.add(record, self.columns.is_empty(), self.width.get());
            }
        }
        context.go_on()?;
        receipt.shown = Some(grid.text(receipt.written, context.language()));
        Ok(receipt)
    }
}

#[derive(Default)]
struct Grid {
    columns: Vec<Key>,
    rows: Vec<Vec<Cell>>,
}

#[derive(Default)]
struct Cell {
    text: String,
    is_number: bool,
}

impl Grid {
    fn add(&mut self, record: Value<'_>, grow: bool, width: usize) {
        let Some(object) = record.as_object() else {
            if grow && self.columns.is_empty() {
                self.columns.push("".into());
            }
            self.rows.push(vec![cell(record, width)]);
            return;
        };
        for (key, _) in object.iter().filter(|_| grow) {
            if self.columns.len() < MOST_COLUMNS && !self.columns.contains(key) {
                self.columns.push(Key::clone(key));
            }
        }
        let cells = self.columns.iter().map(|key| object.get(key).map(|value| cell(value, width)));
        self.rows.push(cells.map(Option::unwrap_or_default).collect());
    }

    fn text(&self, total: u64, language: Language) -> String {
        if self.rows.is_empty() {
            return msg!("{count} records", count = total).text(language);
        }
        let count = |text: &str| text.chars().count();
        let widths: Vec<usize> = (0..)
            .zip(&self.columns)
            .map(|(place, key)| {
                let cells = self.rows.iter().filter_map(|row| row.get(place)).map(|cell| count(&cell.text));
                cells.chain([count(key)]).max().unwrap_or(0)
            })
            .collect();
        let numeric = |place: usize| {
            let mut cells = self
                .rows
                .iter()
                .filter_map(|row| row.get(place))
                .filter(|cell| !cell.text.is_empty())
                .peekable();
            cells.peek().is_some() && cells.all(|cell| cell.is_number)
        };
        let right: Vec<bool> = (0..self.columns.len()).map(numeric).collect();
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let padded = cells.zip(widths.iter().zip(&right)).map(|(text, (width, right))| {
                let space = " ".repeat(width.saturating_sub(count(text)));
                if *right { format!("{space}{text}") } else { format!("{text}{space}") }
            });
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let head: Vec<String> = self.columns.iter().map(|key| plain(key, usize::MAX)).collect();
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        let mut lines =
            vec![line(&mut head.iter().map(String::as_str)), line(&mut rule.iter().map(String::as_str))];
        for row in &self.rows {
            lines.push(line(
                &mut (0..self.columns.len()).map(|place| row.get(place).map_or("", |cell| &cell.text)),
            ));
        }
        let more = total.saturating_sub(self.rows.len() as u64);
        if more > 0 {
            lines.push(msg!("… and {count} more records", count = more).text(language));
        }
        lines.join("\n")
    }
}

fn cell(value: Value<'_>, width: usize) -> Cell {
    let mut text = String::new();
    if !value.write_plain(&mut text) && !value.is_null() {
        let mut bytes = Vec::new();
        json::write(value, &mut bytes);
        text = String::from_utf8(bytes).unwrap_or_default();
    }
    Cell { text: plain(&text, width), is_number: value.as_number().is_some() }
}

/// Text on one line: what moves the cursor of a terminal becomes a space, what is too long is cut.
fn plain(text: &str, width: usize) -> String {
    let clean = |letter: char| if letter.is_control() { ' ' } else { letter };
    if text.chars().count() <= width {
        return text.chars().map(clean).collect();
    }
    text.chars().take(width.saturating_sub(1)).map(clean).chain(['…']).collect()
}
