use super::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `GET /health`: what the server reaches, in the caller's language. While something cannot be reached, runs wait.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// Whether all can be reached.
    pub ready: bool,
    /// Why the store cannot be reached.
    #[serde(default)]
    pub store: Option<String>,
    /// Why the broker cannot be reached.
    #[serde(default)]
    pub broker: Option<String>,
    /// The nodes that do tasks.
    pub workers: Vec<Worker>,
}

/// A node that does tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Worker {
    /// Its name.
    pub name: String,
    /// Tasks it does at a time.
    pub slots: u64,
    /// What it can do that others cannot.
    pub labels: Vec<String>,
    /// When it was heard of last.
    pub seen: Time,
}
