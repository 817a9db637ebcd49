//! What a run is pinned to when it is accepted.

use super::{Bus, BusError, record::RunRecord};
use crate::{EnvironmentSecrets, publications::Author};
use bus_core::{Language, check::Problem, workflow::Workflow};
use connectors::contract::Secrets;
use std::sync::Arc;

/// A workflow as it is now.
pub(super) struct Pinned {
    pub(super) revision: u64,
    /// The document, sub-workflows in place.
    pub(super) document: Workflow,
    /// Whose secrets it uses.
    pub(super) owner: String,
}

impl Bus {
    /// A workflow that can run, with the workflows it uses in their places.
    pub(super) async fn pinned(&self, workflow: &str, language: Language) -> Result<Pinned, BusError> {
        let workflows = self.workflows();
        let stored = workflows.get(workflow).await?;
        let whole = workflows.whole(&stored.document, &stored.owner).await?;
        let Some(document) = whole.runs else {
            let findings = whole.problems.iter().map(|problem: &Problem| problem.finding(language));
            return Err(BusError::Draft(findings.collect()));
        };
        Ok(Pinned { revision: stored.revision, document, owner: stored.owner })
    }

    /// The secrets that a run may use: those of its workflow's owner that its settings name. Where there is no vault,
    /// those of the environment.
    pub(super) async fn secrets_of(&self, run: &RunRecord) -> Result<Arc<dyn Secrets>, BusError> {
        match self.vault() {
            Some(vault) => Ok(Arc::new(vault.secrets(&run.owner, &run.document, &run.parameters).await?)),
            None => Ok(Arc::new(EnvironmentSecrets)),
        }
    }

    /// Takes what the steps of a run publish.
    pub(super) fn publisher(&self, run: &str, record: &RunRecord) -> Author {
        Author::new(self.publications(), run, &record.workflow, record.document.keep_hours)
    }
}
