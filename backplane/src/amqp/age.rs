//! How old the oldest message of a queue is, without taking it.
//!
//! AMQP does not tell. But queues keep their order, so the oldest that waits was published after all that
//! have left, and after every moment at which the queue was seen empty; each process notes both, and those
//! that take messages tell the others about once a second. What is known is then a lower bound of the time
//! of publishing: the age is not more than what is said here, and usually close to it. A queue that was
//! never seen otherwise is as old as the process's first look at it.

use crate::Clock;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// What is known of the heads of queues, by their names at the broker.
pub(super) struct Ages {
    clock: Clock,
    heads: Mutex<HashMap<String, Head>>,
}

#[derive(Debug, Clone, Copy)]
struct Head {
    /// Nothing that waits was published before, ms.
    since: i64,
    /// When others were told last, ms.
    told: i64,
}

/// Others are told so often, ms.
const TELL: i64 = 1_000;

impl Ages {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, heads: Mutex::default() }
    }

    pub(super) fn now(&self) -> i64 {
        (self.clock)()
    }

    fn heads(&self) -> MutexGuard<'_, HashMap<String, Head>> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was published at this time has left the queue; says whether to tell others.
    pub(super) fn left(&self, queue: &str, since: i64) -> bool {
        let now = self.now();
        let mut heads = self.heads();
        if !heads.contains_key(queue) {
            heads.insert(queue.to_owned(), Head { since, told: i64::MIN });
        }
        let Some(head) = heads.get_mut(queue) else { return false };
        head.since = head.since.max(since);
        let due = now.saturating_sub(head.told) >= TELL;
        if due {
            head.told = now;
        }
        due
    }

    /// Somebody else says so.
    pub(super) fn heard(&self, queue: &str, since: i64) {
        let mut heads = self.heads();
        let head = heads.entry(queue.to_owned()).or_insert(Head { since, told: i64::MIN });
        head.since = head.since.max(since);
    }

    /// So many wait now; gives the age of the oldest in seconds.
    pub(super) fn seen(&self, queue: &str, waiting: u32) -> f64 {
        let now = self.now();
        let mut heads = self.heads();
        let head = heads.entry(queue.to_owned()).or_insert(Head { since: now, told: i64::MIN });
        if waiting == 0 {
            head.since = head.since.max(now);
            return 0.0;
        }
        #[expect(clippy::cast_precision_loss, reason = "an age in seconds")]
        let age = now.saturating_sub(head.since).max(0) as f64 / 1_000.0;
        age
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    };

    #[test]
    fn the_oldest_is_as_old_as_what_left_before_it() {
        let time = Arc::new(AtomicI64::new(10_000));
        let clock = Arc::clone(&time);
        let ages = Ages::new(Arc::new(move || clock.load(Relaxed)));
        assert!(ages.seen("q", 0).abs() < f64::EPSILON);
        time.store(15_000, Relaxed);
        assert!((ages.seen("q", 2) - 5.0).abs() < f64::EPSILON, "empty five seconds ago");
        assert!(ages.left("q", 13_000), "others are told");
        assert!(!ages.left("q", 13_500), "and not again at once");
        assert!((ages.seen("q", 2) - 1.5).abs() < f64::EPSILON);
        ages.heard("q", 12_000);
        assert!((ages.seen("q", 2) - 1.5).abs() < f64::EPSILON, "older news changes nothing");
        ages.heard("q", 14_000);
        assert!((ages.seen("q", 1) - 1.0).abs() < f64::EPSILON);
        assert!(ages.seen("q", 0).abs() < f64::EPSILON);
    }
}
