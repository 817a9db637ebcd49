//! The queues of tasks: one for what any worker can do, one for each label.

use super::{Bus, BusError};
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

/// The queue of tasks that any worker can do.
pub(super) const TASKS: &str = "tasks";

/// The queue of the tasks that need a label.
pub(super) fn queue_of(label: &str) -> String {
    if label.is_empty() { TASKS.to_owned() } else { format!("{TASKS}-{label}") }
}

/// Runs of which something could not be published: the broker was away. The next round of the sweeper does it.
#[derive(Debug, Default)]
pub(super) struct Unsent(Mutex<BTreeSet<String>>);

impl Unsent {
    pub(super) fn note(&self, run: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(run.to_owned());
    }

    /// All of them; they are forgotten here.
    pub(super) fn take(&self) -> BTreeSet<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Bus {
    /// The queues that this node takes tasks from.
    pub(super) fn own_queues(&self) -> Vec<String> {
        let mut labels: BTreeSet<&str> = self.settings().labels.iter().map(String::as_str).collect();
        labels.insert("");
        labels.into_iter().map(queue_of).collect()
    }

    /// All queues that are known: those of the labels that some node has or had of late.
    ///
    /// # Errors
    /// If the store is in trouble.
    pub(super) async fn all_queues(&self) -> Result<Vec<String>, BusError> {
        let mut labels: BTreeSet<String> = self.settings().labels.iter().cloned().collect();
        labels.insert(String::new());
        labels.extend(self.nodes().await?.into_iter().flat_map(|node| node.labels));
        Ok(labels.iter().map(|label| queue_of(label)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_label_has_its_queue() {
        assert_eq!((queue_of("").as_str(), queue_of("usine").as_str()), ("tasks", "tasks-usine"));
    }

    #[test]
    fn what_was_not_sent_is_noted_once() {
        let unsent = Unsent::default();
        unsent.note("r");
        unsent.note("r");
        assert_eq!(unsent.take().len(), 1);
        assert!(unsent.take().is_empty());
    }
}
