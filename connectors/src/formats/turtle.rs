//! Turtle (W3C RDF 1.1).

use crate::{
    contract::{Codec, Decoder, Encoder, Format, Limits},
    kit::rdf::{self, Naming, RdfEncoder, TerseWriter, Turtle},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static FORMAT: Format = Format::new("turtle")
    .with_extensions(&["ttl"])
    .with_media_types(&["text/turtle", "application/x-turtle"])
    .sniffed_by(rdf::looks_like_turtle);

/// # Turtle
///
/// RDF for people to read. Statements of one subject that follow each other become one record.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct Settings(Naming);

impl Codec for Settings {
    fn decoder(&self, limits: &Limits) -> Option<Box<dyn Decoder>> {
        Some(Box::new(Turtle::new(false, self.0.parsed_base(), self.0.nodes(limits), limits)))
    }

    fn encoder(&self) -> Option<Box<dyn Encoder>> {
        Some(Box::new(RdfEncoder::new(TerseWriter::new(false), false, &self.0)))
    }
}
