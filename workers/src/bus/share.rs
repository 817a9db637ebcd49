//! The fair share: how many runs of a workflow are at work at a time.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The runs at work, by workflow. The others wait in the store.
#[derive(Debug)]
pub(super) struct Share {
    limit: usize,
    at_work: Mutex<HashMap<String, BTreeSet<String>>>,
}

impl Share {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), at_work: Mutex::default() }
    }

    pub(super) const fn limit(&self) -> usize {
        self.limit
    }

    fn at_work(&self) -> MutexGuard<'_, HashMap<String, BTreeSet<String>>> {
        self.at_work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for a run; `false` if its workflow has no more, or if the run has one already.
    pub(super) fn enter(&self, workflow: &str, run: &str) -> bool {
        let mut at_work = self.at_work();
        let runs = at_work.entry(workflow.to_owned()).or_default();
        runs.len() < self.limit && runs.insert(run.to_owned())
    }

    /// Gives the place of a run back; `false` if it had none.
    pub(super) fn leave(&self, workflow: &str, run: &str) -> bool {
        let mut at_work = self.at_work();
        let Some(runs) = at_work.get_mut(workflow) else { return false };
        let had = runs.remove(run);
        if runs.is_empty() {
            at_work.remove(workflow);
        }
        had
    }

    /// How many more runs of a workflow may begin.
    pub(super) fn room(&self, workflow: &str) -> usize {
        self.limit.saturating_sub(self.at_work().get(workflow).map_or(0, BTreeSet::len))
    }

    /// Notes a run that is at work already.
    pub(super) fn note(&self, workflow: &str, run: &str) {
        self.at_work().entry(workflow.to_owned()).or_default().insert(run.to_owned());
    }

    /// All runs that have a place, with their workflows.
    pub(super) fn all(&self) -> Vec<(String, String)> {
        let at_work = self.at_work();
        let pairs = at_work.iter().flat_map(|(workflow, runs)| runs.iter().map(move |run| (workflow, run)));
        pairs.map(|(workflow, run)| (workflow.clone(), run.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workflow_has_its_share_and_no_more() {
        let share = Share::new(2);
        assert!(share.enter("w", "1") && share.enter("w", "2"));
        assert!(!share.enter("w", "3"));
        assert!(share.enter("other", "1"), "what others have is theirs");
        assert!(!share.enter("other", "1"), "a run has one place");
        assert!(share.leave("w", "1"));
        assert!(!share.leave("w", "1"));
        assert_eq!(share.room("w"), 1);
        assert!(share.enter("w", "3"));
    }
}
