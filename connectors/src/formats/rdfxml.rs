//! RDF/XML (W3C RDF 1.1).

use crate::{
    contract::{Codec, Decoder, Encoder, Format, Limits},
    kit::rdf::{self, Naming, RdfEncoder, XmlReader, XmlWriter},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static FORMAT: Format = Format::new("rdfxml")
    .with_extensions(&["rdf", "owl"])
    .with_media_types(&["application/rdf+xml"])
    .sniffed_by(rdf::looks_like_rdfxml);

/// # RDF/XML
///
/// RDF written as XML. Statements of one subject that follow each other become one record.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct Settings(Naming);

impl Codec for Settings {
    fn decoder(&self, limits: &Limits) -> Option<Box<dyn Decoder>> {
        Some(Box::new(XmlReader::new(self.0.base.clone(), self.0.nodes(limits), limits)))
    }

    fn encoder(&self) -> Option<Box<dyn Encoder>> {
        Some(Box::new(RdfEncoder::new(XmlWriter::default(), false, &self.0)))
    }
}
