use super::plain::plain_prefix;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bus_core::{
    loss::{Loss, LossReport},
    record::{Batch, Number, Object, Shape, Value},
};
use std::sync::Arc;

/// Writes a value as compact JSON.
///
/// Times become RFC 3339 text, masked values their mark, bytes Base64 text (see [`note_losses`]).
pub fn write(value: Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(int) => out.extend_from_slice(itoa::Buffer::new().format(int).as_bytes()),
        Value::Decimal(text) => out.extend_from_slice(text.as_bytes()),
        Value::Text(text) | Value::Masked(text) => write_text(text, out),
        Value::List(list) => {
            out.push(b'[');
            let mut first = true;
            for item in list.iter() {
                if !std::mem::take(&mut first) {
                    out.push(b',');
                }
                write(item, out);
            }
            out.push(b']');
        }
        Value::Object(object) => {
            out.push(b'{');
            let mut first = true;
            for (key, value) in object.iter() {
                if !std::mem::take(&mut first) {
                    out.push(b',');
                }
                write_text(key, out);
                out.push(b':');
                write(value, out);
            }
            out.push(b'}');
        }
        Value::Float(_) | Value::Time(_) | Value::Bytes(_) => write_rare(value, out),
    }
}

fn write_rare(value: Value<'_>, out: &mut Vec<u8>) {
    let mut text = String::new();
    match value {
        Value::Float(float) => {
            Number::Float(float).write(&mut text);
            out.extend_from_slice(text.as_bytes());
        }
        Value::Bytes(bytes) => {
            STANDARD.encode_string(bytes, &mut text);
            write_text(&text, out);
        }
        other => {
            other.write_plain(&mut text);
            write_text(&text, out);
        }
    }
}

/// Writes text between quotes, escaped where RFC 8259 demands it.
#[inline]
pub fn write_text(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let plain = plain_prefix(bytes);
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    if plain == bytes.len() {
        out.extend_from_slice(bytes);
    } else {
        write_escaped(bytes, plain, out);
    }
    out.push(b'"');
}

fn write_escaped(bytes: &[u8], mut plain: usize, out: &mut Vec<u8>) {
    let mut rest = bytes;
    loop {
        let (before, after) = rest.split_at(plain);
        out.extend_from_slice(before);
        let Some((special, tail)) = after.split_first() else { return };
        escape(*special, out);
        rest = tail;
        plain = plain_prefix(rest);
    }
}

fn escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' => b'"',
        b'\\' => b'\\',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0C => b'f',
        _ => {
            const HEX: &[u8; 16] = b"0123456789abcdef";
            let digit = |half: u8| HEX.get(usize::from(half)).copied().unwrap_or(b'0');
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&[digit(byte >> 4), digit(byte & 0xF)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Writes a value as JSON over several lines, two spaces a level.
pub fn write_pretty(value: Value<'_>, level: usize, out: &mut Vec<u8>) {
    let line = |level: usize, out: &mut Vec<u8>| {
        out.push(b'\n');
        out.extend(std::iter::repeat_n(b' ', level * 2));
    };
    match value {
        Value::List(list) if !list.is_empty() => {
            out.push(b'[');
            for (index, item) in list.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                line(level + 1, out);
                write_pretty(item, level + 1, out);
            }
            line(level, out);
            out.push(b']');
        }
        Value::Object(object) if object.iter().next().is_some() => {
            out.push(b'{');
            for (index, (key, item)) in object.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                line(level + 1, out);
                write_text(key, out);
                out.extend_from_slice(b": ");
                write_pretty(item, level + 1, out);
            }
            line(level, out);
            out.push(b'}');
        }
        other => write(other, out),
    }
}

/// Writes records one after the other, and remembers how the keys of their shape are written.
#[derive(Debug, Default)]
pub struct RecordWriter {
    shape: Option<Arc<Shape>>,
    /// `"key":` of each key.
    keys: Vec<Vec<u8>>,
}

impl RecordWriter {
    /// Writes one record as compact JSON, as [`write`] does.
    pub fn write(&mut self, record: Value<'_>, out: &mut Vec<u8>) {
        match record {
            Value::Object(object) => self.object(object, out),
            other => write(other, out),
        }
    }

    fn object(&mut self, object: Object<'_>, out: &mut Vec<u8>) {
        let shape = object.shape();
        if !self.shape.as_ref().is_some_and(|known| Arc::ptr_eq(known, shape)) {
            self.learn(shape);
        }
        out.push(b'{');
        let batch = object.batch();
        let mut first = true;
        for (key, cell) in self.keys.iter().zip(object.cells()) {
            let Some(value) = batch.resolve(*cell) else { continue };
            if !std::mem::take(&mut first) {
                out.push(b',');
            }
            out.extend_from_slice(key);
            write(value, out);
        }
        out.push(b'}');
    }

    fn learn(&mut self, shape: &Arc<Shape>) {
        self.keys.clear();
        for key in shape.keys() {
            let mut written = Vec::with_capacity(key.len() + 3);
            write_text(key, &mut written);
            written.push(b':');
            self.keys.push(written);
        }
        self.shape = Some(Arc::clone(shape));
    }
}

/// Notes what JSON cannot hold of the records of a batch as it is: masked values and bytes.
pub fn note_losses(batch: &Batch, losses: &mut LossReport) {
    if !batch.has_masked() && !batch.has_bytes() {
        return;
    }
    let mut path = String::new();
    for record in batch.records() {
        note(record, &mut path, losses);
    }
}

fn note(value: Value<'_>, path: &mut String, losses: &mut LossReport) {
    match value {
        Value::Masked(_) => {
            losses.note(path, Loss::Approximated, "a masked value is written as its mark");
        }
        Value::Bytes(_) => losses.note(path, Loss::Approximated, "bytes are written as Base64 text"),
        Value::List(list) => list.iter().for_each(|item| note(item, path, losses)),
        Value::Object(object) => {
            for (key, value) in object.iter() {
                if !matches!(value, Value::Masked(_) | Value::Bytes(_) | Value::List(_) | Value::Object(_)) {
                    continue;
                }
                let len = path.len();
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
                note(value, path, losses);
                path.truncate(len);
            }
        }
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Decimal(_)
        | Value::Text(_)
        | Value::Time(_) => {}
    }
}
