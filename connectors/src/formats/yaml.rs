//! YAML documents: lists of records.

use crate::{
    contract::{Codec, Decoder, Encoder, Format, Limits},
    kit::yaml::{Reader, Writer},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static FORMAT: Format = Format::new("yaml")
    .with_extensions(&["yaml", "yml"])
    .with_media_types(&["application/yaml", "text/yaml", "application/x-yaml"])
    .sniffed_by(|start| if start.starts_with(b"---\n") || start.starts_with(b"%YAML") { 60 } else { 0 });

/// # YAML
///
/// YAML documents (1.2, core schema): a list of records, or a record each.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// # A document a record
    ///
    /// Writes every record as a document of its own, after `---`, not all of them as one list.
    documents: bool,
}

impl Codec for Settings {
    fn decoder(&self, limits: &Limits) -> Option<Box<dyn Decoder>> {
        Some(Box::new(Reader::new(limits)))
    }

    fn encoder(&self) -> Option<Box<dyn Encoder>> {
        Some(Box::new(Writer::new(self.documents)))
    }
}
