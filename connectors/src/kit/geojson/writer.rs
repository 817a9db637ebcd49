//! The encoder: records as features.

use super::{Places, Problem, check};
use crate::{
    contract::{Encoder, FormatError, Limits},
    kit::json,
};
use bus_core::{
    loss::{Loss, LossReport},
    msg,
    path::FieldPath,
    record::{Batch, BatchBuilder, Object, Value},
};

/// What document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A FeatureCollection.
    Collection,
    /// The one record as a Feature.
    Feature,
    /// The geometry of the one record.
    Geometry,
}

/// How records become features.
pub struct Writing {
    /// What document is written.
    pub kind: Kind,
    /// The field with the geometry.
    pub geometry: FieldPath,
    /// Where records without geometry stand.
    pub places: Places,
    /// Most decimals of a coordinate.
    pub decimals: Option<usize>,
    /// Further members of the collection: its name, bbox, attribution.
    pub members: serde_json::Map<String, serde_json::Value>,
}

/// Writes records as features.
pub struct Writer {
    writing: Writing,
    records: u64,
    scratch: BatchBuilder,
    text: String,
}

impl Writer {
    /// An encoder of GeoJSON documents.
    #[must_use]
    pub fn new(writing: Writing) -> Self {
        Self { writing, records: 0, scratch: BatchBuilder::new(), text: String::new() }
    }

    fn begin(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"type\":\"FeatureCollection\",");
        for (name, value) in self.writing.members.iter().filter(|(name, _)| !is_own(name)) {
            json::write_text(name, out);
            out.push(b':');
            out.extend_from_slice(value.to_string().as_bytes());
            out.push(b',');
        }
        out.extend_from_slice(b"\"features\":[");
    }

    fn feature(&mut self, record: Object<'_>, out: &mut Vec<u8>, losses: &mut LossReport) {
        out.extend_from_slice(b"{\"type\":\"Feature\"");
        if let Some(Value::Object(members)) = record.get("feature") {
            for (name, value) in members.iter().filter(|(name, _)| !is_own(name)) {
                member(name, value, out);
            }
        }
        out.extend_from_slice(b",\"geometry\":");
        self.geometry(record, out, losses);
        out.extend_from_slice(b",\"properties\":{");
        let geometry = self.writing.geometry.as_key();
        let mut first = true;
        let nested = match record.get("properties") {
            Some(Value::Object(nested)) if nested.iter().all(|(key, _)| is_apart(key)) => Some(nested),
            _ => None,
        };
        let own = record.iter().filter(|(key, value)| {
            let apart = Some(&***key) == geometry
                || (&***key == "feature" && matches!(value, Value::Object(_)))
                || (&***key == "properties" && nested.is_some());
            !apart
        });
        for (key, value) in own.chain(nested.into_iter().flat_map(Object::iter)) {
            if !std::mem::take(&mut first) {
                out.push(b',');
            }
            json::write_text(key, out);
            out.push(b':');
            json::write(value, out);
        }
        out.extend_from_slice(b"}}");
    }

    /// Writes the geometry field if it holds one, else the place of the record, else null.
    fn geometry(&mut self, record: Object<'_>, out: &mut Vec<u8>, losses: &mut LossReport) {
        let path = self.writing.geometry.to_string();
        match self.writing.geometry.get(Value::Object(record)) {
            Some(Value::Text(text)) if text.trim_start().starts_with('{') => {
                let parsed = json::parse(text.as_bytes(), &mut self.scratch, &Limits::default());
                let batch = self.scratch.take();
                match parsed {
                    Ok(()) => self.checked(batch.record(0), &path, out, losses),
                    Err(_) => {
                        losses.note(&path, Loss::Dropped, "not a geometry");
                        out.extend_from_slice(b"null");
                    }
                }
            }
            Some(value) if !value.is_null() => self.checked(value, &path, out, losses),
            _ => match self.writing.places.of(record) {
                Ok(Some((longitude, latitude))) => {
                    out.extend_from_slice(b"{\"type\":\"Point\",\"coordinates\":[");
                    self.number(Value::Float(longitude), &path, out, losses);
                    out.push(b',');
                    self.number(Value::Float(latitude), &path, out, losses);
                    out.extend_from_slice(b"]}");
                }
                Ok(None) => out.extend_from_slice(b"null"),
                Err(()) => {
                    losses.note(
                        &path,
                        Loss::Dropped,
                        "the fields with the position hold no place on Earth in degrees",
                    );
                    out.extend_from_slice(b"null");
                }
            },
        }
    }

    fn checked(&mut self, geometry: Value<'_>, path: &str, out: &mut Vec<u8>, losses: &mut LossReport) {
        if let Err(Problem::Form(_)) = check(geometry) {
            losses.note(path, Loss::Dropped, "not a geometry");
            out.extend_from_slice(b"null");
            return;
        }
        if self.writing.decimals.is_none() {
            return json::write(geometry, out);
        }
        self.rounded(geometry, path, out, losses);
    }

    /// Writes a geometry with at most so many decimals.
    fn rounded(&mut self, value: Value<'_>, path: &str, out: &mut Vec<u8>, losses: &mut LossReport) {
        match value {
            Value::List(list) => {
                out.push(b'[');
                for (index, item) in list.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    self.rounded(item, path, out, losses);
                }
                out.push(b']');
            }
            Value::Object(object) => {
                out.push(b'{');
                for (index, (key, item)) in object.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    json::write_text(key, out);
                    out.push(b':');
                    if matches!(&**key, "coordinates" | "geometries" | "bbox") {
                        self.rounded(item, path, out, losses);
                    } else {
                        json::write(item, out);
                    }
                }
                out.push(b'}');
            }
            Value::Float(_) | Value::Decimal(_) => self.number(value, path, out, losses),
            other => json::write(other, out),
        }
    }

    fn number(&mut self, value: Value<'_>, path: &str, out: &mut Vec<u8>, losses: &mut LossReport) {
        self.text.clear();
        value.write_plain(&mut self.text);
        if let Some(decimals) = self.writing.decimals
            && let Some((_, fraction)) = self.text.split_once('.')
            && (fraction.len() > decimals || fraction.contains(['e', 'E']))
            && let Some(number) = value.as_f64()
        {
            let rounded = format!("{number:.decimals$}");
            let short = rounded.trim_end_matches('0').trim_end_matches('.');
            let same = short.parse::<f64>().is_ok_and(|short| short.to_bits() == number.to_bits());
            self.text.clear();
            self.text.push_str(if rounded.contains('.') { short } else { &rounded });
            if !same {
                losses.note(path, Loss::Approximated, "coordinates are rounded");
            }
        }
        out.extend_from_slice(self.text.as_bytes());
    }
}

