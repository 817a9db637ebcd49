use super::{
    Reading,
    order::Pack,
    unresolve::{Field, PackWriter},
};
use crate::{
    contract::{Decoded, Decoder, FormatError, Limits},
    kit::json::{self, ItemPath, Items},
};
use bus_core::{
    error::Reject,
    msg,
    record::{BatchBuilder, Timestamp},
};

/// Reads the JSON form: RFC 8428, 5.
pub(crate) struct JsonReader {
    items: Items,
    pack: Pack,
    scratch: BatchBuilder,
    limits: Limits,
    stream: bool,
}

impl JsonReader {
    pub(crate) fn new(reading: Reading, limits: &Limits) -> Self {
        Self {
            items: Items::new(ItemPath::default(), limits),
            pack: Pack::new(reading),
            scratch: BatchBuilder::new(),
            limits: limits.clone(),
            stream: reading.stream,
        }
    }

    fn records(&mut self, out: &mut Decoded) -> Result<(), FormatError> {
        while let Some(item) = self.items.next()? {
            if !item.listed {
                return Err(FormatError::at(
                    item.line,
                    item.column,
                    msg!("a SenML pack is a list of records"),
                ));
            }
            let place = (item.line, item.column);
            match json::parse(item.text, &mut self.scratch, &self.limits) {
                Ok(()) => self.pack.take(self.scratch.take().record(0), place, out)?,
                Err(error) => {
                    let error = item.locate(error);
                    out.reject(None, Reject::new(error.message).at(error.line, error.column));
                }
            }
        }
        Ok(())
    }
}

impl Decoder for JsonReader {
    fn received(&mut self, now: Timestamp) {
        self.pack.received(now);
    }

    fn push(&mut self, bytes: &[u8], out: &mut Decoded) -> Result<(), FormatError> {
        self.items.push(bytes);
        self.records(out)
    }

    fn finish(&mut self, out: &mut Decoded) -> Result<(), FormatError> {
        self.items.finish();
        let done = self.records(out);
        self.pack.finish(out);
        // a stream never closes its list
        if self.stream { Ok(()) } else { done }
    }
}

/// Writes the JSON form.
#[derive(Debug, Default)]
pub(crate) struct JsonWriter {
    text: String,
}

impl PackWriter for JsonWriter {
    fn begin(&mut self, out: &mut Vec<u8>) {
        out.push(b'[');
    }

    fn record(&mut self, first: bool, fields: &[(&str, Field<'_>)], out: &mut Vec<u8>) {
        out.extend_from_slice(if first { b"\n{" } else { b",\n{" });
        for (index, (label, field)) in fields.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            json::write_text(label, out);
            out.push(b':');
            self.text.clear();
            match field {
                Field::Text(text) => json::write_text(text, out),
                Field::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
                Field::Bytes(bytes) => json::write_text(&super::resolve::to_base64(bytes), out),
                Field::Number(number) => {
                    number.write(&mut self.text);
                    out.extend_from_slice(self.text.as_bytes());
                }
            }
        }
        out.push(b'}');
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\n]\n");
    }
}
