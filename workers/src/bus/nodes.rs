//! Which nodes there are: each says now and then that it lives and what it can do.

use super::{Bus, BusError};
use backplane::{Body, Collection, Expect, Index, Query};
use bus_core::{check::Problem, msg, workflow::Workflow};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, time::Duration};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

const NODES: Collection =
    Collection { name: "nodes", indexes: &[Index { name: "seen", members: &["seen"], unique: false }] };

/// How often a node says that it lives.
const SAY: Duration = Duration::from_secs(10);
/// A node not heard of for so long is not there, ms.
const SILENT: i64 = 35_000;
/// A node not heard of for so long is forgotten, with the queues of its labels, ms.
const FORGOTTEN: i64 = 7 * 24 * 3_600_000;
/// Most nodes that are read at a time.
const MOST: usize = 1_000;

/// A node of the bus, as it says itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeInfo {
    /// Its name.
    pub node: String,
    /// Tasks it does at a time; none if it only answers calls.
    pub slots: u64,
    /// What it can do that others cannot.
    pub labels: Vec<String>,
    /// The version of the program.
    pub version: String,
    /// When it was heard of last, ms since the Unix epoch.
    pub seen: i64,
}

impl Bus {
    /// The nodes that were heard of in the last week, the latest first.
    ///
    /// # Errors
    /// If the store is in trouble.
    pub async fn nodes(&self) -> Result<Vec<NodeInfo>, BusError> {
        let query = Query { descending: true, limit: MOST, ..Query::of("seen", Vec::new()) };
        let found = self.store().find(NODES, query).await?;
        Ok(found.into_iter().filter_map(|found| found.body.read().ok()).collect())
    }

    /// The nodes that are there now.
    ///
    /// # Errors
    /// If the store is in trouble.
    pub async fn staff(&self) -> Result<Vec<NodeInfo>, BusError> {
        let now = self.now();
        let mut nodes = self.nodes().await?;
        nodes.retain(|node| now.saturating_sub(node.seen) < SILENT);
        Ok(nodes)
    }

    /// Steps whose label no node has that is there now: their tasks would wait until one comes.
    ///
    /// # Errors
    /// If the store is in trouble.
    pub async fn unstaffed(&self, document: &Workflow) -> Result<Vec<Problem>, BusError> {
        let asked = |label: &&str| !label.is_empty();
        if !document.labels().iter().any(asked) {
            return Ok(Vec::new());
        }
        let staff = self.staff().await?;
        let known: BTreeSet<&str> = staff
            .iter()
            .filter(|node| node.slots > 0)
            .flat_map(|node| &node.labels)
            .map(String::as_str)
            .collect();
        let missing = document.labels().into_iter().filter(asked).filter(|label| !known.contains(label));
        let problem = |label: &str| {
            let step = document.steps.iter().find(|step| document.label_of(step) == label);
            let problem = Problem::error(msg!("no worker with the label `{label}` is there", label = label))
                .advice(msg!("start one with `--labels {label}`: runs wait until then", label = label))
                .as_warning();
            match step {
                Some(step) if !step.label.is_empty() => problem.step(&step.id).field("label"),
                _ => problem.field("label"),
            }
        };
        Ok(missing.map(problem).collect())
    }

    /// Says now and then that this node lives, until stopped.
    pub(super) async fn say_alive(&self, stop: &CancellationToken) {
        let mut ticks = tokio::time::interval(SAY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let id = self.parts().node.as_str();
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = stop.cancelled() => break,
            }
            if let Err(error) = self.say_once(id).await {
                tracing::debug!(%error, "others do not hear that this node lives");
            }
        }
        if let Err(error) = self.store().delete(NODES, id, Expect::Anything).await {
            tracing::debug!(%error, "others will notice by themselves that this node is gone");
        }
    }

    async fn say_once(&self, id: &str) -> Result<(), BusError> {
        let info = NodeInfo {
            node: id.to_owned(),
            slots: self.parts().slots as u64,
            labels: self.settings().labels.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            seen: self.now(),
        };
        // nothing in it can fail to serialise
        let body = Body::of(&info).unwrap_or_default();
        self.store().save(NODES, id, body, Expect::Anything).await?;
        let until = Some(self.now().saturating_sub(FORGOTTEN).into());
        let old = Query { until, limit: 100, ..Query::of("seen", Vec::new()) };
        for gone in self.store().find(NODES, old).await? {
            self.store().delete(NODES, &gone.id, Expect::Revision(gone.revision)).await?;
        }
        Ok(())
    }
}
