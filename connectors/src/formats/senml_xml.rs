//! SenML as XML (RFC 8428).

use crate::{
    contract::{Codec, Decoder, Encoder, Format, Limits},
    kit::senml::{Now, Order, PackEncoder, Reading, XmlReader, XmlWriter},
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
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// # Received at
    ///
    /// The moment that relative times count from, with its zone. Empty: when the data come in.
    #[schemars(extend("examples" = ["2026-03-28T00:00:00Z"]))]
    now: Option<Now>,
    /// # Order
    ///
    /// The order of the records. Packs of more than 100 000 records stay as they are written.
    order: Order,
    /// # Open stream
    ///
    /// The pack is a stream (SensML): it need not have an end, and records come at once.
    stream: bool,
}

impl Codec for Settings {
    fn decoder(&self, limits: &Limits) -> Option<Box<dyn Decoder>> {
        let reading = Reading { now: self.now, order: self.order, stream: self.stream };
        Some(Box::new(XmlReader::new(reading, limits)))
    }

    fn encoder(&self) -> Option<Box<dyn Encoder>> {
        Some(Box::new(PackEncoder::new(XmlWriter::default())))
    }
}

/// How sure one can be that bytes are SenML in XML.
fn looks_like_senml(start: &[u8]) -> u8 {
    if memchr::memmem::find(start, b"urn:ietf:params:xml:ns:senml").is_some() { 95 } else { 0 }
}
