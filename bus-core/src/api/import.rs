use super::Finding;
use crate::workflow::Workflow;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The answer to `POST /import` (the body is an export of the Node.js Semantic Bus): nothing is saved yet except secrets,
/// which are in the vault under the names the document uses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Imported {
    /// The workflow.
    pub document: Workflow,
    /// What became of each component.
    pub steps: Vec<ImportedStep>,
    /// What was noticed besides.
    pub findings: Vec<Finding>,
}

/// How well something was translated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Translation {
    /// It does the same.
    Converted,
    /// It does nearly the same: look at it.
    Approximated,
    /// It is kept, switched off.
    Unsupported,
}

/// What became of a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportedStep {
    /// The component's id in the export.
    pub component: String,
    /// Its kind there.
    pub module: String,
    /// Its name there.
    pub name: String,
    /// The steps it became.
    pub steps: Vec<String>,
    /// How well.
    pub translation: Translation,
    /// What differs, in the caller's language.
    pub remarks: Vec<String>,
}
