//! What a node has done, for those who watch it.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Upper ends of the classes of time, ms; the last class is open.
const CLASSES: [u64; 9] = [10, 50, 100, 500, 1_000, 5_000, 30_000, 300_000, 3_600_000];

/// How long something took, each time.
#[derive(Debug, Default)]
pub(super) struct Times {
    classes: [AtomicU64; CLASSES.len()],
    count: AtomicU64,
    milliseconds: AtomicU64,
}

impl Times {
    pub(super) fn note(&self, milliseconds: u64) {
        for (class, most) in self.classes.iter().zip(CLASSES) {
            if milliseconds <= most {
                class.fetch_add(1, Relaxed);
            }
        }
        self.count.fetch_add(1, Relaxed);
        self.milliseconds.fetch_add(milliseconds, Relaxed);
    }

    fn read(&self) -> Histogram {
        let seconds = |milliseconds: u64| Duration::from_millis(milliseconds).as_secs_f64();
        Histogram {
            classes: self
                .classes
                .iter()
                .zip(CLASSES)
                .map(|(class, most)| (seconds(most), class.load(Relaxed)))
                .collect(),
            count: self.count.load(Relaxed),
            seconds: seconds(self.milliseconds.load(Relaxed)),
        }
    }
}

/// Counters of a node.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) done: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) retried: AtomicU64,
    pub(super) given_up: AtomicU64,
    pub(super) handed_back: AtomicU64,
    pub(super) redelivered: AtomicU64,
    pub(super) spilled: AtomicU64,
    pub(super) busy: AtomicU64,
    pub(super) saves: AtomicU64,
    pub(super) messages: AtomicU64,
    pub(super) listeners: AtomicU64,
    pub(super) took: Times,
    pub(super) waited: Times,
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

/// How often something took at most so long.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Seconds, and how often it took at most so long.
    pub classes: Vec<(f64, u64)>,
    /// How often it happened.
    pub count: u64,
    /// Seconds of all together.
    pub seconds: f64,
}

/// What a node has done since its start.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// Tasks by how they ended.
    pub tasks: [(&'static str, u64); 5],
    /// Messages that were delivered more than once.
    pub redelivered: u64,
    /// Bytes that did not fit in memory and went to disk.
    pub spilled: u64,
    /// Tasks under way.
    pub busy: u64,
    /// Saves of runs: what happens to a run at the same time is saved together.
    pub saves: u64,
    /// Messages that arrived and have reached a run.
    pub messages: u64,
    /// Workflows that are listened for.
    pub listeners: u64,
    /// How long tasks took.
    pub took: Histogram,
    /// How long tasks waited before they were taken.
    pub waited: Histogram,
}

impl Tally {
    pub(super) fn read(&self) -> Done {
        let tasks = [
            ("done", &self.done),
            ("failed", &self.failed),
            ("retried", &self.retried),
            ("given_up", &self.given_up),
            ("handed_back", &self.handed_back),
        ];
        Done {
            tasks: tasks.map(|(name, counter)| (name, counter.load(Relaxed))),
            redelivered: self.redelivered.load(Relaxed),
            spilled: self.spilled.load(Relaxed),
            busy: self.busy.load(Relaxed),
            saves: self.saves.load(Relaxed),
            messages: self.messages.load(Relaxed),
            listeners: self.listeners.load(Relaxed),
            took: self.took.read(),
            waited: self.waited.read(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_in_every_class_they_fit_in() {
        let times = Times::default();
        for milliseconds in [3, 70, 9_000_000] {
            times.note(milliseconds);
        }
        let read = times.read();
        assert_eq!(read.classes[0], (0.01, 1));
        assert_eq!(read.classes[2], (0.1, 2));
        assert_eq!(read.classes[8], (3_600.0, 2));
        assert_eq!((read.count, read.seconds), (3, 9_000.073));
    }
}
