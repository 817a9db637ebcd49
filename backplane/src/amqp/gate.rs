//! Which of the messages at hand is given out next. Pure.
//!
//! Each priority has its own queue at the broker, and each queue sends up to as many messages as the
//! consumer asked for. The gate gives out at most that many in all, the urgent ones first; but one that
//! others went before eight times has its turn, so that none starves. What waits here while all that may be out is
//! out for long is given back: another consumer may have room for it.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// How many priorities there are.
pub(super) const CLASSES: usize = 3;
/// How often others go before a message that waits.
const PASSED_OVER: u32 = 8;
/// How long a less urgent message waits at most for a more urgent one that is probably on its way; less where
/// they came faster lately.
pub(super) const COMING: Duration = Duration::from_millis(50);
/// The same at the beginning, when nothing has come yet.
pub(super) const FIRST: Duration = Duration::from_millis(500);
/// How long they take until that is known: a quarter of what is waited then.
const USUAL: Duration = Duration::from_millis(3);
/// The least.
const SOON: Duration = Duration::from_millis(2);
/// After this time without an answer, what waits here is better off elsewhere, though it goes behind all others there.
const STUCK: Duration = Duration::from_secs(1);

/// What is to be done now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<T> {
    /// This one, of this class, is given out.
    Give(usize, T),
    /// Look again then.
    Wait(Instant),
    /// Nothing, until something comes or is answered.
    Idle,
}

#[derive(Debug)]
struct Class<T> {
    waiting: VecDeque<T>,
    /// Given out and not answered.
    out: usize,
    passed_over: u32,
    /// Messages that are probably on their way, and until when that is believed.
    coming: usize,
    until: Option<Instant>,
    /// Since when the next is on its way.
    asked: Option<Instant>,
}

impl<T> Class<T> {
    const fn new() -> Self {
        Self { waiting: VecDeque::new(), out: 0, passed_over: 0, coming: 0, until: None, asked: None }
    }

    fn expects(&self, now: Instant) -> Option<Instant> {
        self.until.filter(|until| self.coming > 0 && *until > now)
    }
}

/// The messages at hand.
#[derive(Debug)]
pub(super) struct Gate<T> {
    limit: usize,
    /// Given out and not answered, also those of connections that broke.
    out: usize,
    classes: [Class<T>; CLASSES],
    /// Since when there is no room.
    full: Option<Instant>,
    /// How long the next message of a queue takes to come, lately.
    usual: Duration,
}

impl<T> Gate<T> {
    /// A gate that gives out `limit` messages at a time, of queues that send as many each.
    pub(super) const fn new(limit: u16) -> Self {
        let limit = if limit == 0 { 1 } else { limit as usize };
        let classes = [Class::new(), Class::new(), Class::new()];
        Self { limit, out: 0, classes, full: None, usual: USUAL }
    }

    /// So many messages wait in the queue of a class from which this now takes; they are waited for until then.
    pub(super) fn expect(&mut self, class: usize, waiting: usize, until: Instant) {
        let limit = self.limit;
        if let Some(class) = self.classes.get_mut(class) {
            class.coming = waiting.min(limit);
            class.until = Some(until);
        }
    }

    /// A message has come.
    pub(super) fn arrived(&mut self, class: usize, item: T, now: Instant) {
        if let Some(class) = self.classes.get_mut(class) {
            class.coming = class.coming.saturating_sub(1);
            class.waiting.push_back(item);
            // one that came much later was not on its way
            let took = class.asked.take().map(|asked| now.saturating_duration_since(asked));
            if let Some(took) = took.filter(|took| *took <= COMING) {
                self.usual = took.max(self.usual / 2);
            }
        }
    }

    /// Whether one more may be given out.
    pub(super) const fn has_room(&self) -> bool {
        self.out < self.limit
    }

    /// What waits here although there has been no room for it for a while, with its class.
    pub(super) fn stuck(&mut self, now: Instant) -> Vec<(usize, T)> {
        if self.full.is_none_or(|since| now.saturating_duration_since(since) < STUCK) {
            return Vec::new();
        }
        let waiting = |(place, class): (usize, &mut Class<T>)| {
            std::mem::take(&mut class.waiting).into_iter().map(move |item| (place, item))
        };
        self.classes.iter_mut().enumerate().flat_map(waiting).collect()
    }

    /// A message that was given out is answered.
    pub(super) fn answered(&mut self, class: usize, now: Instant) {
        self.answered_late();
        let (limit, wait) = (self.limit, (self.usual * 4).clamp(SOON, COMING));
        let Some(class) = self.classes.get_mut(class) else { return };
        // a queue that sent as much as it may probably has more
        if class.out + class.waiting.len() >= limit {
            class.coming = 1;
            class.until = Some(now + wait);
            class.asked = Some(now);
        }
        class.out = class.out.saturating_sub(1);
    }

    /// A message of a connection that broke is answered.
    pub(super) fn answered_late(&mut self) {
        self.out = self.out.saturating_sub(1);
        self.full = None;
    }

    /// The connection broke: what waits here waits at the broker again.
    pub(super) fn broken(&mut self) {
        self.classes = [Class::new(), Class::new(), Class::new()];
    }

    /// Takes back all that waits here.
    pub(super) fn drain(&mut self) -> Vec<T> {
        self.classes.iter_mut().flat_map(|class| class.waiting.drain(..)).collect()
    }

    /// What was given out and has no answer yet.
    pub(super) const fn out(&self) -> usize {
        self.out
    }

