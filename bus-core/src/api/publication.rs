use super::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Data that a workflow offers at `/data/<slug>` (`GET /publications`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PublicationInfo {
    /// Its name in the address.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// The workflow that makes it.
    pub workflow: String,
    /// The run that made what is there now.
    pub run: String,
    /// Since when that stands.
    pub at: Time,
    /// Until when it is kept.
    pub until: Time,
    /// Records.
    pub records: u64,
    /// Whether everybody may read it.
    pub public: bool,
}

/// Something held in the cache (`GET /cache`); `DELETE /cache?name=` deletes it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CacheEntry {
    /// Names it.
    pub name: String,
    /// For what it is kept: `run/<id>`, `publication/<slug>`, `upload/<id>`.
    pub owner: String,
    /// The workflow it belongs to, by name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub workflow: String,
    /// Bytes.
    pub size: u64,
    /// When it leaves by itself.
    pub until: Time,
}

/// A message that was given up (`GET /dead-letters`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeadLetterInfo {
    /// Names it.
    pub id: String,
    /// The run it is about.
    pub run: String,
    /// The task.
    pub task: String,
    /// Why it was given up.
    pub reason: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was given up.
    pub at: Time,
}
