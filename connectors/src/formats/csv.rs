//! Tables as text, divided by commas, semicolons, tabs.

use crate::{
    contract::{Codec, Decoder, Encoder, Format, Limits},
    kit::{
        csv::{
            Decimal, Delimiter, Empty, Header, LineEnd, NewColumns, Options, Reader, Types, Writer,
            looks_like_table,
        },
        text::Encoding,
    },
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static FORMAT: Format = Format::new("csv")
    .with_extensions(&["csv"])
    .with_media_types(&["text/csv", "application/csv", "text/x-csv"])
    .sniffed_by(|start| looks_like_table(start, b",;|"));

/// # CSV
///
/// A table as text (RFC 4180). How it is divided, quoted and encoded is found out when reading; when writing
/// it is comma, double quotes and UTF-8 unless set.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// # Delimiter
    ///
    /// The character between two fields: `;`, `,`, `|` or `tab`. Empty: found out when reading, a comma when
    /// writing.
    #[schemars(extend("examples" = [";", ",", "tab"]))]
    delimiter: Delimiter,
    /// # Quote
    ///
    /// The character around fields that hold delimiters. Empty: found out when reading, `"` when writing.
    quote: Delimiter,
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
    /// # Decimal mark
    ///
    /// What stands before the decimals of a number.
    decimal: Decimal,
    /// # Empty fields
    ///
    /// What an empty field is when reading.
    empty: Empty,
    /// # Masked values
    ///
    /// The marks that stand for a withheld value, such as `S` or `< 1`. Without any, the usual ones are known in
    /// columns of numbers.
    #[schemars(extend("examples" = [["S", "nd", "< 1"]]))]
    masked: Vec<String>,
    /// # Lines to skip
    ///
    /// How many lines stand before the table.
    skip_lines: u32,
    /// # Columns to write
    ///
    /// The columns, in order; `address.city` for a field inside another. Empty: all fields of the first records.
    columns: Vec<String>,
    /// # Fields without a column
    ///
    /// What becomes of a field that shows up after the columns are settled.
    new_columns: NewColumns,
    /// # Line end
    ///
    /// How lines end when writing.
    line_end: LineEnd,
    /// # Byte order mark
    ///
    /// Writes a mark at the start, from which Excel knows that the file is UTF-8.
    byte_order_mark: bool,
}

impl Settings {
    fn options(&self) -> Options {
        Options {
            delimiter: self.delimiter,
            quote: self.quote,
            header: self.header,
            encoding: self.encoding,
            types: self.types,
            decimal: self.decimal,
            empty: self.empty,
            masked: self.masked.clone(),
            skip_lines: self.skip_lines,
            columns: self.columns.clone(),
            new_columns: self.new_columns,
            line_end: self.line_end,
            mark: self.byte_order_mark,
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
