//! What the sources of a workflow remember from one run to the next.

use super::record::RunRecord;
use crate::memory::Memory;
use backplane::{BackplaneError, Body, Collection, Expect, Store};
use bus_core::api::StartedBy;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

const MEMORIES: Collection = Collection { name: "memories", indexes: &[] };

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Remembered {
    /// The workflow and its parameters, as a fingerprint: after a change everything is read again.
    of: String,
    steps: BTreeMap<String, Value>,
}

/// What the steps of a run may remember: only those of a schedule look whether anything is new; whoever
/// starts a run otherwise wants to see its records.
pub(super) async fn recall(
    store: &Arc<dyn Store>,
    run: &RunRecord,
) -> Result<BTreeMap<String, Value>, BackplaneError> {
    if !matches!(run.by, StartedBy::Schedule(_)) {
        return Ok(BTreeMap::new());
    }
    let known = stored(store, &run.workflow).await?.filter(|known| known.of == fingerprint(run));
    Ok(known.map(|known| known.steps).unwrap_or_default())
}

/// Keeps what the steps of a run that succeeded have read.
pub(super) async fn remember(store: &Arc<dyn Store>, run: &RunRecord) -> Result<(), BackplaneError> {
    if !run.inputs.is_empty() || !run.given.is_empty() {
        // what came with the run says nothing about the places the sources read
        return Ok(());
    }
    let reports = run.reports.values();
    let steps = reports.flat_map(|report| report.remembered.clone()).collect();
    let now = Remembered { of: fingerprint(run), steps };
    if now.steps.is_empty() || stored(store, &run.workflow).await?.as_ref() == Some(&now) {
        return Ok(());
    }
    let body = Body::of(&now).unwrap_or_default();
    store.save(MEMORIES, &run.workflow, body, Expect::Anything).await.map(|_| ())
}

async fn stored(store: &Arc<dyn Store>, workflow: &str) -> Result<Option<Remembered>, BackplaneError> {
    let document = store.get(MEMORIES, workflow).await?;
    Ok(document.and_then(|document| document.body.read().ok()))
}

fn fingerprint(run: &RunRecord) -> String {
    Memory::of(&run.document, &run.parameters).of_what().to_owned()
}
