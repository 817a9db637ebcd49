//! Changes of runs on their way to the store.
//!
//! Those of one run that come while another is being saved wait and are saved together, in the order in which
//! they came: a run of many tasks costs as many saves as fit one after the other, not one a task. What this
//! node saved last is remembered for a while, so that the next change need not read it; where another node
//! has changed the run meanwhile, compare-and-set tells. Only that a change changes nothing, nobody would tell: that is
//! believed of a run that was read, not of one that is remembered.

use super::{
    record::RunRecord,
    runs::{Known, trouble_of_ours},
};
use crate::BusError;
use bus_core::run::Effect;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::{sync::oneshot, task::JoinSet};

/// A change of a run, told the time (ms since the Unix epoch); gives what follows from it.
pub(super) type Change = Box<dyn Fn(&mut RunRecord, i64) -> Vec<Effect> + Send + Sync>;

/// A change that waits.
pub(super) struct Waiting {
    pub(super) change: Change,
    pub(super) saved: oneshot::Sender<Result<Known, BusError>>,
}

/// The runs that are being changed, or were a moment ago.
#[derive(Default)]
pub(super) struct Lines {
    lines: Mutex<HashMap<String, Line>>,
    /// Those who save.
    saving: Mutex<JoinSet<()>>,
}

#[derive(Default)]
struct Line {
    waiting: Vec<Waiting>,
    /// Whether somebody saves.
    busy: bool,
    /// The run as it stood last, as far as this node knows.
    last: Option<Known>,
    /// Whether it was read for a change that waits, not only remembered.
    read: bool,
}

/// Changes that are saved together.
pub(super) struct Round {
    pub(super) changes: Vec<Waiting>,
    pub(super) last: Option<Known>,
    pub(super) read: bool,
}

/// Runs remembered: more than a node has under way at once.
const IDLE: usize = 64;

impl Lines {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to save what stands in a line.
    pub(super) fn begin(&self, save: impl Future<Output = ()> + Send + 'static) {
        let mut saving = self.saving.lock().unwrap_or_else(PoisonError::into_inner);
        while saving.try_join_next().is_some() {}
        saving.spawn(save);
    }

    /// Puts a change in line; says whether somebody has to begin saving.
    pub(super) fn join(&self, run: &str, known: Option<Known>, waiting: Waiting) -> bool {
        let mut all = self.all();
        let line = all.entry(run.to_owned()).or_default();
        let as_new = |known: &Known| line.last.as_ref().is_none_or(|last| last.revision <= known.revision);
        if let Some(known) = known.filter(as_new) {
            (line.last, line.read) = (Some(known), true);
        }
        line.waiting.push(waiting);
        !std::mem::replace(&mut line.busy, true)
    }

    /// How many changes wait.
    pub(super) fn waiting(&self, run: &str) -> usize {
        self.all().get(run).map_or(0, |line| line.waiting.len())
    }

    /// All that waits now, with the run as it stood last; `None` if nothing does, and nobody saves any more.
    pub(super) fn next(&self, run: &str) -> Option<Round> {
        let mut all = self.all();
        let line = all.get_mut(run)?;
        if !line.waiting.is_empty() {
            let changes = std::mem::take(&mut line.waiting);
            return Some(Round { changes, last: line.last.clone(), read: std::mem::take(&mut line.read) });
        }
        line.busy = false;
        let over = line.last.as_ref().is_none_or(|last| last.record.state.has_ended());
        if over || all.len() > IDLE {
            all.remove(run);
        }
        None
    }

    /// Remembers how a run stands; nothing if that is not known any more.
    pub(super) fn note(&self, run: &str, known: Option<Known>) {
        let mut all = self.all();
        let Some(line) = all.get_mut(run) else { return };
        // one that was read meanwhile, for a change that waits, may be newer
        let newer = line
            .last
            .as_ref()
            .zip(known.as_ref())
            .is_some_and(|(last, known)| last.revision > known.revision);
        if !newer {
            (line.last, line.read) = (known, false);
        }
    }

    /// The run as this node knows it, which may not be as it stands.
    pub(super) fn lately(&self, run: &str) -> Option<Known> {
        self.all().get(run)?.last.clone()
    }

    /// Whoever saved is gone without a word: the next change begins anew.
    pub(super) fn lost(&self, run: &str) -> BusError {
        self.all().remove(run);
        trouble_of_ours()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting() -> Waiting {
        Waiting { change: Box::new(|_, _| Vec::new()), saved: oneshot::channel().0 }
    }

    #[test]
    fn what_comes_while_one_saves_is_saved_together() {
        let lines = Lines::default();
        assert!(lines.join("r", None, waiting()), "the first saves");
        assert_eq!(lines.next("r").unwrap().changes.len(), 1);
        assert!(!lines.join("r", None, waiting()) && !lines.join("r", None, waiting()));
        assert!(lines.join("other", None, waiting()), "another run has its own line");
        assert_eq!(lines.next("r").unwrap().changes.len(), 2);
        assert!(lines.next("r").is_none());
        assert!(lines.join("r", None, waiting()), "the next begins anew");
        lines.lost("r");
        assert!(lines.join("r", None, waiting()));
    }
}
