//! What a run is pinned to when it is accepted.

use super::{Bus, BusError};
use backplane::Collection;
use bus_core::workflow::Workflow;
use connectors::contract::Secrets;
use std::sync::Arc;

pub(super) const WORKFLOWS: Collection = Collection { name: "workflows", indexes: &[] };

/// A workflow as it is now.
pub(super) struct Pinned {
    pub(super) revision: u64,
    /// The document, sub-workflows in place.
    pub(super) document: Workflow,
    /// Whose secrets it uses.
    pub(super) owner: String,
}

impl Bus {
    pub(super) async fn pinned(&self, workflow: &str) -> Result<Pinned, BusError> {
        let stored = self.store().get(WORKFLOWS, workflow).await?.ok_or(BusError::Missing)?;
        let document = stored.body.get("document").cloned().unwrap_or_default();
        let document = serde_json::from_value(document).map_err(|error| BusError::unreadable(&error))?;
        let owner = stored.body.get("owner").and_then(serde_json::Value::as_str).unwrap_or_default();
        Ok(Pinned { revision: stored.revision, document, owner: owner.to_owned() })
    }

    /// The secrets of a workflow's owner.
    pub(super) fn secrets_of(&self, owner: &str) -> Arc<dyn Secrets> {
        let _ = owner;
        Arc::new(crate::EnvironmentSecrets)
    }
}
