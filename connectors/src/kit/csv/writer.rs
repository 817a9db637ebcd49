use super::{Decimal, Header, LineEnd, NewColumns, Options, marks};
use crate::{
    contract::{Encoder, FormatError},
    kit::{json, text::Recoder},
};
use bus_core::{
    loss::{Loss, LossReport},
    msg,
    record::{Batch, Object, Shape, Value},
};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Writes tables: see the module's text.
///
/// Nested objects become columns such as `address.city`, lists JSON text.
pub struct Writer {
    delimiter: u8,
    quote: u8,
    header: bool,
    comma: bool,
    refuse_new: bool,
    line_end: &'static [u8],
    columns: Vec<String>,
    index: FxHashMap<String, usize>,
    /// Whether the columns are settled.
    begun: bool,
    plan: Option<Plan>,
    recoder: Recoder,
}

/// How the records of one shape are written.
struct Plan {
    shape: Arc<Shape>,
    /// Whether its fields are the columns, in order.
    straight: bool,
}

/// The column of records that are not objects.
const VALUE: &str = "value";

impl Writer {
    /// A writer with these options; what is to be guessed is the usual: comma, double quotes, header, UTF-8.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        let mut writer = Self {
            delimiter: options.delimiter.byte().unwrap_or(b','),
            quote: options.quote.byte().unwrap_or(b'"'),
            header: options.header != Header::None,
            comma: options.decimal == Decimal::Comma,
            refuse_new: options.new_columns == NewColumns::Refuse,
            line_end: match options.line_end {
                LineEnd::Lf => b"\n",
                LineEnd::Crlf => b"\r\n",
            },
            columns: Vec::new(),
            index: FxHashMap::default(),
            begun: false,
            plan: None,
            recoder: Recoder::new(options.encoding, options.mark),
        };
        options.columns.iter().for_each(|name| writer.add_column(name));
        writer
    }

    fn add_column(&mut self, name: &str) {
        if !self.index.contains_key(name) {
            self.index.insert(name.to_owned(), self.columns.len());
            self.columns.push(name.to_owned());
        }
    }

    /// Settles the columns: those of the settings, or all of the first records.
    fn begin(&mut self, batch: &Batch, out: &mut Vec<u8>) {
        self.begun = true;
        if self.columns.is_empty() {
            let mut seen: Option<&Arc<Shape>> = None;
            let mut path = String::new();
            for record in batch.records() {
                let Value::Object(object) = record else {
                    self.add_column(VALUE);
                    continue;
                };
                let flat = !object.iter().any(|(_, value)| matches!(value, Value::Object(_)));
                if flat && seen.is_some_and(|seen| Arc::ptr_eq(seen, object.shape())) {
                    continue;
                }
                self.add_columns(object, &mut path);
                seen = flat.then_some(object.shape());
            }
        }
        if self.header && !self.columns.is_empty() {
            let names = std::mem::take(&mut self.columns);
            for (place, name) in names.iter().enumerate() {
                self.separate(place, out);
                self.write_text(name, out);
            }
            self.columns = names;
            out.extend_from_slice(self.line_end);
        }
    }

    fn add_columns(&mut self, object: Object<'_>, path: &mut String) {
        let len = path.len();
        for (place, key) in object.shape().keys().iter().enumerate() {
            join(path, key);
            match object.at(place) {
                Some(Value::Object(inner)) => self.add_columns(inner, path),
                _ => self.add_column(path),
            }
            path.truncate(len);
        }
    }

    fn separate(&self, place: usize, out: &mut Vec<u8>) {
        if place > 0 {
            out.push(self.delimiter);
        }
    }

    fn record(
        &mut self,
        record: Value<'_>,
        out: &mut Vec<u8>,
        losses: &mut LossReport,
    ) -> Result<(), FormatError> {
        if self.columns.is_empty() {
            losses.note("", Loss::Dropped, "a record without any column is not written");
            return Ok(());
        }
        let Value::Object(object) = record else {
            let mut slots = vec![None; self.columns.len()];
            self.place(VALUE, record, &mut slots, losses)?;
            return self.row(&slots, out, losses);
        };
        if !self.plan.as_ref().is_some_and(|plan| Arc::ptr_eq(&plan.shape, object.shape())) {
            let keys = object.shape().keys();
            let straight = keys.len() == self.columns.len()
                && keys.iter().zip(&self.columns).all(|(key, column)| **key == **column);
            self.plan = Some(Plan { shape: Arc::clone(object.shape()), straight });
        }
        if self.is_straight(object) {
            return self.straight(object, out, losses);
        }
        let mut slots = vec![None; self.columns.len()];
        self.spread(object, &mut String::new(), &mut slots, losses)?;
        self.row(&slots, out, losses)
    }

    /// Whether the fields are the columns, in order, and no object among them.
    fn is_straight(&self, object: Object<'_>) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.straight)
            && !object.cells().iter().any(|cell| cell.is_object())
    }

    fn straight(
        &self,
        object: Object<'_>,
        out: &mut Vec<u8>,
        losses: &mut LossReport,
    ) -> Result<(), FormatError> {
        let batch = object.batch();
        for (place, cell) in object.cells().iter().enumerate() {
            self.separate(place, out);
            self.field(place, batch.resolve(*cell), out, losses);
        }
        out.extend_from_slice(self.line_end);
        Ok(())
    }

    /// Puts the fields of an object into the slots of their columns.
    fn spread<'a>(
        &self,
        object: Object<'a>,
        path: &mut String,
        slots: &mut [Option<Value<'a>>],
        losses: &mut LossReport,
    ) -> Result<(), FormatError> {
        let len = path.len();
        for (key, value) in object.iter() {
            join(path, key);
            match value {
                Value::Object(inner) if self.is_spread(path) => {
                    self.spread(inner, path, slots, losses)?;
                }
                value => self.place(path, value, slots, losses)?,
            }
            path.truncate(len);
        }
        Ok(())
    }

    /// Whether an object has columns for its fields, not one for itself.
    fn is_spread(&self, path: &str) -> bool {
        let inside = |column: &String| column.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
        !self.index.contains_key(path) || self.columns.iter().any(inside)
    }

    fn place<'a>(
        &self,
        path: &str,
        value: Value<'a>,
        slots: &mut [Option<Value<'a>>],
        losses: &mut LossReport,
    ) -> Result<(), FormatError> {
        let slot = self.index.get(path).and_then(|column| slots.get_mut(*column));
        match slot {
            Some(slot @ None) => *slot = Some(value),
            Some(Some(_)) => losses.note(path, Loss::Dropped, "two fields have the same column"),
            None if self.refuse_new => {
                return Err(FormatError::new(msg!("the field `{field}` has no column", field = path)));
            }
            None => losses.note(path, Loss::Dropped, "the field has no column"),
        }
        Ok(())
    }

    fn row(
        &self,
        slots: &[Option<Value<'_>>],
        out: &mut Vec<u8>,
        losses: &mut LossReport,
    ) -> Result<(), FormatError> {
        for (place, value) in slots.iter().enumerate() {
            self.separate(place, out);
            self.field(place, *value, out, losses);
        }
        out.extend_from_slice(self.line_end);
        Ok(())
    }

    #[inline]
    fn field(&self, place: usize, value: Option<Value<'_>>, out: &mut Vec<u8>, losses: &mut LossReport) {
        match value {
            Some(Value::Text(text)) => self.write_text(text, out),
            Some(Value::Int(int)) => out.extend_from_slice(itoa::Buffer::new().format(int).as_bytes()),
            Some(Value::Decimal(text)) if !self.comma => out.extend_from_slice(text.as_bytes()),
            Some(Value::Bool(true)) => out.extend_from_slice(b"true"),
            Some(Value::Bool(false)) => out.extend_from_slice(b"false"),
            // an empty line would be no record
            Some(Value::Null) | None if self.columns.len() == 1 => out.extend_from_slice(&[self.quote; 2]),
            Some(Value::Null) | None => {}
            Some(value) => self.rare_field(place, value, out, losses),
        }
    }

    fn rare_field(&self, place: usize, value: Value<'_>, out: &mut Vec<u8>, losses: &mut LossReport) {
        let column = self.columns.get(place).map_or("", String::as_str);
        let mut text = String::new();
        match value {
            Value::Float(_) | Value::Decimal(_) => {
                value.write_plain(&mut text);
                if self.comma {
                    text = text.replace('.', ",");
                }
            }
            Value::Masked(_) => {
                losses.note(column, Loss::Approximated, "a masked value is written as its mark");
                value.write_plain(&mut text);
            }
            Value::Bytes(_) => {
                losses.note(column, Loss::Approximated, "bytes are written as Base64 text");
                text = as_json(value).trim_matches('"').to_owned();
            }
            Value::List(_) | Value::Object(_) => {
                losses.note(column, Loss::Approximated, "lists and objects are written as JSON text");
                text = as_json(value);
            }
            other => {
                other.write_plain(&mut text);
            }
        }
        self.write_text(&text, out);
    }

    /// Writes text, in quotes where it would be misread without (RFC 4180 §2).
    #[inline]
    fn write_text(&self, text: &str, out: &mut Vec<u8>) {
        let bytes = text.as_bytes();
        let plain = !bytes.is_empty() && !marks::has_any(bytes, [self.delimiter, self.quote, b'\n', b'\r']);
        if plain {
            out.extend_from_slice(bytes);
        } else {
            self.write_quoted(bytes, out);
        }
    }

    fn write_quoted(&self, mut rest: &[u8], out: &mut Vec<u8>) {
        out.push(self.quote);
        while let Some(place) = memchr::memchr(self.quote, rest) {
            let (before, after) = rest.split_at(place + 1);
            out.extend_from_slice(before);
            out.push(self.quote);
            rest = after;
        }
        out.extend_from_slice(rest);
        out.push(self.quote);
    }
}

fn join(path: &mut String, key: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key);
}

fn as_json(value: Value<'_>) -> String {
    let mut text = Vec::new();
    json::write(value, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

impl Encoder for Writer {
    fn encode(
        &mut self,
        batch: &Batch,
        out: &mut Vec<u8>,
        losses: &mut LossReport,
    ) -> Result<(), FormatError> {
        if batch.is_empty() {
            return Ok(());
        }
        let start = self.recoder.begin(out);
        if !self.begun {
            self.begin(batch, out);
        }
        let mut outcome = Ok(());
        for record in batch.records() {
            outcome = self.record(record, out, losses);
            if outcome.is_err() {
                break;
            }
        }
        self.recoder.end(start, out, losses);
        outcome
    }

    fn finish(&mut self, out: &mut Vec<u8>, losses: &mut LossReport) -> Result<(), FormatError> {
        let start = self.recoder.begin(out);
        if !self.begun && !self.columns.is_empty() {
            self.begin(&Batch::default(), out);
        }
        self.recoder.end(start, out, losses);
        Ok(())
    }
}
