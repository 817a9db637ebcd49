//! TriG (W3C RDF 1.1): Turtle with named graphs.

use crate::{
    contract::{Codec, Decoder, Encoder, Format, Limits},
    kit::rdf::{Naming, RdfEncoder, TerseWriter, Turtle},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static FORMAT: Format =
    Format::new("trig").with_extensions(&["trig"]).with_media_types(&["application/trig"]);

/// # TriG
///
/// RDF with named graphs, for people to read. Statements of one subject that follow each other become one record.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct Settings(Naming);

impl Codec for Settings {
    fn decoder(&self, limits: &Limits) -> Option<Box<dyn Decoder>> {
        Some(Box::new(Turtle::new(true, self.0.parsed_base(), self.0.nodes(limits), limits)))
    }

    fn encoder(&self) -> Option<Box<dyn Encoder>> {
        Some(Box::new(RdfEncoder::new(TerseWriter::new(true), true, &self.0)))
    }
}
