//! Formats: codecs that do no input or output themselves. One file each; any transport takes any format.

use crate::contract::{Decoder, DynCodec, Encoder, Format, Limits};
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use std::fmt;

include!(concat!(env!("OUT_DIR"), "/formats.rs"));

impl FormatChoice {
    /// A decoder with these settings; `None` if the format is only written.
    #[must_use]
    pub fn decoder(&self, limits: &Limits) -> Option<Box<dyn Decoder>> {
        self.codec().decoder(limits)
    }

    /// An encoder with these settings; `None` if the format is only read.
    #[must_use]
    pub fn encoder(&self) -> Option<Box<dyn Encoder>> {
        self.codec().encoder()
    }

    /// The format a content type names (`text/csv; charset=utf-8`).
    #[must_use]
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        let essence = media_type.split(';').next()?.trim().to_ascii_lowercase();
        let format = ALL.iter().find(|format| format.media_types().contains(&essence.as_str()))?;
        Self::of_id(format.id())
    }

    /// The format a file name's extension names; `.gz` and `.zip` at the end are looked through.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zip")).unwrap_or(&name);
        let matches =
            |extension: &&str| name.strip_suffix(*extension).is_some_and(|stem| stem.ends_with('.'));
        let longest = ALL
            .iter()
            .filter_map(|format| {
                format
                    .extensions()
                    .iter()
                    .copied()
                    .filter(|extension| matches(extension))
                    .map(str::len)
                    .max()
                    .map(|len| (len, format))
            })
            .max_by_key(|(len, _)| *len);
        Self::of_id(longest?.1.id())
    }

    /// The format the first bytes look like.
    #[must_use]
    pub fn of_bytes(start: &[u8]) -> Option<Self> {
        let (score, format) =
            ALL.iter().map(|format| (format.sniff(start), format)).max_by_key(|(score, _)| *score)?;
        if score == 0 { None } else { Self::of_id(format.id()) }
    }
}

impl<'de> Deserialize<'de> for FormatChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Choice)
    }
}

/// Reads `csv` as well as `csv: { delimiter: ";" }`.
struct Choice;

impl<'de> Visitor<'de> for Choice {
    type Value = FormatChoice;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a format, such as `csv` or `csv: { delimiter: \";\" }`")
    }

    fn visit_str<E: Error>(self, id: &str) -> Result<FormatChoice, E> {
        FormatChoice::of_id(id).ok_or_else(|| E::unknown_variant(id, IDS))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FormatChoice, A::Error> {
        let id: String = map.next_key()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
        let choice = FormatChoice::read_settings(&id, &mut map)?;
        match map.next_key::<String>()? {
            None => Ok(choice),
            Some(_) => Err(A::Error::invalid_length(2, &self)),
        }
    }
}

/// A format may also be named without settings. Beside the names stands which of them are only read, so that whoever
/// draws a form for writing, or offers downloads, can leave those out.
fn also_by_name(schema: &mut schemars::Schema) {
    if let Some(serde_json::Value::Array(variants)) = schema.get_mut("oneOf") {
        let read_only = |id: &&&str| FormatChoice::of_id(id).is_some_and(|choice| choice.encoder().is_none());
        let only_read: Vec<_> = IDS.iter().filter(read_only).collect();
        let names = serde_json::json!({ "type": "string", "enum": IDS, "x-only-read": only_read });
        variants.insert(0, names);
    }
}
