//! Newline-delimited JSON: one record a line.

use crate::{
    contract::{Codec, Decoded, Decoder, Encoder, Format, FormatError, Inside, Limits},
    kit::{json, transport::LOOK},
};
use bus_core::{error::Reject, loss::LossReport, msg, record::Batch};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static FORMAT: Format = Format::new("ndjson")
    .with_extensions(&["ndjson", "jsonl"])
    .with_media_types(&["application/x-ndjson", "application/jsonl", "application/ndjson"])
    .sniffed_by(looks_like_lines);

/// # NDJSON
///
/// One JSON value a line.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {}

impl Codec for Settings {
    fn decoder(&self, limits: &Limits) -> Option<Box<dyn Decoder>> {
        Some(Box::new(Lines { partial: Vec::new(), line: 0, too_long: false, limits: limits.clone() }))
    }

    fn encoder(&self) -> Option<Box<dyn Encoder>> {
        Some(Box::new(Writer::default()))
    }
}

/// As much of a refused line as is kept to look at.
const RAW_KEPT: usize = 64 << 10;

struct Lines {
    /// The start of a line whose end has not come.
    partial: Vec<u8>,
    /// Lines read.
    line: u64,
    /// Whether the line that has begun is beyond the limit: it was refused, its end is looked for.
    too_long: bool,
    limits: Limits,
}

impl Lines {
    fn line(&mut self, line: &[u8], out: &mut Decoded) {
        self.line += 1;
        if std::mem::take(&mut self.too_long) {
            return;
        }
        if line.len() > self.limits.record_bytes {
            return self.refuse_long(self.line, out);
        }
        let start = if self.line == 1 { line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line) } else { line };
        if start.trim_ascii().is_empty() {
            return;
        }
        match json::parse(start, out.builder(), &self.limits) {
            Ok(()) => out.end_record_of(self.line),
            Err(error) => {
                let raw = start.get(..RAW_KEPT).unwrap_or(start);
                out.reject(
                    Some(String::from_utf8_lossy(raw).into_owned()),
                    Reject::new(error.message).at(self.line, error.column),
                );
            }
        }
    }

    fn refuse_long(&self, line: u64, out: &mut Decoded) {
        let most = self.limits.record_bytes;
        out.reject(
            None,
            Reject::new(msg!("this record is longer than {most} bytes (limit `record_bytes`)", most = most))
                .at(line, 1),
        );
    }

    fn keep(&mut self, rest: &[u8], out: &mut Decoded) {
        if self.too_long {
            return;
        }
        self.partial.extend_from_slice(rest);
        if self.partial.len() > self.limits.record_bytes {
            self.partial = Vec::new();
            self.too_long = true;
            self.refuse_long(self.line + 1, out);
        }
    }
}

impl Decoder for Lines {
    fn look_inside(&mut self, _: &[u8], _: bool, _: &mut Decoded) -> Option<Inside> {
        Some(Inside { first: 0, line: 1, newline: b'\n', quoting: None, head: LOOK })
    }

    fn resume(&mut self, line: u64) {
        self.line = line - 1;
    }

    fn push(&mut self, bytes: &[u8], out: &mut Decoded) -> Result<(), FormatError> {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, tail) = rest.split_at(end);
            if self.partial.is_empty() {
                self.line(line, out);
            } else {
                let mut whole = std::mem::take(&mut self.partial);
                whole.extend_from_slice(line);
                self.line(&whole, out);
                whole.clear();
                self.partial = whole;
            }
            rest = tail.get(1..).unwrap_or_default();
        }
        self.keep(rest, out);
        Ok(())
    }

    fn finish(&mut self, out: &mut Decoded) -> Result<(), FormatError> {
        let line = std::mem::take(&mut self.partial);
        self.line(&line, out);
        out.cut();
        Ok(())
    }
}

#[derive(Default)]
struct Writer {
    records: json::RecordWriter,
}

impl Encoder for Writer {
    fn encode(
        &mut self,
        batch: &Batch,
        out: &mut Vec<u8>,
        losses: &mut LossReport,
    ) -> Result<(), FormatError> {
        for record in batch.records() {
            self.records.write(record, out);
            out.push(b'\n');
        }
        json::note_losses(batch, losses);
        Ok(())
    }

    fn finish(&mut self, _: &mut Vec<u8>, _: &mut LossReport) -> Result<(), FormatError> {
        Ok(())
    }
}

/// Two JSON objects on two lines.
fn looks_like_lines(start: &[u8]) -> u8 {
    let mut lines = start.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let object = |line: &[u8]| line.first() == Some(&b'{') && line.last() == Some(&b'}');
    let (Some(first), Some(second)) = (lines.next(), lines.next()) else { return 0 };
    let first = first.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(first);
    if object(first) && second.first() == Some(&b'{') { 80 } else { 0 }
}
