//! Tab-separated values.

use crate::{
    contract::{Codec, Decoder, Encoder, Format, Limits},
    kit::{
        csv::{Delimiter, Empty, Header, Options, Reader, Types, Writer, looks_like_table},
        text::Encoding,
    },
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static FORMAT: Format = Format::new("tsv")
    .with_extensions(&["tsv", "tab"])
    .with_media_types(&["text/tab-separated-values"])
    .sniffed_by(|start| looks_like_table(start, b"\t"));

/// # TSV
///
/// A table as text, its fields divided by tabs; everything else as in CSV.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// # Header
    ///
    /// Where the names of the columns come from.
    header: Header,
    /// # Encoding
    ///
    /// How characters are written as bytes.
    encoding: Encoding,
    /// # Types
    ///
    /// Whether numbers and booleans are recognised when reading.
    types: Types,
    /// # Empty fields
    ///
    /// What an empty field is when reading.
    empty: Empty,
    /// # Columns to write
    ///
    /// The columns, in order; `address.city` for a field inside another. Empty: all fields of the first records.
    columns: Vec<String>,
}

impl Settings {
    fn options(&self) -> Options {
        Options {
            delimiter: Delimiter::of(b'\t'),
            header: self.header,
            encoding: self.encoding,
            types: self.types,
            empty: self.empty,
            columns: self.columns.clone(),
            ..Options::default()
        }
    }
}

impl Codec for Settings {
    fn decoder(&self, limits: &Limits) -> Option<Box<dyn Decoder>> {
        Some(Box::new(Reader::new(self.options(), limits)))
    }

    fn encoder(&self) -> Option<Box<dyn Encoder>> {
        Some(Box::new(Writer::new(&self.options())))
    }
}
