//! The tasks this node has in hand.

use bus_core::run::TaskId;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio_util::sync::CancellationToken;

/// The tasks in hand, with what stops them.
#[derive(Debug, Default)]
pub(super) struct Hands(Mutex<Held>);

type Held = HashMap<(String, TaskId), CancellationToken>;

impl Hands {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a task in hand; `false` if it is already.
    pub(super) fn take(&self, run: &str, task: TaskId, cancel: &CancellationToken) -> bool {
        let mut held = self.held();
        let free = !held.contains_key(&(run.to_owned(), task));
        if free {
            held.insert((run.to_owned(), task), cancel.clone());
        }
        free
    }

    pub(super) fn put_down(&self, run: &str, task: TaskId) {
        self.held().remove(&(run.to_owned(), task));
    }

    /// Stops a task, if it is here.
    pub(super) fn stop(&self, run: &str, task: TaskId) {
        if let Some(cancel) = self.held().get(&(run.to_owned(), task)) {
            cancel.cancel();
        }
    }
}
