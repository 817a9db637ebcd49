use super::{LABELS, exact::Exact, resolve::check_name};
use crate::contract::{Encoder, FormatError};
use bus_core::{
    loss::{Loss, LossReport},
    msg,
    record::{Batch, Object, Shape, Timestamp, Value},
};
use std::sync::Arc;

/// One field of a record as it is written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Field<'a> {
    Text(&'a str),
    Number(Exact),
    Bool(bool),
    Bytes(&'a [u8]),
}

/// One of the forms of SenML.
pub(crate) trait PackWriter: Send {
    fn begin(&mut self, out: &mut Vec<u8>);
    fn record(&mut self, first: bool, fields: &[(&str, Field<'_>)], out: &mut Vec<u8>);
    fn end(&mut self, out: &mut Vec<u8>);
}

/// Writes resolved records with base fields where these make the pack shorter.
pub(crate) struct PackEncoder<W> {
    writer: W,
    layout: Option<Layout>,
    begun: bool,
    first: bool,
    base_name: String,
    base_time: Option<Exact>,
    base_unit: String,
    version: bool,
}

/// Where the fields of a record stand.
#[derive(Debug)]
struct Layout {
    shape: Arc<Shape>,
    known: [Option<usize>; NAMES.len()],
    others: Vec<usize>,
}

const NAMES: [&str; 10] =
    ["name", "time", "unit", "value", "string", "bool", "data", "sum", "update", "version"];

impl Layout {
    fn new(shape: &Arc<Shape>) -> Self {
        let others = shape.keys().iter().enumerate().filter(|(_, key)| !NAMES.contains(&key.as_ref()));
        Self {
            shape: Arc::clone(shape),
            known: NAMES.map(|name| shape.position(name)),
            others: others.map(|(place, _)| place).collect(),
        }
    }
}

/// A record, its parts looked at.
struct Sample<'a> {
    name: &'a str,
    time: Option<Exact>,
    unit: &'a str,
    values: Vec<(&'a str, Field<'a>)>,
}

impl<W: PackWriter> PackEncoder<W> {
    pub(crate) fn new(writer: W) -> Self {
        Self {
            writer,
            layout: None,
            begun: false,
            first: true,
            base_name: String::new(),
            base_time: None,
            base_unit: String::new(),
            version: false,
        }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.begun, true) {
            self.writer.begin(out);
        }
    }

    fn sample<'a>(
        &mut self,
        record: Value<'a>,
        losses: &mut LossReport,
    ) -> Result<Option<Sample<'a>>, FormatError> {
        let Value::Object(object) = record else {
            return Err(FormatError::new(msg!("a SenML record is an object")));
        };
        if !self.layout.as_ref().is_some_and(|layout| Arc::ptr_eq(&layout.shape, object.shape())) {
            self.layout = Some(Layout::new(object.shape()));
        }
        let Some(layout) = &self.layout else { return Ok(None) };
        let at = |index: usize| layout.known.get(index).copied().flatten().and_then(|place| object.at(place));
        let Some(Value::Text(name)) = at(0) else {
            return Err(FormatError::new(msg!(
                "a SenML record has `name`, `time`, `unit` and `value`: this one has no `name`"
            )));
        };
        if check_name(name).is_err() {
            losses.note("name", Loss::Dropped, "the record's name is none that SenML allows");
            return Ok(None);
        }
        let mut values = Vec::with_capacity(4);
        value(at(3), &mut values, losses);
        for (index, label) in [(4, "vs"), (5, "vb"), (6, "vd")] {
            if values.is_empty()
                && let Some(field) = at(index).and_then(field)
            {
                values.push((label, field));
            }
        }
        if let Some(sum) = at(7).and_then(Exact::of) {
            values.push(("s", Field::Number(sum)));
        }
        if values.is_empty() {
            losses.note(
                "value",
                Loss::Dropped,
                "a SenML record needs a value: records without one are left out",
            );
            return Ok(None);
        }
        if let Some(update) = at(8).and_then(Exact::of) {
            values.push(("ut", Field::Number(update)));
        }
        others(object, layout, &mut values, losses);
        let time = at(1).and_then(|time| seconds(time, losses));
        let unit = at(2).and_then(Value::as_text).unwrap_or_default();
        if !self.version
            && let Some(version) = at(9).and_then(Exact::of)
        {
            self.version = true;
            values.push(("bver", Field::Number(version)));
        }
        Ok(Some(Sample { name, time, unit, values }))
    }

    /// Writes a record; `next` is the one after it, as far as is known.
    fn write(&mut self, sample: &Sample<'_>, next: Option<&Sample<'_>>, out: &mut Vec<u8>) {
        let mut fields = Vec::with_capacity(8);
        let prefix = prefix(sample.name);
        let mut name = sample.name.strip_prefix(self.base_name.as_str());
        if prefix != self.base_name && (name.is_none() || !prefix.is_empty()) {
            let lasts = !prefix.is_empty() && next.is_some_and(|next| next.name.starts_with(prefix));
            if lasts || name.is_none() {
                let base = if lasts { prefix } else { "" };
                fields.push(("bn", Field::Text(base)));
                base.clone_into(&mut self.base_name);
                name = sample.name.strip_prefix(base);
            }
        }
        let own_time = self.time(sample.time, &mut fields);
        if sample.unit != self.base_unit
            && (sample.unit.is_empty() || next.is_some_and(|next| next.unit == sample.unit))
        {
            fields.push(("bu", Field::Text(sample.unit)));
            sample.unit.clone_into(&mut self.base_unit);
        }
        fields.extend(sample.values.iter().copied().filter(|(label, _)| *label == "bver"));
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            fields.push(("n", Field::Text(name)));
        }
        if sample.unit != self.base_unit {
            fields.push(("u", Field::Text(sample.unit)));
        }
        fields.extend(sample.values.iter().copied().filter(|(label, _)| *label != "bver"));
        if let Some(time) = own_time {
            fields.push(("t", Field::Number(time)));
        }
        self.writer.record(std::mem::take(&mut self.first), &fields, out);
    }

    /// Sets the base time where that is shorter; what is left to say in the record.
    fn time(&mut self, time: Option<Exact>, fields: &mut Vec<(&str, Field<'_>)>) -> Option<Exact> {
        match (time, self.base_time) {
            (None, None) => None,
            (None, Some(_)) => {
                // no time means now, which is what zero means
                self.base_time = None;
                fields.push(("bt", Field::Number(Exact::ZERO)));
                None
            }
            (Some(time), base) => {
                let since = base.and_then(|base| time.minus(base));
                let short = since.filter(|since| since.to_string().len() + 2 < time.to_string().len());
                match short {
                    Some(since) => Some(since).filter(|since| !since.is_zero()),
                    None => {
                        self.base_time = Some(time);
                        fields.push(("bt", Field::Number(time)));
                        None
                    }
                }
            }
        }
    }
}

