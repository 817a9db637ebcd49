//! How much there is to do, for those who watch the server.

use super::{Bus, BusError, record::RUNS};
use backplane::{IndexValue, Query};
use std::collections::BTreeMap;

/// What a bus has to do.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Census {
    /// Runs by how they stand, at most 100 000 of each counted.
    pub runs: BTreeMap<&'static str, u64>,
    /// Tasks that wait.
    pub tasks: u64,
    /// Seconds that the oldest of them has waited.
    pub oldest: f64,
}

/// How runs stand, as the store has it.
const STATUSES: [&str; 6] = ["waiting", "running", "succeeded", "unchanged", "failed", "cancelled"];
/// Counting goes no further.
const MOST: usize = 100_000;

impl Bus {
    /// How much there is to do.
    ///
    /// # Errors
    /// If the store or the broker is in trouble.
    pub async fn census(&self) -> Result<Census, BusError> {
        let (tasks, oldest) = self.queued().await?;
        let mut runs = BTreeMap::new();
        for status in STATUSES {
            let query = Query { limit: MOST, ..Query::of("standing", vec![IndexValue::from(status)]) };
            runs.insert(status, self.store().count(RUNS, query).await?);
        }
        Ok(Census { runs, tasks, oldest })
    }

    /// How many tasks wait in all queues, and how long the oldest of them has, in seconds.
    ///
    /// # Errors
    /// If the store or the broker is in trouble.
    pub async fn queued(&self) -> Result<(u64, f64), BusError> {
        let (mut tasks, mut oldest) = (0, 0.0_f64);
        for queue in self.all_queues().await? {
            let (count, age) = self.broker().depth(&queue).await?;
            tasks += count;
            oldest = oldest.max(age);
        }
        Ok((tasks, oldest))
    }
}
