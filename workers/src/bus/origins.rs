//! Of which workflow a run is: asked at every call about a run, and never another.

use super::{Bus, BusError, record::RUNS};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Runs that are remembered at most.
const MOST: usize = 10_000;

/// The workflows of runs that were asked about.
#[derive(Debug, Default)]
pub(super) struct Origins(Mutex<HashMap<String, String>>);

impl Origins {
    fn known(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note(&self, run: &str, workflow: &str) {
        let mut known = self.known();
        if known.len() >= MOST {
            // those that are asked about come back by themselves
            known.clear();
        }
        known.insert(run.to_owned(), workflow.to_owned());
    }
}

impl Bus {
    /// The workflow of a run, without reading the run where it was asked before; a run that was deleted meanwhile may
    /// still be known.
    ///
    /// # Errors
    /// If there is no such run, or if the store is in trouble.
    pub async fn workflow_of(&self, run: &str) -> Result<String, BusError> {
        let known = self.origins().known().get(run).cloned();
        if let Some(workflow) = known {
            return Ok(workflow);
        }
        let document = self.store().get(RUNS, run).await?.ok_or(BusError::Missing)?;
        let workflow = document.body.text_of("workflow").ok_or(BusError::Missing)?;
        self.origins().note(run, &workflow);
        Ok(workflow)
    }
}
