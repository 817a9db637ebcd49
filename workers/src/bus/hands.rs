//! The tasks this node has in hand.

use bus_core::run::TaskId;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio_util::sync::CancellationToken;

/// The tasks in hand, with what stops them.
#[derive(Debug, Default)]
pub(super) struct Hands(Mutex<HashMap<Name, Held>>);

type Name = (String, TaskId);

#[derive(Debug)]
struct Held {
    attempt: u32,
    cancel: CancellationToken,
}

/// Why a task cannot be taken in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Busy {
    /// This attempt is in hand.
    Same,
    /// Another attempt is, and was told to stop.
    Other,
}

/// A task in hand, until this is dropped, however the work on it ends.
#[derive(Debug)]
pub(super) struct InHand<'a> {
    hands: &'a Hands,
    name: Name,
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        self.hands.held().remove(&self.name);
    }
}

impl Hands {
    fn held(&self) -> MutexGuard<'_, HashMap<Name, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many tasks of a run are in hand.
    pub(super) fn of(&self, run: &str) -> usize {
        self.held().keys().filter(|(known, _)| known == run).count()
    }

    /// Takes an attempt of a task in hand, unless the task is already. Whoever has an earlier attempt works for nothing
    /// now: it is told to stop.
    pub(super) fn take(
        &self,
        run: &str,
        (task, attempt): (TaskId, u32),
        cancel: &CancellationToken,
    ) -> Result<InHand<'_>, Busy> {
        let name = (run.to_owned(), task);
        let mut held = self.held();
        match held.get(&name) {
            Some(known) if known.attempt == attempt => return Err(Busy::Same),
            Some(known) => {
                known.cancel.cancel();
                return Err(Busy::Other);
            }
            None => {}
        }
        held.insert(name.clone(), Held { attempt, cancel: cancel.clone() });
        Ok(InHand { hands: self, name })
    }

    /// Stops a task, if it is here.
    pub(super) fn stop(&self, run: &str, task: TaskId) {
        if let Some(known) = self.held().get(&(run.to_owned(), task)) {
            known.cancel.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_attempt_has_to_stop_before_the_next_is_taken() {
        let hands = Hands::default();
        let task = TaskId { stage: 0, part: 0 };
        let (first, second) = (CancellationToken::new(), CancellationToken::new());
        let in_hand = hands.take("r", (task, 1), &first).expect("free");
        assert_eq!(hands.take("r", (task, 1), &second).expect_err("in hand"), Busy::Same);
        assert!(!first.is_cancelled());
        assert_eq!(hands.take("r", (task, 2), &second).expect_err("in hand"), Busy::Other);
        assert!(first.is_cancelled() && !second.is_cancelled());
        drop(in_hand);
        assert!(hands.take("r", (task, 2), &second).is_ok());
    }
}
