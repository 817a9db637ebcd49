//! SenML as XML (RFC 8428).

use crate::{
    contract::{Codec, Decoder, Encoder, Format, Limits},
    kit::senml::{PackEncoder, Reading, XmlReader, XmlWriter},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static FORMAT: Format = Format::new("senml-xml")
    .with_extensions(&["senmlx", "senml.xml", "sensmlx"])
    .with_media_types(&["application/senml+xml", "application/sensml+xml"])
    .sniffed_by(looks_like_senml);

/// # SenML (XML)
///
/// Measurements of sensors (RFC 8428). They come in resolved, as records with `name`, `time`, `unit` and
/// `value`, and are written with base fields, which makes them short.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct Settings(Reading);

impl Codec for Settings {
    fn decoder(&self, limits: &Limits) -> Option<Box<dyn Decoder>> {
        Some(Box::new(XmlReader::new(self.0, limits)))
    }

    fn encoder(&self) -> Option<Box<dyn Encoder>> {
        Some(Box::new(PackEncoder::new(XmlWriter::default())))
    }
}

/// How sure one can be that bytes are SenML in XML.
fn looks_like_senml(start: &[u8]) -> u8 {
    if memchr::memmem::find(start, b"urn:ietf:params:xml:ns:senml").is_some() { 95 } else { 0 }
}
