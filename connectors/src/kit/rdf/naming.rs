use super::{Base, Nodes, Prefixes};
use crate::contract::Limits;
use schemars::JsonSchema;
use serde::Deserialize;

// Where the IRIs of a document begin: the settings that the syntaxes with short names share. (A doc comment would
// become their text.)
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Naming {
    /// # Base
    ///
    /// The absolute IRI that relative ones start from, as a rule the address of the document.
    #[schemars(extend("examples" = ["https://example.org/data/"]))]
    pub(crate) base: Option<String>,
    /// # Prefixes
    ///
    /// Short names for the beginnings of IRIs, beside those of the document and of the context.
    pub(crate) prefixes: Vec<Prefix>,
}

/// # Prefix
///
/// A short name for the beginning of IRIs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prefix {
    /// # Short name
    ///
    /// What stands before the colon; empty for names without a prefix.
    #[schemars(extend("examples" = ["schema"]))]
    pub(crate) prefix: String,
    /// # IRI
    ///
    /// What it stands for.
    #[schemars(extend("examples" = ["https://schema.org/"]))]
    pub(crate) iri: String,
}

impl Naming {
    /// The base, if there is a good one.
    pub(crate) fn parsed_base(&self) -> Base {
        self.base.as_deref().and_then(Base::parse).unwrap_or_default()
    }

    /// What makes records of statements, knowing the prefixes.
    pub(crate) fn nodes(&self, limits: &Limits) -> Nodes {
        nodes(&self.prefixes, limits)
    }
}

/// What makes records of statements, knowing these prefixes.
pub(crate) fn nodes(given: &[Prefix], limits: &Limits) -> Nodes {
    let mut prefixes = Prefixes::default();
    for prefix in given {
        prefixes.set(&prefix.prefix, &prefix.iri);
    }
    Nodes::new(prefixes, limits)
}
