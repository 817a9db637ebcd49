//! Newline-delimited JSON: one record a line.

use crate::contract::{Codec, Decoded, Decoder, Encoder, Format, FormatError, Limits};
use bus_core::{error::Reject, loss::LossReport, msg, record::Batch};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static FORMAT: Format = Format::new("ndjson")
    .with_extensions(&["ndjson", "jsonl"])
    .with_media_types(&["application/x-ndjson", "application/jsonl"]);

/// # NDJSON
///
/// One JSON value a line.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {}

impl Codec for Settings {
    fn decoder(&self, _: &Limits) -> Option<Box<dyn Decoder>> {
        Some(Box::new(Lines::default()))
    }

    fn encoder(&self) -> Option<Box<dyn Encoder>> {
        Some(Box::new(Writer))
    }
}

#[derive(Default)]
struct Lines {
    partial: Vec<u8>,
    line: u64,
}

impl Lines {
    fn line(&mut self, line: &[u8], out: &mut Decoded) {
        self.line += 1;
        if line.trim_ascii().is_empty() {
            return;
        }
        match serde_json::from_slice(line) {
            Ok(json) => match out.builder().json(&json) {
                Ok(()) => out.end_record(),
                Err(error) => out.reject(
                    None,
                    Reject::new(msg!("{problem}", problem = error.to_string())).at(self.line, 1),
                ),
            },
            Err(error) => out.reject(
                String::from_utf8(line.to_vec()).ok(),
                Reject::new(msg!("{problem}", problem = error.to_string()))
                    .at(self.line, error.column() as u64),
            ),
        }
    }
}

impl Decoder for Lines {
    fn push(&mut self, bytes: &[u8], out: &mut Decoded) -> Result<(), FormatError> {
        self.partial.extend_from_slice(bytes);
        let partial = std::mem::take(&mut self.partial);
        let mut rest = partial.as_slice();
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, tail) = rest.split_at(end);
            self.line(line, out);
            rest = tail.get(1..).unwrap_or_default();
        }
        self.partial = rest.to_vec();
        Ok(())
    }

    fn finish(&mut self, out: &mut Decoded) -> Result<(), FormatError> {
        let line = std::mem::take(&mut self.partial);
        self.line(&line, out);
        out.cut();
        Ok(())
    }
}

struct Writer;

impl Encoder for Writer {
    fn encode(&mut self, batch: &Batch, out: &mut Vec<u8>, _: &mut LossReport) -> Result<(), FormatError> {
        for record in batch.records() {
            out.extend_from_slice(record.to_json().to_string().as_bytes());
            out.push(b'\n');
        }
        Ok(())
    }

    fn finish(&mut self, _: &mut Vec<u8>, _: &mut LossReport) -> Result<(), FormatError> {
        Ok(())
    }
}
