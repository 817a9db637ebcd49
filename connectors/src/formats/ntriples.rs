//! N-Triples (W3C RDF 1.1): one statement a line.

use crate::{
    contract::{Codec, Decoder, Encoder, Format, Limits},
    kit::rdf::{self, LineWriter, Lines, Naming, Prefix, RdfEncoder},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static FORMAT: Format =
    Format::new("ntriples").with_extensions(&["nt"]).with_media_types(&["application/n-triples"]);

/// # N-Triples
///
/// RDF, one statement a line. Statements of one subject that follow each other become one record.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// # Prefixes
    ///
    /// Short names for the beginnings of IRIs, beside those of the document and of the context.
    prefixes: Vec<Prefix>,
}

impl Codec for Settings {
    fn decoder(&self, limits: &Limits) -> Option<Box<dyn Decoder>> {
        Some(Box::new(Lines::new(false, rdf::nodes(&self.prefixes, limits), limits)))
    }

    fn encoder(&self) -> Option<Box<dyn Encoder>> {
        let naming = Naming { base: None, prefixes: self.prefixes.clone() };
        Some(Box::new(RdfEncoder::new(LineWriter::default(), false, &naming)))
    }
}