fn member(name: &str, value: Value<'_>, out: &mut Vec<u8>) {
    out.push(b',');
    json::write_text(name, out);
    out.push(b':');
    json::write(value, out);
}

/// Properties that the record keeps in `properties`, since their names are taken.
pub(super) fn is_apart(name: &str) -> bool {
    matches!(name, "geometry" | "feature" | "properties")
}

/// Members that GeoJSON gives a meaning, which no other may take.
fn is_own(name: &str) -> bool {
    matches!(name, "type" | "geometry" | "properties" | "features")
}

impl Encoder for Writer {
    fn encode(
        &mut self,
        batch: &Batch,
        out: &mut Vec<u8>,
        losses: &mut LossReport,
    ) -> Result<(), FormatError> {
        json::note_losses(batch, losses);
        for record in batch.records() {
            let Some(record) = record.as_object() else {
                losses.note("", Loss::Dropped, "a record that is not an object has no place in GeoJSON");
                continue;
            };
            self.records += 1;
            match (self.writing.kind, self.records) {
                (Kind::Collection, 1) => {
                    self.begin(out);
                    out.push(b'\n');
                }
                (Kind::Collection, _) => out.extend_from_slice(b",\n"),
                (Kind::Feature | Kind::Geometry, 1) => {}
                (Kind::Feature | Kind::Geometry, _) => {
                    return Err(FormatError::new(msg!(
                        "a document of one feature was asked for, and more than one record came: write a collection"
                    )));
                }
            }
            if self.writing.kind == Kind::Geometry {
                self.geometry(record, out, losses);
            } else {
                self.feature(record, out, losses);
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>, _: &mut LossReport) -> Result<(), FormatError> {
        match self.writing.kind {
            Kind::Collection => {
                if self.records == 0 {
                    self.begin(out);
                }
                out.extend_from_slice(b"\n]}\n");
            }
            Kind::Feature | Kind::Geometry if self.records == 0 => {
                return Err(FormatError::new(msg!(
                    "a document of one feature was asked for, and no record came"
                )));
            }
            Kind::Feature | Kind::Geometry => out.push(b'\n'),
        }
        Ok(())
    }
}
