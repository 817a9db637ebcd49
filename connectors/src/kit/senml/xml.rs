use super::{
    Reading,
    order::Pack,
    unresolve::{Field, PackWriter},
};
use crate::{
    contract::{Decoded, Decoder, FormatError, Limits},
    kit::xml::{Handler, Parser, Scopes, Tag, escape::write_attribute},
};
use bus_core::{
    Message, msg,
    record::{BatchBuilder, Timestamp},
};

const NAMESPACE: &str = "urn:ietf:params:xml:ns:senml";

/// Reads the XML form: RFC 8428, 7.
pub(crate) struct XmlReader {
    parser: Parser,
    pack: Pack,
    scratch: BatchBuilder,
    stream: bool,
}

impl XmlReader {
    pub(crate) fn new(reading: Reading, limits: &Limits) -> Self {
        Self {
            parser: Parser::new(limits),
            pack: Pack::new(reading),
            scratch: BatchBuilder::new(),
            stream: reading.stream,
        }
    }
}

/// Makes records of `senml` elements.
struct Elements<'a> {
    pack: &'a mut Pack,
    scratch: &'a mut BatchBuilder,
    out: &'a mut Decoded,
    depth: usize,
}

impl Handler for Elements<'_> {
    fn open(&mut self, tag: Tag<'_>) -> Result<(), Message> {
        self.depth += 1;
        let wanted = if self.depth == 1 { "sensml" } else { "senml" };
        if self.depth > 2 || tag.local_name() != wanted || tag.namespace() != Some(NAMESPACE) {
            return Err(msg!(
                "expected the element `{wanted}` of SenML, found `{found}`",
                wanted = wanted,
                found = tag.name()
            ));
        }
        if self.depth == 1 {
            return Ok(());
        }
        self.scratch.begin_object();
        for (name, value) in tag.attributes().filter(|(name, _)| !name.starts_with("xml")) {
            self.scratch.key(name).map_err(|error| msg!("{problem}", problem = error.to_string()))?;
            attribute(name, value, self.scratch);
        }
        self.scratch.end();
        let batch = self.scratch.take();
        self.pack.take(batch.record(0), (0, 0), self.out).map_err(|error| error.message)
    }

    fn text(&mut self, text: &str) -> Result<(), Message> {
        if text.trim().is_empty() { Ok(()) } else { Err(msg!("SenML has no text between its elements")) }
    }

    fn close(&mut self, _: &str, _: &Scopes) -> Result<(), Message> {
        self.depth -= 1;
        Ok(())
    }
}

/// An attribute as the JSON form would hold it.
fn attribute(name: &str, value: &str, out: &mut BatchBuilder) {
    match name {
        "bver" | "bt" | "bv" | "bs" | "v" | "s" | "t" | "ut" => match json_number(value.trim()) {
            Some(number) => out.decimal(&number),
            None => out.text(value),
        },
        "vb" => match value.trim() {
            "true" | "1" => out.bool(true),
            "false" | "0" => out.bool(false),
            _ => out.text(value),
        },
        _ => out.text(value),
    }
}

/// A number of XML Schema in JSON's grammar: no plus sign, digits on both sides of the point.
fn json_number(text: &str) -> Option<String> {
    let (digits, exponent) =
        text.split_once(['e', 'E']).map_or((text, None), |(digits, exponent)| (digits, Some(exponent)));
    let negative = digits.starts_with('-');
    let digits = digits.strip_prefix(['-', '+']).unwrap_or(digits);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !all(whole) || !all(fraction) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let mut number =
        format!("{}{}", if negative { "-" } else { "" }, if whole.is_empty() { "0" } else { whole });
    if !fraction.is_empty() {
        number.push('.');
        number.push_str(fraction);
    }
    if let Some(exponent) = exponent {
        let exponent: i32 = exponent.strip_prefix('+').unwrap_or(exponent).parse().ok()?;
        number.push_str(&format!("e{exponent}"));
    }
    Some(number)
}

impl Decoder for XmlReader {
    fn received(&mut self, now: Timestamp) {
        self.pack.received(now);
    }

    fn push(&mut self, bytes: &[u8], out: &mut Decoded) -> Result<(), FormatError> {
        let depth = self.parser.depth();
        let mut elements = Elements { pack: &mut self.pack, scratch: &mut self.scratch, out, depth };
        self.parser.push(bytes, &mut elements)
    }

    fn finish(&mut self, out: &mut Decoded) -> Result<(), FormatError> {
        let depth = self.parser.depth();
        let mut elements = Elements { pack: &mut self.pack, scratch: &mut self.scratch, out, depth };
        let done = self.parser.finish(&mut elements);
        self.pack.finish(out);
        if self.stream { Ok(()) } else { done }
    }
}

/// Writes the XML form.
#[derive(Debug, Default)]
pub(crate) struct XmlWriter {
    text: String,
}

impl PackWriter for XmlWriter {
    fn begin(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"<sensml xmlns=\"");
        out.extend_from_slice(NAMESPACE.as_bytes());
        out.extend_from_slice(b"\">\n");
    }

    fn record(&mut self, _: bool, fields: &[(&str, Field<'_>)], out: &mut Vec<u8>) {
        out.extend_from_slice(b"<senml");
        for (label, field) in fields {
            out.push(b' ');
            out.extend_from_slice(label.as_bytes());
            out.extend_from_slice(b"=\"");
            self.text.clear();
            match field {
                Field::Text(text) => self.text.push_str(text),
                Field::Bool(value) => self.text.push_str(if *value { "true" } else { "false" }),
                Field::Bytes(bytes) => self.text.push_str(&super::resolve::to_base64(bytes)),
                Field::Number(number) => number.write(&mut self.text),
            }
            write_attribute(&self.text, out);
            out.push(b'"');
        }
        out.extend_from_slice(b"/>\n");
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"</sensml>\n");
    }
}
