use crate::kit::text::Encoding;
use bus_core::{Message, msg};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt};

/// How a table is read and written; what is not set is guessed or usual.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What stands between two fields.
    pub delimiter: Delimiter,
    /// What stands around fields.
    pub quote: Delimiter,
    /// Where column names come from.
    pub header: Header,
    /// How characters are bytes.
    pub encoding: Encoding,
    /// Whether numbers and booleans are recognised.
    pub types: Types,
    /// The decimal mark.
    pub decimal: Decimal,
    /// What an empty field is.
    pub empty: Empty,
    /// Marks of withheld values.
    pub masked: Vec<String>,
    /// Lines before the table.
    pub skip_lines: u32,
    /// The columns to write, in order; empty for those of the first records.
    pub columns: Vec<String>,
    /// What a field gets that has no column.
    pub new_columns: NewColumns,
    /// How lines end when writing.
    pub line_end: LineEnd,
    /// Whether a byte order mark is written.
    pub mark: bool,
}

/// One ASCII character that divides a table, or nothing: found out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Delimiter(Option<u8>);

impl Delimiter {
    /// A delimiter that is this byte.
    #[must_use]
    pub const fn of(byte: u8) -> Self {
        Self(Some(byte))
    }

    /// The byte, if one was set.
    #[must_use]
    pub const fn byte(self) -> Option<u8> {
        self.0
    }
}

/// Why a text is not a delimiter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelimiterError(Message);

impl fmt::Display for DelimiterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for DelimiterError {}

impl TryFrom<String> for Delimiter {
    type Error = DelimiterError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_bytes() {
            [] => Ok(Self(None)),
            b"tab" | b"\\t" => Ok(Self(Some(b'\t'))),
            [byte]
                if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !matches!(byte, b'\n' | b'\r' | 0) =>
            {
                Ok(Self(Some(*byte)))
            }
            _ => Err(DelimiterError(msg!(
                "`{text}` cannot divide fields: write one character such as `;`, or `tab`",
                text = text
            ))),
        }
    }
}

impl From<Delimiter> for String {
    fn from(delimiter: Delimiter) -> Self {
        delimiter.0.map_or_else(Self::new, |byte| char::from(byte).to_string())
    }
}

impl JsonSchema for Delimiter {
    fn schema_name() -> Cow<'static, str> {
        "Delimiter".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "maxLength": 3 })
    }
}

/// Where the names of the columns come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Header {
    /// Found out when reading; written when writing
    #[default]
    Guess,
    /// The first row holds them
    FirstRow,
    /// There are none: the columns are called `column_1`, `column_2`, …
    None,
}

/// Whether values are recognised.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Types {
    /// Numbers and booleans are recognised, column by column; codes with leading zeros and long numbers
    /// (SIRET, PRM) stay text
    #[default]
    Guess,
    /// Everything is text
    Text,
}

/// What stands before the decimals of a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Decimal {
    /// Found out column by column when reading; a point when writing
    #[default]
    Guess,
    /// A point: 12.5
    Point,
    /// A comma: 12,5
    Comma,
}

/// What an empty field is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Empty {
    /// Null: nothing, said so
    #[default]
    Null,
    /// Absent: the record lacks the field
    Absent,
    /// An empty text
    Text,
}

/// What becomes of a field that has no column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NewColumns {
    /// It is left out, and counted in the loss report
    #[default]
    Drop,
    /// Writing stops
    Refuse,
}

/// How lines end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LineEnd {
    /// Line feed, as on Linux
    #[default]
    Lf,
    /// Carriage return and line feed, as on Windows and in RFC 4180
    Crlf,
}
