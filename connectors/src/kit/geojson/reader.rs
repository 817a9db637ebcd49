//! The decoder: features as records.

use super::{
    Problem, check,
    outline::{Outline, outline},
    writer::is_apart,
};
use crate::{
    contract::{Decoded, Decoder, FormatError, Limits},
    kit::json::{self, ItemPath, Items},
};
use bus_core::{
    Message,
    error::Reject,
    msg,
    record::{BatchBuilder, Object, Value},
};
use std::mem;

/// Reads the features of a document, or its one feature or geometry, as records.
pub struct Reader {
    /// The start of the document, until it tells what the document is.
    head: Vec<u8>,
    items: Option<Items>,
    scratch: BatchBuilder,
    limits: Limits,
    strict: bool,
    collection: bool,
}

impl Reader {
    /// A decoder; a strict one refuses features whose geometry breaks RFC 7946.
    #[must_use]
    pub fn new(strict: bool, limits: &Limits) -> Self {
        Self {
            head: Vec::new(),
            items: None,
            scratch: BatchBuilder::new(),
            limits: limits.clone(),
            strict,
            collection: false,
        }
    }

    fn begin(&mut self, ended: bool) -> Result<(), FormatError> {
        if self.items.is_some() {
            return Ok(());
        }
        let Some(found) = outline(&self.head, ended) else {
            if self.head.len() > self.limits.record_bytes {
                return Err(FormatError::at(1, 1, msg!("this is no GeoJSON: its `type` is missing")));
            }
            return Ok(());
        };
        self.collection = found == Outline::Collection;
        let path = if self.collection { "features" } else { "" };
        let path: ItemPath = path.parse().unwrap_or_default();
        let mut items = Items::new(path, &self.limits);
        items.push(&mem::take(&mut self.head));
        self.items = Some(items);
        Ok(())
    }

    fn take(&mut self, out: &mut Decoded) -> Result<(), FormatError> {
        let Some(items) = &mut self.items else { return Ok(()) };
        while let Some(item) = items.next()? {
            if self.collection && !item.listed {
                return Err(FormatError::at(item.line, item.column, msg!("`features` must be a list")));
            }
            let read = if item.size > self.limits.record_bytes {
                let message = msg!(
                    "this record is longer than {most} bytes (limit `record_bytes`)",
                    most = self.limits.record_bytes
                );
                Err(Reject::new(message).at(item.line, item.column))
            } else {
                let parsed = json::parse(item.text, &mut self.scratch, &self.limits);
                let parsed = parsed.map_err(|error| item.locate(error));
                parsed.map_err(|error| Reject::new(error.message).at(error.line, error.column)).and_then(
                    |()| {
                        let batch = self.scratch.take();
                        feature(batch.record(0), self.strict, out.builder()).map_err(|(field, message)| {
                            Reject::field(field, message).at(item.line, item.column)
                        })
                    },
                )
            };
            match read {
                Ok(()) => out.end_record(),
                Err(reject) if item.listed => {
                    let raw = item.text.get(..RAW_KEPT).unwrap_or(item.text);
                    let raw = (!raw.is_empty()).then(|| String::from_utf8_lossy(raw).into_owned());
                    out.reject(raw, reject);
                }
                Err(reject) => return Err(FormatError::at(reject.line, reject.column, reject.message)),
            }
        }
        Ok(())
    }
}

/// As much of a refused feature as is kept to look at.
const RAW_KEPT: usize = 64 << 10;

impl Decoder for Reader {
    fn push(&mut self, bytes: &[u8], out: &mut Decoded) -> Result<(), FormatError> {
        match &mut self.items {
            Some(items) => items.push(bytes),
            None => {
                self.head.extend_from_slice(bytes);
                self.begin(false)?;
            }
        }
        self.take(out)
    }

    fn finish(&mut self, out: &mut Decoded) -> Result<(), FormatError> {
        self.begin(true)?;
        if let Some(items) = &mut self.items {
            items.finish();
        }
        let taken = self.take(out);
        out.cut();
        taken
    }
}

/// Members of a feature that have a place of their own in the record.
const KNOWN: [&str; 3] = ["type", "geometry", "properties"];

/// Writes a feature or a bare geometry as a record: its properties, `geometry`, and in `feature` what else
/// it has (`id`, `bbox`, foreign members).
fn feature(value: Value<'_>, strict: bool, out: &mut BatchBuilder) -> Result<(), (String, Message)> {
    let Some(object) = value.as_object() else {
        return Err((String::new(), msg!("a feature is an object of type Feature")));
    };
    let geometry = match object.get("type").and_then(Value::as_text) {
        Some("Feature") => object.get("geometry").unwrap_or(Value::Null),
        Some("FeatureCollection") => {
            return Err((String::new(), msg!("a collection of features inside another one")));
        }
        _ => {
            check_geometry(value, strict)?;
            out.begin_object();
            put(out, "geometry", value)?;
            out.end();
            return Ok(());
        }
    };
    if !geometry.is_null() {
        check_geometry(geometry, strict)?;
    }
    let properties = match object.get("properties") {
        None | Some(Value::Null) => None,
        Some(Value::Object(properties)) => Some(properties),
        Some(_) => return Err(("properties".to_owned(), msg!("the properties of a feature are an object"))),
    };
    out.begin_object();
    if let Some(properties) = properties {
        write_properties(properties, out)?;
    }
    put(out, "geometry", geometry)?;
    if object.iter().any(|(key, _)| !KNOWN.contains(&&**key)) {
        key(out, "feature")?;
        out.begin_object();
        for (name, value) in object.iter().filter(|(key, _)| !KNOWN.contains(&&***key)) {
            put(out, name, value)?;
        }
        out.end();
    }
    out.end();
    Ok(())
}

/// Properties that are called like a part of the record stand in a field `properties`.
fn write_properties(properties: Object<'_>, out: &mut BatchBuilder) -> Result<(), (String, Message)> {
    for (name, value) in properties.iter().filter(|(key, _)| !is_apart(key)) {
        put(out, name, value)?;
    }
    if properties.iter().any(|(key, _)| is_apart(key)) {
        key(out, "properties")?;
        out.begin_object();
        for (name, value) in properties.iter().filter(|(key, _)| is_apart(key)) {
            put(out, name, value)?;
        }
        out.end();
    }
    Ok(())
}

fn check_geometry(geometry: Value<'_>, strict: bool) -> Result<(), (String, Message)> {
    match check(geometry) {
        Err(Problem::Form(message)) => Err(("geometry".to_owned(), message)),
        Err(Problem::Ring(message)) if strict => Err(("geometry".to_owned(), message)),
        _ => Ok(()),
    }
}

fn put(out: &mut BatchBuilder, name: &str, value: Value<'_>) -> Result<(), (String, Message)> {
    key(out, name)?;
    out.copy(value);
    Ok(())
}

fn key(out: &mut BatchBuilder, name: &str) -> Result<(), (String, Message)> {
    out.key(name).map_err(|error| (name.to_owned(), msg!("{problem}", problem = error.to_string())))
}
