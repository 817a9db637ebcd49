//! The memory that tasks may hold at a time.

use super::{Bus, record::RunRecord};
use bus_core::run::TaskId;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Memory is given out in pieces of this size.
const PIECE: u64 = 1 << 20;
/// What a step holds that streams: batches on their way.
const STREAMING: u64 = 4 << 20;

/// The memory that a node has for tasks.
#[derive(Debug)]
pub(super) struct Budget {
    pieces: u32,
    free: Arc<Semaphore>,
}

/// Memory that a task holds; given back when it is dropped.
pub(super) type Held = Option<OwnedSemaphorePermit>;

impl Budget {
    /// A budget of so many bytes; without one, memory is not counted.
    pub(super) fn new(bytes: Option<u64>) -> Self {
        let pieces = bytes.map_or(0, |bytes| u32::try_from((bytes / PIECE).max(1)).unwrap_or(u32::MAX));
        Self { pieces, free: Arc::new(Semaphore::new(pieces as usize)) }
    }

    /// Waits until there is room for so many bytes. What is larger than all of it waits until it is alone.
    pub(super) async fn take(&self, bytes: u64) -> Held {
        if self.pieces == 0 {
            return None;
        }
        let pieces = u32::try_from(bytes.div_ceil(PIECE)).unwrap_or(u32::MAX).clamp(1, self.pieces);
        Arc::clone(&self.free).acquire_many_owned(pieces).await.ok()
    }
}

impl Bus {
    /// What a task will hold at most: each step what it may before it spills if it gathers records, and batches.
    pub(super) fn memory_of(&self, record: &RunRecord, task: TaskId) -> u64 {
        let stage = usize::try_from(task.stage).ok().and_then(|stage| record.stages.get(stage));
        let Some(stage) = stage else { return 0 };
        let gathers = |step: &&String| {
            let step = record.document.step(step);
            let entry = step.and_then(|step| self.parts().catalogue.entry(&step.connector));
            entry.is_some_and(|entry| entry.regroups)
        };
        let gathering = stage.section.steps.iter().filter(gathers).count() as u64;
        let held = self.parts().limits.step_memory as u64;
        gathering
            .saturating_mul(held)
            .saturating_add(STREAMING.saturating_mul(stage.section.steps.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[tokio::test]
    async fn memory_is_given_out_once_and_comes_back() {
        let budget = Budget::new(Some(10 << 20));
        let small = budget.take(3 << 20).await;
        let more = budget.take(7 << 20).await;
        assert!(budget.take(1).now_or_never().is_none(), "all of it is given out");
        drop(small);
        assert!(budget.take(3 << 20).now_or_never().is_some());
        drop(more);
        let whole = budget.take(1 << 40).now_or_never();
        assert!(whole.is_some(), "what is larger than the budget has it alone");
        assert!(budget.take(1).now_or_never().is_none());
    }

    #[tokio::test]
    async fn without_a_budget_nothing_waits() {
        let budget = Budget::new(None);
        assert!(budget.take(1 << 50).now_or_never().is_some_and(|held| held.is_none()));
    }
}
