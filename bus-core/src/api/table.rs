use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Records for the eye.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Table {
    /// Members that the records shown have, in the order they were met.
    pub columns: Vec<Column>,
    /// The records as JSON; a member that is absent is missing, which is not the same as null.
    pub rows: Vec<Value>,
    /// The place of the first record shown, from 0.
    pub from: u64,
    /// How many can be shown.
    pub kept: u64,
    /// How many there were.
    pub total: u64,
}

/// A column of a [`Table`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Column {
    /// The member's name.
    pub name: String,
    /// What its values are: `text`, `integer`, `decimal`, `boolean`, `time`, `list`, `object`, `mixed`.
    pub kind: String,
}
