//! XLSX workbooks, in and out.

use crate::{
    contract::{Codec, Decoder, Encoder, Format, Limits},
    kit::sheet::{Choice, Kind, Reader, SheetName, Writer, looks_like},
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::num::NonZeroU32;

pub(crate) static FORMAT: Format = Format::new("xlsx")
    .with_extensions(&["xlsx", "xlsm"])
    .with_media_types(&["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"])
    .sniffed_by(|start| looks_like(start, "xl/").max(looks_like(start, "[Content_Types].xml")));

/// # XLSX
///
/// A sheet of an Excel workbook: one record a row, dates as times, error cells as masked values. Written
/// with numbers as numbers, texts (identifiers too) as texts, times as date cells.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// # Sheet
    ///
    /// When reading, the name of the sheet or its number from 1 (the first by default); when writing, its
    /// name (`Data` by default).
    sheet: Option<SheetName>,
    /// # Header row
    ///
    /// When reading, the number of the row with the names of the columns. Empty: the first row that holds
    /// anything. 0: there is none, columns are called A, B, C.
    header: Option<u32>,
    /// # Rows of the header
    ///
    /// When reading, how many rows the header has (1 by default); their texts are joined, those of merged
    /// cells count for every column they cover.
    header_rows: NonZeroU32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { sheet: None, header: None, header_rows: NonZeroU32::MIN }
    }
}

impl Codec for Settings {
    fn decoder(&self, limits: &Limits) -> Option<Box<dyn Decoder>> {
        let choice = Choice {
            sheet: self.sheet.as_ref().map(|name| name.as_str().to_owned()),
            header: self.header,
            header_rows: self.header_rows.get(),
        };
        Some(Box::new(Reader::new(Kind::Xlsx, choice, limits)))
    }

    fn encoder(&self) -> Option<Box<dyn Encoder>> {
        Some(Box::new(Writer::new(self.sheet.as_ref().map_or("Data", SheetName::as_str))))
    }
}
