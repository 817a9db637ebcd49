//! ODS: `content.xml` is read as it unpacks, so that a sheet with a million repeated rows costs nothing.

use super::{
    archive::damaged,
    table::{Choice, Content, Table},
};
use crate::{
    contract::{Decoded, FormatError, Limits},
    kit::xml::{Handler, Parser, Scopes, Tag},
};
use bus_core::{Message, msg, record::Timestamp};
use std::io::{Cursor, Read as _};
use zip::ZipArchive;

/// Rows and cells that are written once and repeated may make this many cells in all.
const MOST_REPEATED: usize = 4_000_000;

pub(super) fn read(
    bytes: &[u8],
    choice: &Choice,
    limits: &Limits,
    out: &mut Decoded,
) -> Result<(), FormatError> {
    let mut names = SheetNames::default();
    parse(bytes, limits, &mut names)?;
    let name = choice.pick(&names.0)?;
    let place = names.0.iter().position(|known| *known == name).unwrap_or_default();
    let mut sheet = Sheet::new(place, Table::new(choice, limits), out);
    match parse(bytes, limits, &mut sheet) {
        Err(_) if sheet.done => Ok(()),
        read => match sheet.failed.take() {
            Some(error) => Err(error),
            None => read,
        },
    }
}

fn parse(bytes: &[u8], limits: &Limits, handler: &mut impl Handler) -> Result<(), FormatError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    let mut content = archive.by_name("content.xml").map_err(|error| damaged(&error))?;
    let mut parser = Parser::new(limits);
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = content.read(&mut buffer).map_err(|error| damaged(&error))?;
        match buffer.get(..count) {
            Some([]) | None => return parser.finish(handler),
            Some(piece) => parser.push(piece, handler)?,
        }
    }
}

#[derive(Default)]
struct SheetNames(Vec<String>);

impl Handler for SheetNames {
    fn open(&mut self, tag: Tag<'_>) -> Result<(), Message> {
        if tag.name() == "table:table" {
            self.0.push(tag.attribute("table:name").unwrap_or_default().to_owned());
        }
        Ok(())
    }

    fn text(&mut self, _: &str) -> Result<(), Message> {
        Ok(())
    }

    fn close(&mut self, _: &str, _: &Scopes) -> Result<(), Message> {
        Ok(())
    }
}

/// Reads one sheet; the others pass by.
struct Sheet<'a> {
    wanted: usize,
    seen: usize,
    inside: bool,
    done: bool,
    table: Table,
    out: &'a mut Decoded,
    failed: Option<FormatError>,
    row: u32,
    row_repeats: u32,
    cells: Vec<(usize, usize, Content)>,
    column: usize,
    cell: Option<Cell>,
    /// Elements such as notes inside a cell, whose text is not the cell's.
    aside: usize,
    repeated: usize,
}

#[derive(Default)]
struct Cell {
    repeats: usize,
    content: Option<Content>,
    text: String,
    paragraphs: usize,
}

impl<'a> Sheet<'a> {
    fn new(wanted: usize, table: Table, out: &'a mut Decoded) -> Self {
        Self {
            wanted,
            seen: 0,
            inside: false,
            done: false,
            table,
            out,
            failed: None,
            row: 0,
            row_repeats: 1,
            cells: Vec::new(),
            column: 0,
            cell: None,
            aside: 0,
            repeated: 0,
        }
    }

    fn end_cell(&mut self) {
        let Some(cell) = self.cell.take() else { return };
        let text = || (!cell.text.is_empty()).then(|| Content::Text(cell.text.clone()));
        if let Some(content) = cell.content.clone().or_else(text) {
            self.cells.push((self.column, cell.repeats, content));
        }
        self.column = self.column.saturating_add(cell.repeats);
    }

    fn end_row(&mut self) -> Result<(), Message> {
        let cells = std::mem::take(&mut self.cells);
        if cells.is_empty() {
            self.row = self.row.saturating_add(self.row_repeats);
            return Ok(());
        }
        for repeat in 0..self.row_repeats {
            self.row = self.row.saturating_add(1);
            for (column, repeats, content) in &cells {
                self.repeated += if repeat == 0 { repeats - 1 } else { *repeats };
                if self.repeated > MOST_REPEATED {
                    return Err(msg!(
                        "the sheet repeats rows or cells more than {limit} times",
                        limit = MOST_REPEATED
                    ));
                }
                for place in 0..*repeats {
                    if let Err(error) =
                        self.table.cell(self.row, column.saturating_add(place), content.clone())
                    {
                        let message = error.message.clone();
                        self.failed = Some(error);
                        return Err(message);
                    }
                }
            }
            self.table.end_row(self.row, self.out);
        }
        Ok(())
    }
}

