//! SenML as JSON (RFC 8428).

use crate::{
    contract::{Codec, Decoder, Encoder, Format, Limits},
    kit::senml::{JsonReader, JsonWriter, PackEncoder, Reading},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static FORMAT: Format = Format::new("senml")
    .with_extensions(&["senml", "senml.json", "sensml"])
    .with_media_types(&["application/senml+json", "application/sensml+json"]);

/// # SenML (JSON)
///
/// Measurements of sensors (RFC 8428). They come in resolved, as records with `name`, `time`, `unit` and
/// `value`, and are written with base fields, which makes them short.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct Settings(Reading);

impl Codec for Settings {
    fn decoder(&self, limits: &Limits) -> Option<Box<dyn Decoder>> {
        Some(Box::new(JsonReader::new(self.0, limits)))
    }

    fn encoder(&self) -> Option<Box<dyn Encoder>> {
        Some(Box::new(PackEncoder::new(JsonWriter::default())))
    }
}
