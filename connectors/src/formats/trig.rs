//! TriG (W3C RDF 1.1): Turtle with named graphs.

use crate::{
    contract::{Codec, Decoder, Encoder, Format, Limits},
    kit::rdf::{self, Base, Nodes, Prefix, RdfEncoder, TerseWriter, Turtle},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static FORMAT: Format =
    Format::new("trig").with_extensions(&["trig"]).with_media_types(&["application/trig"]);

/// # TriG
///
/// RDF with named graphs, for people to read. Statements of one subject that follow each other become one record.
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
        let base = self.base.as_deref().and_then(Base::parse).unwrap_or_default();
        Some(Box::new(Turtle::new(true, base, nodes, limits)))
    }

    fn encoder(&self) -> Option<Box<dyn Encoder>> {
        let writer = TerseWriter::new(true);
        Some(Box::new(RdfEncoder::new(writer, true, self.base.clone(), self.prefixes.clone())))
    }
}