/// Up to the last mark that parts a name.
fn prefix(name: &str) -> &str {
    name.rfind([':', '/']).and_then(|at| name.get(..=at)).unwrap_or_default()
}

fn field(value: Value<'_>) -> Option<Field<'_>> {
    match value {
        Value::Text(text) => Some(Field::Text(text)),
        Value::Bool(value) => Some(Field::Bool(value)),
        Value::Bytes(bytes) => Some(Field::Bytes(bytes)),
        value => Exact::of(value).map(Field::Number),
    }
}

/// The field `value`, whatever it holds.
fn value<'a>(value: Option<Value<'a>>, values: &mut Vec<(&'a str, Field<'a>)>, losses: &mut LossReport) {
    let Some(value) = value else { return };
    let label = match value {
        Value::Text(_) => "vs",
        Value::Bool(_) => "vb",
        Value::Bytes(_) => "vd",
        _ => "v",
    };
    match field(value) {
        Some(field) => values.push((label, field)),
        None if value.is_null() => {}
        None => losses.note("value", Loss::Dropped, "the value is none that SenML has"),
    }
}

/// Fields that SenML does not know go on as extensions, if they can.
fn others<'a>(
    object: Object<'a>,
    layout: &Layout,
    values: &mut Vec<(&'a str, Field<'a>)>,
    losses: &mut LossReport,
) {
    for place in &layout.others {
        let Some(value) = object.at(*place).filter(|value| !value.is_null()) else { continue };
        let key = object.shape().keys().get(*place).map_or("", |key| key.as_ref());
        let mut letters = key.bytes();
        let good = letters.next().is_some_and(|first| first.is_ascii_alphanumeric() && first != b'b')
            && letters.all(|letter| letter.is_ascii_alphanumeric() || b"-_:.".contains(&letter))
            && !key.ends_with('_')
            && !LABELS.iter().any(|(label, _)| *label == key);
        match field(value) {
            Some(field) if good => values.push((key, field)),
            _ => losses.note(key, Loss::Dropped, "SenML has no place for this field"),
        }
    }
}

/// Seconds since 1970.
fn seconds(time: Value<'_>, losses: &mut LossReport) -> Option<Exact> {
    let time = match time {
        Value::Time(time) => time,
        Value::Null => return None,
        Value::Text(text) => match Timestamp::parse(text) {
            Some(time) => time,
            None => {
                losses.note("time", Loss::Dropped, "the text is not a time");
                return None;
            }
        },
        value => return Exact::of(value),
    };
    if time.offset().is_none() {
        losses.note("time", Loss::Approximated, "a time without a zone is taken as UTC");
    }
    let seconds = Exact::micros(time.micros());
    if seconds.is_relative_time() {
        losses.note("time", Loss::Dropped, "SenML has no times before July 1978");
        return None;
    }
    Some(seconds)
}

impl<W: PackWriter> Encoder for PackEncoder<W> {
    fn encode(
        &mut self,
        batch: &Batch,
        out: &mut Vec<u8>,
        losses: &mut LossReport,
    ) -> Result<(), FormatError> {
        self.begin(out);
        let mut waiting: Option<Sample<'_>> = None;
        for record in batch.records() {
            let Some(sample) = self.sample(record, losses)? else { continue };
            if let Some(before) = waiting.take() {
                self.write(&before, Some(&sample), out);
            }
            waiting = Some(sample);
        }
        if let Some(last) = waiting {
            self.write(&last, None, out);
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>, _: &mut LossReport) -> Result<(), FormatError> {
        self.begin(out);
        self.writer.end(out);
        Ok(())
    }
}
