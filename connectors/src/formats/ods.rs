//! OpenDocument spreadsheets, in.

use crate::{
    contract::{Codec, Decoder, Encoder, Format, Limits},
    kit::sheet::{Choice, Kind, Reader, looks_like},
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::num::NonZeroU32;

pub(crate) static FORMAT: Format = Format::new("ods")
    .with_extensions(&["ods"])
    .with_media_types(&["application/vnd.oasis.opendocument.spreadsheet"])
    .sniffed_by(|start| looks_like(start, "application/vnd.oasis.opendocument.spreadsheet"));

/// # ODS
///
/// A sheet of a LibreOffice workbook (read only): one record a row, dates as times.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// # Sheet
    ///
    /// The name of the sheet or its number from 1 (the first by default).
    sheet: Option<String>,
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
        let choice =
            Choice { sheet: self.sheet.clone(), header: self.header, header_rows: self.header_rows.get() };
        Some(Box::new(Reader::new(Kind::Ods, choice, limits)))
    }

    fn encoder(&self) -> Option<Box<dyn Encoder>> {
        None
    }
}