    /// The message to give out now, if there is one.
    pub(super) fn next(&mut self, now: Instant) -> Next<T> {
        if !self.has_room() {
            self.full.get_or_insert(now);
            return Next::Idle;
        }
        let starved = |class: &Class<T>| !class.waiting.is_empty() && class.passed_over >= PASSED_OVER;
        let place = self.classes.iter().rposition(starved).or_else(|| {
            let place = self.classes.iter().position(|class| !class.waiting.is_empty());
            place.filter(|place| self.awaited_before(*place, now).is_none())
        });
        let Some(place) = place else {
            let first = self.classes.iter().position(|class| !class.waiting.is_empty());
            let until = first.and_then(|first| self.awaited_before(first, now));
            return until.map_or(Next::Idle, Next::Wait);
        };
        let Some(item) = self.give(place) else { return Next::Idle };
        Next::Give(place, item)
    }

    /// Until when something more urgent than this class is awaited.
    fn awaited_before(&self, place: usize, now: Instant) -> Option<Instant> {
        self.classes.iter().take(place).filter_map(|class| class.expects(now)).max()
    }

    fn give(&mut self, place: usize) -> Option<T> {
        let class = self.classes.get_mut(place)?;
        let item = class.waiting.pop_front()?;
        class.out += 1;
        class.passed_over = 0;
        self.out += 1;
        for class in self.classes.iter_mut().skip(place + 1).filter(|class| !class.waiting.is_empty()) {
            class.passed_over += 1;
        }
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(gate: &mut Gate<u32>, now: Instant) -> Vec<u32> {
        let mut given = Vec::new();
        while let Next::Give(_, item) = gate.next(now) {
            given.push(item);
        }
        given
    }

    #[test]
    fn the_urgent_goes_first_and_no_more_than_asked_for() {
        let (mut gate, now) = (Gate::new(2), Instant::now());
        for (class, item) in [(2, 30), (1, 20), (0, 10), (1, 21)] {
            gate.arrived(class, item, now);
        }
        assert_eq!(given(&mut gate, now), [10, 20]);
        assert_eq!(gate.next(now), Next::Idle);
        gate.answered(0, now);
        assert_eq!(given(&mut gate, now), [21]);
        assert_eq!(gate.out(), 2);
    }

    #[test]
    fn what_is_coming_is_waited_for_and_not_for_ever() {
        let (mut gate, now) = (Gate::new(1), Instant::now());
        gate.expect(1, 5, now + FIRST);
        gate.arrived(2, 30, now);
        assert_eq!(gate.next(now), Next::Wait(now + FIRST));
        gate.arrived(1, 20, now);
        assert_eq!(given(&mut gate, now), [20]);
        gate.answered(1, now);
        assert_eq!(gate.next(now), Next::Wait(now + 4 * USUAL), "the next is on its way");
        assert_eq!(given(&mut gate, now + COMING), [30], "it was the last");
        gate.answered(2, now + COMING);
        assert_eq!(gate.next(now + COMING), Next::Idle);
    }

    #[test]
    fn where_the_next_comes_fast_the_less_urgent_does_not_wait_long() {
        let (mut gate, mut now) = (Gate::new(1), Instant::now());
        gate.arrived(1, 0, now);
        for item in 1..30 {
            assert_eq!(given(&mut gate, now).len(), 1);
            gate.answered(1, now);
            now += Duration::from_millis(1);
            gate.arrived(1, item, now);
        }
        gate.arrived(2, 100, now);
        assert_eq!(given(&mut gate, now), [29]);
        gate.answered(1, now);
        assert_eq!(gate.next(now), Next::Wait(now + Duration::from_millis(4)));
        now += Duration::from_millis(20);
        gate.arrived(1, 30, now);
        assert_eq!(given(&mut gate, now), [30]);
        gate.answered(1, now);
        assert_eq!(gate.next(now), Next::Wait(now + COMING), "the broker has become slow");
    }

    #[test]
    fn what_waits_behind_long_work_is_given_back() {
        let (mut gate, now) = (Gate::new(1), Instant::now());
        for (class, item) in [(1, 20), (0, 10), (2, 30)] {
            gate.arrived(class, item, now);
        }
        assert_eq!(given(&mut gate, now), [10]);
        assert_eq!(gate.stuck(now + STUCK / 2), []);
        assert_eq!(gate.stuck(now + STUCK), [(1, 20), (2, 30)]);
        assert!(!gate.has_room());
        gate.answered(0, now);
        let now = now + STUCK;
        gate.arrived(1, 21, now);
        assert_eq!(given(&mut gate, now), [21]);
        gate.arrived(2, 31, now);
        assert_eq!(gate.stuck(now), [], "one has just been given out");
    }

    #[test]
    fn nobody_starves() {
        let (mut gate, now) = (Gate::new(1), Instant::now());
        gate.arrived(2, 1_000, now);
        let mut order = Vec::new();
        for item in 0..20 {
            gate.arrived(0, item, now);
            let Next::Give(class, item) = gate.next(now) else { panic!("something waits") };
            order.push(item);
            gate.answered(class, now);
        }
        assert_eq!(order.iter().position(|item| *item == 1_000), Some(8));
    }

    #[test]
    fn after_a_break_what_is_out_still_counts() {
        let (mut gate, now) = (Gate::new(1), Instant::now());
        gate.arrived(0, 1, now);
        gate.arrived(0, 2, now);
        assert_eq!(given(&mut gate, now), [1]);
        gate.broken();
        gate.arrived(0, 1, now);
        assert_eq!(gate.next(now), Next::Idle, "the first is still in work");
        gate.answered_late();
        assert_eq!(given(&mut gate, now), [1]);
    }
}
