//! JSON documents: a list of records, also deep inside.

use crate::{
    contract::{Codec, Decoded, Decoder, Encoder, Format, FormatError, Limits},
    kit::json::{self, Duplicates, Item, ItemPath, ItemSegment, Items},
};
use bus_core::{error::Reject, loss::LossReport, msg, record::Batch};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static FORMAT: Format = Format::new("json")
    .with_extensions(&["json"])
    .with_media_types(&["application/json", "text/json"])
    .sniffed_by(looks_like_json);

/// # JSON
///
/// A JSON document (RFC 8259): a list of records, or one record.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// # Path to the records
    ///
    /// Where the list of records stands in the document, such as `data.results` or `$.feed[*].entry`. Empty:
    /// the document is the list, or one record. When writing, the list is put there.
    #[schemars(extend("examples" = ["data.results", "$.pages[*].items"]))]
    items: ItemPath,
    /// # Indented
    ///
    /// Writes over several lines, two spaces a level.
    pretty: bool,
    /// # One record
    ///
    /// Writes a single record as it is, not as a list of one; several records are a list all the same.
    single: bool,
    /// # Key that comes twice
    ///
    /// What becomes of an object that has the same key twice.
    duplicate_keys: DuplicateKeys,
}

/// What becomes of an object that has the same key twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum DuplicateKeys {
    /// The record is refused
    #[default]
    Refuse,
    /// The last value counts
    KeepLast,
}

impl Codec for Settings {
    fn decoder(&self, limits: &Limits) -> Option<Box<dyn Decoder>> {
        let duplicates = match self.duplicate_keys {
            DuplicateKeys::Refuse => Duplicates::Refuse,
            DuplicateKeys::KeepLast => Duplicates::KeepLast,
        };
        let items = Items::new(self.items.clone(), limits);
        Some(Box::new(Reader { items, limits: limits.clone(), duplicates }))
    }

    fn encoder(&self) -> Option<Box<dyn Encoder>> {
        let keys = self.items.segments().iter().map_while(|segment| match segment {
            ItemSegment::Key(key) => Some(key.clone()),
            ItemSegment::Index(_) | ItemSegment::Every => None,
        });
        Some(Box::new(Writer {
            around: keys.collect(),
            pretty: self.pretty,
            single: self.single,
            state: State::Start,
            records: json::RecordWriter::default(),
        }))
    }
}

/// As much of a refused record as is kept to look at.
const RAW_KEPT: usize = 64 << 10;

struct Reader {
    items: Items,
    limits: Limits,
    duplicates: Duplicates,
}

impl Reader {
    fn take(&mut self, out: &mut Decoded) -> Result<(), FormatError> {
        while let Some(item) = self.items.next()? {
            if let Err(error) = read_item(&item, &self.limits, self.duplicates, out) {
                if !item.listed {
                    return Err(error);
                }
                let raw = item.text.get(..RAW_KEPT).unwrap_or(item.text);
                let raw = (!raw.is_empty()).then(|| String::from_utf8_lossy(raw).into_owned());
                out.reject(raw, Reject::new(error.message).at(error.line, error.column));
            }
        }
        Ok(())
    }
}

fn read_item(
    item: &Item<'_>,
    limits: &Limits,
    duplicates: Duplicates,
    out: &mut Decoded,
) -> Result<(), FormatError> {
    if item.size > limits.record_bytes {
        let message = msg!(
            "this record is longer than {most} bytes (limit `record_bytes`)",
            most = limits.record_bytes
        );
        return Err(FormatError::at(item.line, item.column, message));
    }
    json::parse_with(item.text, out.builder(), limits, duplicates).map_err(|error| item.locate(error))?;
    out.end_record();
    Ok(())
}

impl Decoder for Reader {
    fn push(&mut self, bytes: &[u8], out: &mut Decoded) -> Result<(), FormatError> {
        self.items.push(bytes);
        self.take(out)
    }

    fn finish(&mut self, out: &mut Decoded) -> Result<(), FormatError> {
        self.items.finish();
        let taken = self.take(out);
        out.cut();
        taken
    }
}

struct Writer {
    /// The keys of the objects around the list.
    around: Vec<String>,
    pretty: bool,
    single: bool,
    state: State,
    records: json::RecordWriter,
}

enum State {
    Start,
    /// One record was written, to a buffer of its own: a second would make it a list.
    One(Vec<u8>),
    List,
}

impl Writer {
    fn open(&self, out: &mut Vec<u8>) {
        for (level, key) in self.around.iter().enumerate() {
            out.push(b'{');
            self.line(level + 1, out);
            json::write_text(key, out);
            out.extend_from_slice(if self.pretty { b": " } else { b":" });
        }
    }

    fn close(&self, out: &mut Vec<u8>) {
        for level in (0..self.around.len()).rev() {
            self.line(level, out);
            out.push(b'}');
        }
        out.push(b'\n');
    }

    /// A new line, where the output has any.
    fn line(&self, level: usize, out: &mut Vec<u8>) {
        if self.pretty {
            out.push(b'\n');
            out.extend(std::iter::repeat_n(b' ', level * 2));
        }
    }

    fn record(&mut self, record: bus_core::record::Value<'_>, level: usize, out: &mut Vec<u8>) {
        if self.pretty {
            json::write_pretty(record, level, out);
        } else {
            self.records.write(record, out);
        }
    }

    fn next(&mut self, record: bus_core::record::Value<'_>, out: &mut Vec<u8>) {
        let level = self.around.len();
        match std::mem::replace(&mut self.state, State::List) {
            State::Start if self.single => {
                let mut one = Vec::new();
                self.record(record, level, &mut one);
                self.state = State::One(one);
                return;
            }
            State::Start => {
                self.open(out);
                out.push(b'[');
            }
            State::One(one) => {
                self.open(out);
                out.push(b'[');
                self.line(level + 1, out);
                out.extend_from_slice(&one);
                out.extend_from_slice(if self.pretty { b"," } else { b",\n" });
            }
            State::List => out.extend_from_slice(if self.pretty { b"," } else { b",\n" }),
        }
        self.line(level + 1, out);
        self.record(record, level + 1, out);
    }
}

impl Encoder for Writer {
    fn encode(
        &mut self,
        batch: &Batch,
        out: &mut Vec<u8>,
        losses: &mut LossReport,
    ) -> Result<(), FormatError> {
        for record in batch.records() {
            self.next(record, out);
        }
        json::note_losses(batch, losses);
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>, _: &mut LossReport) -> Result<(), FormatError> {
        match std::mem::replace(&mut self.state, State::List) {
            State::Start => {
                self.open(out);
                out.extend_from_slice(b"[]");
            }
            State::One(one) => {
                self.open(out);
                out.extend_from_slice(&one);
            }
            State::List => {
                self.line(self.around.len(), out);
                out.push(b']');
            }
        }
        self.close(out);
        Ok(())
    }
}

fn looks_like_json(start: &[u8]) -> u8 {
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start();
    match start.split_first() {
        Some((b'{', rest)) => match rest.trim_ascii_start().first() {
            Some(b'"' | b'}') | None => 60,
            Some(_) => 0,
        },
        Some((b'[', rest)) => match rest.trim_ascii_start().first() {
            Some(b'{' | b'[' | b'"' | b']' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') | None => 50,
            Some(_) => 0,
        },
        _ => 0,
    }
}
