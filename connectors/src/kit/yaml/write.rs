use crate::{
    contract::{Encoder, FormatError},
    kit::json,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bus_core::{
    loss::{Loss, LossReport},
    record::{Batch, Value},
    yaml::{write_member_text, write_text},
};

/// Writes YAML as a person would: blocks, quotes only where they are needed.
#[derive(Debug, Default)]
pub struct Writer {
    /// Whether every record is a document of its own.
    documents: bool,
    begun: bool,
}

impl Writer {
    /// A writer of one list, or of a document a record.
    #[must_use]
    pub const fn new(documents: bool) -> Self {
        Self { documents, begun: false }
    }

    fn record(&self, record: Value<'_>, out: &mut String) {
        if self.documents {
            out.push_str("---\n");
            match record {
                Value::Object(_) | Value::List(_) if !is_empty(record) => block(record, 0, out),
                _ => {
                    inline(record, out);
                    out.push('\n');
                }
            }
        } else {
            out.push('-');
            member(record, 0, true, out);
        }
    }
}

fn is_empty(value: Value<'_>) -> bool {
    match value {
        Value::Object(object) => object.iter().next().is_none(),
        Value::List(list) => list.is_empty(),
        _ => true,
    }
}

/// The lines of a list or object; the first one is already indented.
fn block(value: Value<'_>, indent: usize, out: &mut String) {
    let pad = |first: &mut bool, out: &mut String| {
        if !std::mem::take(first) {
            out.extend(std::iter::repeat_n(' ', indent));
        }
    };
    let mut first = true;
    match value {
        Value::Object(object) => {
            for (key, value) in object.iter() {
                pad(&mut first, out);
                write_text(key, out);
                out.push(':');
                member(value, indent, false, out);
            }
        }
        Value::List(list) => {
            for item in list.iter() {
                pad(&mut first, out);
                out.push('-');
                member(item, indent, true, out);
            }
        }
        other => inline(other, out),
    }
}

/// What follows `key:` or `-`, to the end of its lines.
fn member(value: Value<'_>, indent: usize, item: bool, out: &mut String) {
    match value {
        Value::Text(text) => write_member_text(text, indent, out),
        Value::Object(_) | Value::List(_) if !is_empty(value) => {
            if item {
                out.push(' ');
            } else {
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', indent + 2));
            }
            block(value, indent + 2, out);
        }
        other => {
            out.push(' ');
            inline(other, out);
            out.push('\n');
        }
    }
}

fn inline(value: Value<'_>, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Text(text) | Value::Masked(text) => write_text(text, out),
        Value::Bytes(bytes) => {
            out.push_str("!!binary ");
            // base64 may read as a number, which the tag forbids to be anything else
            out.push('"');
            STANDARD.encode_string(bytes, out);
            out.push('"');
        }
        Value::List(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Decimal(_) => {
            value.write_plain(out);
        }
        Value::Time(_) => {
            let mut text = String::new();
            value.write_plain(&mut text);
            write_text(&text, out);
        }
    }
}

impl Encoder for Writer {
    fn encode(
        &mut self,
        batch: &Batch,
        out: &mut Vec<u8>,
        losses: &mut LossReport,
    ) -> Result<(), FormatError> {
        let mut text = String::new();
        for record in batch.records() {
            self.begun = true;
            self.record(record, &mut text);
            out.extend_from_slice(text.as_bytes());
            text.clear();
        }
        if batch.has_masked() {
            let mut all = LossReport::default();
            json::note_losses(batch, &mut all);
            for (path, entries) in all.iter() {
                for entry in entries.iter().filter(|entry| entry.reason == MASKED) {
                    losses.add(path, Loss::Approximated, MASKED, entry.count);
                }
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>, _: &mut LossReport) -> Result<(), FormatError> {
        if !self.begun && !self.documents {
            out.extend_from_slice(b"[]\n");
        }
        Ok(())
    }
}

/// As the JSON writer says it.
const MASKED: &str = bus_core::text!("a masked value is written as its mark");
