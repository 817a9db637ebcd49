use super::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How it stands with the messages that start runs of a workflow (`GET /workflows/{id}/live`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LiveState {
    /// Whether messages are to start runs: the workflow has such a trigger and is no draft.
    pub wanted: bool,
    /// The node that listens; none if nobody does at present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Since when it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// Messages that have reached a run, by whichever node.
    pub messages: u64,
    /// Runs that were started for them.
    pub runs: u64,
    /// When the last of these was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Time>,
    /// Messages that were too large and went nowhere.
    pub too_large: u64,
    /// Why no run is started at present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The sources that listen, by step.
    pub steps: BTreeMap<String, LiveStep>,
}

/// How it stands with one source that listens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LiveStep {
    /// Whether it is connected.
    pub connected: bool,
    /// What went wrong last, while it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// When it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Time>,
}
