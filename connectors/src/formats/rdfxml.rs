//! RDF/XML (W3C RDF 1.1).

use crate::{
    contract::{Codec, Decoder, Encoder, Format, Limits},
    kit::rdf::{self, Nodes, Prefix, RdfEncoder, XmlReader, XmlWriter},
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
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// # Base
    ///
    /// The absolute IRI that relative ones start from, as a rule the address of the document.
    #[schemars(extend("examples" = ["https://example.org/data/"]))]
    base: Option<String>,
    /// # Prefixes
    ///
    /// Short names for the beginnings of IRIs, beside those of the document and of the context.
    prefixes: Vec<Prefix>,
}

impl Codec for Settings {
    fn decoder(&self, limits: &Limits) -> Option<Box<dyn Decoder>> {
        let nodes = Nodes::new(rdf::prefixes(&self.prefixes), limits);
        Some(Box::new(XmlReader::new(self.base.clone(), nodes, limits)))
    }

    fn encoder(&self) -> Option<Box<dyn Encoder>> {
        let writer = XmlWriter::default();
        Some(Box::new(RdfEncoder::new(writer, false, self.base.clone(), self.prefixes.clone())))
    }
}