fn number_of(tag: Tag<'_>, name: &str) -> u32 {
    tag.attribute(name).and_then(|text| text.parse().ok()).unwrap_or(1).max(1)
}

fn content_of(tag: Tag<'_>) -> Option<Content> {
    let value = |name: &str| tag.attribute(name);
    match tag.attribute("office:value-type")? {
        "float" | "percentage" | "currency" => {
            let text = value("office:value")?;
            let number = text.parse::<f64>().ok().filter(|number| number.is_finite())?;
            let exact = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-');
            let plain =
                exact && !text.trim_start_matches('-').starts_with(['0', '.']) && !text.ends_with('.');
            Some(if plain { Content::Decimal(text.to_owned()) } else { Content::Number(number) })
        }
        "boolean" => Some(Content::Bool(value("office:boolean-value")? == "true")),
        "date" => {
            let text = value("office:date-value")?;
            Some(Timestamp::parse(text).map_or_else(|| Content::Text(text.to_owned()), Content::Time))
        }
        "time" => Some(Content::Text(clock(value("office:time-value")?))),
        "string" => value("office:string-value").map(|text| Content::Text(text.to_owned())),
        _ => None,
    }
}

/// `PT07H30M00S` as `07:30:00`; what is not of that form stays as it is.
fn clock(text: &str) -> String {
    let parts = text.strip_prefix("PT").and_then(|rest| {
        let (hours, rest) = rest.split_once('H')?;
        let (minutes, rest) = rest.split_once('M')?;
        Some((hours, minutes, rest.strip_suffix('S')?))
    });
    match parts {
        Some((hours, minutes, seconds)) => {
            let whole = seconds.split(['.', ',']).next().unwrap_or(seconds);
            format!("{hours:0>2}:{minutes:0>2}:{whole:0>2}")
        }
        None => text.to_owned(),
    }
}

impl Handler for Sheet<'_> {
    fn open(&mut self, tag: Tag<'_>) -> Result<(), Message> {
        if self.aside > 0 {
            self.aside += 1;
            return Ok(());
        }
        if tag.name() == "table:table" {
            self.inside = self.seen == self.wanted;
            self.seen += 1;
            return Ok(());
        }
        if !self.inside {
            return Ok(());
        }
        match (tag.name(), &mut self.cell) {
            ("table:table-row", _) => {
                self.row_repeats = number_of(tag, "table:number-rows-repeated");
                self.column = 0;
            }
            ("table:table-cell" | "table:covered-table-cell", _) => {
                let repeats = number_of(tag, "table:number-columns-repeated") as usize;
                self.cell = Some(Cell { repeats, content: content_of(tag), ..Cell::default() });
            }
            ("office:annotation" | "draw:frame" | "draw:custom-shape", _) => self.aside = 1,
            ("text:p", Some(cell)) => {
                if cell.paragraphs > 0 {
                    cell.text.push('\n');
                }
                cell.paragraphs += 1;
            }
            ("text:s", Some(cell)) => {
                let count = number_of(tag, "text:c").min(10_000) as usize;
                cell.text.extend(std::iter::repeat_n(' ', count));
            }
            ("text:tab", Some(cell)) => cell.text.push('\t'),
            ("text:line-break", Some(cell)) => cell.text.push('\n'),
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Message> {
        if self.aside == 0
            && let Some(cell) = self.cell.as_mut().filter(|cell| cell.paragraphs > 0)
        {
            cell.text.push_str(text);
        }
        Ok(())
    }

    fn close(&mut self, name: &str, _: &Scopes) -> Result<(), Message> {
        if self.aside > 0 {
            self.aside -= 1;
            return Ok(());
        }
        if !self.inside {
            return Ok(());
        }
        match name {
            "table:table" => {
                (self.inside, self.done) = (false, true);
                Ok(())
            }
            "table:table-cell" | "table:covered-table-cell" => {
                self.end_cell();
                Ok(())
            }
            "table:table-row" => self.end_row(),
            _ => Ok(()),
        }
    }
}
