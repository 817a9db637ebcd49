//! One queue as it stands in memory: who waits, who is out, who takes. Pure.

use crate::Priority;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A message's place in its queue, in the order of publishing.
pub(super) type Number = u64;

/// What the queue knows of a message; its body stays on disk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    pub(super) priority: Priority,
    /// When it was published, ms.
    pub(super) since: i64,
    pub(super) attempts: u32,
}

/// The state of one queue.
#[derive(Debug, Default)]
pub(super) struct Queue {
    known: HashMap<Number, Waiting>,
    ready: BTreeSet<(Priority, Number)>,
    later: BTreeSet<(i64, Number)>,
    out: HashMap<Number, u64>,
    consumers: BTreeMap<u64, Place>,
    /// The consumer that was served last; the next one comes first.
    served: u64,
}

#[derive(Debug)]
struct Place {
    prefetch: u16,
    holds: u16,
}

impl Queue {
    /// Adds a message, to be delivered from `due` on.
    pub(super) fn add(&mut self, number: Number, waiting: Waiting, due: i64, now: i64) {
        self.known.insert(number, waiting);
        self.wait(number, due, now);
    }

    fn wait(&mut self, number: Number, due: i64, now: i64) {
        let Some(waiting) = self.known.get(&number) else { return };
        if due > now {
            self.later.insert((due, number));
        } else {
            self.ready.insert((waiting.priority, number));
        }
    }

    /// Adds a consumer.
    pub(super) fn join(&mut self, consumer: u64, prefetch: u16) {
        self.consumers.insert(consumer, Place { prefetch: prefetch.max(1), holds: 0 });
    }

    /// Removes a consumer; what it holds comes back by itself, when its deliveries are dropped.
    pub(super) fn leave(&mut self, consumer: u64) {
        self.consumers.remove(&consumer);
    }

    /// Makes ready what is due.
    pub(super) fn ripen(&mut self, now: i64) {
        while let Some((due, number)) = self.later.first().copied()
            && due <= now
        {
            self.later.pop_first();
            self.wait(number, due, now);
        }
    }

    /// When the next message is due, if one waits for its time.
    pub(super) fn next_due(&self) -> Option<i64> {
        self.later.first().map(|(due, _)| *due)
    }

    /// Hands the next message to the next consumer that has room: its number, its attempt, the consumer.
    pub(super) fn deliver(&mut self) -> Option<(Number, u32, u64)> {
        let (priority, number) = self.ready.first().copied()?;
        let has_room = |place: &Place| place.holds < place.prefetch;
        let after = self.consumers.range(self.served + 1..).chain(self.consumers.range(..=self.served));
        let consumer = after.into_iter().find(|(_, place)| has_room(place)).map(|(id, _)| *id)?;
        self.ready.remove(&(priority, number));
        self.served = consumer;
        self.consumers.get_mut(&consumer)?.holds += 1;
        self.out.insert(number, consumer);
        let waiting = self.known.get_mut(&number)?;
        waiting.attempts += 1;
        Some((number, waiting.attempts, consumer))
    }

    /// Takes a message back from its consumer: `false` if it was not out.
    pub(super) fn back(&mut self, number: Number) -> bool {
        let Some(consumer) = self.out.remove(&number) else { return false };
        if let Some(place) = self.consumers.get_mut(&consumer) {
            place.holds = place.holds.saturating_sub(1);
        }
        true
    }

    /// The message comes again from `due` on.
    pub(super) fn again(&mut self, number: Number, due: i64, now: i64) {
        self.wait(number, due, now);
    }

    /// Forgets a message.
    pub(super) fn remove(&mut self, number: Number) -> Option<Waiting> {
        self.known.remove(&number)
    }

    /// How many messages wait, and since when the oldest, ms.
    pub(super) fn depth(&self) -> (u64, Option<i64>) {
        let waiting =
            self.ready.iter().map(|(_, number)| number).chain(self.later.iter().map(|(_, number)| number));
        let since = waiting.filter_map(|number| self.known.get(number)).map(|waiting| waiting.since).min();
        ((self.ready.len() + self.later.len()) as u64, since)
    }
}
