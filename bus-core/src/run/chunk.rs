use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is known of a chunk: an encoded batch in the cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// Tells whether a chunk of the same name holds the same: made from its content.
    pub digest: String,
    /// How many records it holds.
    pub records: u64,
    /// The output port it was sent by, as `step.port`: whoever takes from another port does not get it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub port: String,
    /// Where it stands among the chunks of its port: they are read in this order, then by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub place: Vec<u32>,
}

/// Chunks by name. A name follows from the task that makes the chunk, not from the attempt.
pub type Chunks = BTreeMap<String, Chunk>;
