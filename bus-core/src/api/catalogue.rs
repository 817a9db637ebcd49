use super::Time;
use crate::{catalogue::Kind, workflow::Workflow};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A connector (`GET /connectors`): enough for palette, form and manual.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectorInfo {
    /// The id used in workflow documents.
    pub id: String,
    /// What it does.
    #[schemars(with = "String")]
    pub kind: Kind,
    /// Its title.
    pub title: String,
    /// What it does, in a paragraph.
    pub description: String,
    /// Its group in the palette, as shown.
    pub group: String,
    /// The name of its icon (Lucide's names).
    pub icon: String,
    /// Input ports.
    pub inputs: Vec<PortInfo>,
    /// Output ports, `errors` not among them: every step has it.
    pub outputs: Vec<String>,
    /// Whether messages arrive there by themselves, whenever their senders like.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub live: bool,
    /// JSON Schema (2020-12) of its settings, titles and descriptions in the caller's language.
    pub schema: Value,
}

/// An input port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PortInfo {
    /// Its name.
    pub name: String,
    /// Whether a link must lead to it.
    pub required: bool,
    /// Whether several links may lead to it.
    pub many: bool,
}

/// A workflow that comes with the bus (`GET /gallery`); `POST /gallery/{id}` makes it one's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GalleryEntry {
    /// Names it.
    pub id: String,
    /// The document.
    pub document: Workflow,
}

/// The answer to `POST /schedules/next` (with a [`crate::workflow::Schedule`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScheduleTimes {
    /// The next five times it fires.
    pub next: Vec<Time>,
    /// The same as people read them, in the schedule's zone.
    pub shown: Vec<String>,
}
