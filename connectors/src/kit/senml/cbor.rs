use super::{
    LABELS, Reading,
    exact::Exact,
    order::Pack,
    unresolve::{Field, PackWriter},
};
use crate::contract::{Decoded, Decoder, FormatError, Limits};
use bus_core::{
    msg,
    record::{BatchBuilder, Timestamp},
};
use minicbor::{
    data::{Tag, Type},
    decode::{Decoder as Cbor, Error},
};

/// Reads the CBOR form: RFC 8428, 6.
pub(crate) struct CborReader {
    buffer: Vec<u8>,
    /// How many records are to come; `None` before the head of the list.
    left: Option<Left>,
    pack: Pack,
    scratch: BatchBuilder,
    most: usize,
    stream: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Left {
    Count(u64),
    /// Until a break.
    Open,
    /// The list has ended.
    Done,
}

impl CborReader {
    pub(crate) fn new(reading: Reading, limits: &Limits) -> Self {
        Self {
            buffer: Vec::new(),
            left: None,
            pack: Pack::new(reading),
            scratch: BatchBuilder::new(),
            most: limits.record_bytes,
            stream: reading.stream,
        }
    }

    fn records(&mut self, out: &mut Decoded) -> Result<(), FormatError> {
        let buffer = std::mem::take(&mut self.buffer);
        let mut at = 0;
        let done = loop {
            let rest = buffer.get(at..).unwrap_or_default();
            match self.step(rest, out) {
                Ok(Some(passed)) => at += passed,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.buffer = buffer.get(at..).unwrap_or_default().to_vec();
        if self.buffer.len() > self.most {
            return Err(FormatError::new(msg!(
                "this record is longer than {most} bytes (limit `record_bytes`)",
                most = self.most
            )));
        }
        done
    }

    /// Reads the next piece; how long it was, or `None` if more bytes are needed.
    fn step(&mut self, rest: &[u8], out: &mut Decoded) -> Result<Option<usize>, FormatError> {
        let Some(first) = rest.first() else { return Ok(None) };
        match self.left {
            None => {
                let mut cbor = Cbor::new(rest);
                if !matches!(cbor.datatype(), Ok(Type::Array | Type::ArrayIndef)) {
                    return Err(FormatError::new(msg!("a SenML pack is a list of records")));
                }
                match cbor.array() {
                    Ok(count) => {
                        self.left = Some(count.map_or(Left::Open, Left::Count));
                        Ok(Some(cbor.position()))
                    }
                    Err(error) if error.is_end_of_input() => Ok(None),
                    Err(error) => Err(wrong(&error)),
                }
            }
            Some(Left::Done | Left::Count(0)) => {
                Err(FormatError::new(msg!("bytes after the end of the pack")))
            }
            Some(Left::Open) if *first == 0xFF => {
                self.left = Some(Left::Done);
                Ok(Some(1))
            }
            Some(left) => {
                let mut cbor = Cbor::new(rest);
                match cbor.skip() {
                    Ok(()) => {}
                    Err(error) if error.is_end_of_input() => return Ok(None),
                    Err(error) => return Err(wrong(&error)),
                }
                let length = cbor.position();
                if let Left::Count(count) = left {
                    self.left = Some(Left::Count(count - 1));
                }
                let read = record(&mut Cbor::new(rest), &mut self.scratch);
                let batch = self.scratch.take();
                read.map_err(|error| wrong(&error))?;
                self.pack.take(batch.record(0), (0, 0), out)?;
                Ok(Some(length))
            }
        }
    }
}

fn wrong(error: &Error) -> FormatError {
    FormatError::new(msg!("not the CBOR of SenML: {problem}", problem = error.to_string()))
}

/// One record as an object with the labels of the JSON form.
fn record(cbor: &mut Cbor<'_>, out: &mut BatchBuilder) -> Result<(), Error> {
    let mut left = cbor.map()?;
    out.begin_object();
    loop {
        match &mut left {
            Some(0) => break,
            Some(count) => *count -= 1,
            None if cbor.datatype()? == Type::Break => {
                cbor.skip()?;
                break;
            }
            None => {}
        }
        let label = match cbor.datatype()? {
            Type::String => cbor.str()?.to_owned(),
            _ => {
                let number = cbor.i64()?;
                let known = LABELS.iter().find(|(_, known)| *known == number);
                // negative numbers are base fields
                known.map_or_else(
                    || format!("{}{number}", if number < 0 { "b" } else { "" }),
                    |known| known.0.to_owned(),
                )
            }
        };
        out.key(&label).map_err(|error| Error::message(error.to_string()))?;
        value(cbor, out)?;
    }
    out.end();
    Ok(())
}

fn value(cbor: &mut Cbor<'_>, out: &mut BatchBuilder) -> Result<(), Error> {
    match cbor.datatype()? {
        Type::Bool => out.bool(cbor.bool()?),
        Type::String => out.text(cbor.str()?),
        Type::Bytes => out.bytes(cbor.bytes()?),
        Type::F16 | Type::F32 | Type::F64 => float(cbor, out)?,
        Type::Tag => {
            if cbor.tag()? != Tag::new(4) || cbor.array()? != Some(2) {
                return Err(Error::message("only decimal fractions are known among tagged values"));
            }
            let (exponent, mantissa) = (cbor.i32()?, cbor.i64()?);
            out.decimal(&format!("{mantissa}e{exponent}"));
        }
        Type::Null => {
            cbor.null()?;
            out.null();
        }
        Type::U8
        | Type::U16
        | Type::U32
        | Type::U64
        | Type::I8
        | Type::I16
        | Type::I32
        | Type::I64
        | Type::Int => {
            let int = i128::from(cbor.int()?);
            match i64::try_from(int) {
                Ok(int) => out.int(int),
                Err(_) => out.decimal(&int.to_string()),
            }
        }
        other => return Err(Error::message(format!("{other} is no value of SenML"))),
    }
    Ok(())
}

/// A shorter float keeps its shortest decimal form: half of 0.1 is still 0.1 to whoever wrote it.
fn float(cbor: &mut Cbor<'_>, out: &mut BatchBuilder) -> Result<(), Error> {
    let value = match cbor.datatype()? {
        Type::F64 => cbor.f64()?,
        Type::F32 => cbor.f32()?.to_string().parse().map_err(|_| Error::message("not a number"))?,
        _ => f64::from(cbor.f16()?),
    };
    if !value.is_finite() {
        return Err(Error::message("a number that is not finite"));
    }
    out.float(value);
    Ok(())
}

impl Decoder for CborReader {
    fn received(&mut self, now: Timestamp) {
        self.pack.received(now);
    }

    fn push(&mut self, bytes: &[u8], out: &mut Decoded) -> Result<(), FormatError> {
        self.buffer.extend_from_slice(bytes);
        self.records(out)
    }

    fn finish(&mut self, out: &mut Decoded) -> Result<(), FormatError> {
        let done = self.records(out);
        self.pack.finish(out);
        done?;
        let ended = matches!(self.left, Some(Left::Done | Left::Count(0))) && self.buffer.is_empty();
        if ended || self.stream { Ok(()) } else { Err(FormatError::new(msg!("the pack ends too early"))) }
    }
}

/// Writes the CBOR form.
#[derive(Debug, Default)]
pub(crate) struct CborWriter;

impl PackWriter for CborWriter {
    fn begin(&mut self, out: &mut Vec<u8>) {
        out.push(0x9F);
    }

    fn record(&mut self, _: bool, fields: &[(&str, Field<'_>)], out: &mut Vec<u8>) {
        let mut cbor = minicbor::Encoder::new(out);
        // writing into memory cannot fail
        let _written = write(&mut cbor, fields);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        out.push(0xFF);
    }
}

type Written = Result<(), minicbor::encode::Error<std::convert::Infallible>>;

fn write(cbor: &mut minicbor::Encoder<&mut Vec<u8>>, fields: &[(&str, Field<'_>)]) -> Written {
    cbor.map(fields.len() as u64)?;
    for (label, field) in fields {
        match LABELS.iter().find(|(known, _)| known == label) {
            Some((_, number)) => cbor.i64(*number)?,
            None => cbor.str(label)?,
        };
        match field {
            Field::Text(text) => cbor.str(text)?,
            Field::Bool(value) => cbor.bool(*value)?,
            Field::Bytes(bytes) => cbor.bytes(bytes)?,
            Field::Number(number) => write_number(cbor, *number)?,
        };
    }
    Ok(())
}

fn write_number<'e, 'v>(
    cbor: &'e mut minicbor::Encoder<&'v mut Vec<u8>>,
    number: Exact,
) -> Result<&'e mut minicbor::Encoder<&'v mut Vec<u8>>, minicbor::encode::Error<std::convert::Infallible>> {
    if let Some(int) = number.to_int() {
        return cbor.i64(int);
    }
    let float: f64 = number.to_string().parse().unwrap_or_default();
    let back = Exact::of(bus_core::record::Value::Float(float));
    match number.parts() {
        Some((exponent, mantissa)) if back != Some(number) => {
            cbor.tag(Tag::new(4))?.array(2)?.i32(exponent)?.i64(mantissa)
        }
        _ => cbor.f64(float),
    }
}
