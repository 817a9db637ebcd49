//! What stands at the broker. All names begin with the prefix of the settings, here `P`.
//!
//! | name | kind | what for |
//! |---|---|---|
//! | `P.work` | direct exchange | the way into queues; the key is the queue's name |
//! | `P.Q.interactive`, `P.Q.batch`, `P.Q.heavy` | quorum queues | the queue `Q`, one for each priority; delivery limit; what is over it goes to `P.Q.dead` |
//! | `P.Q.dead` | quorum queue | what was given up of `Q`, with reason and history in the headers |
//! | `P.delay.MS` | fanout exchange and quorum queue | messages wait MS milliseconds here, then go through `P.work` to the queue named by their key |
//! | `P.events` | topic exchange | announcements |
//! | `P.listen.*` | exclusive queues | the ears of a process: one each, gone with its connection |
//!
//! Dead-lettering is `at-least-once`: nothing is lost between a queue that gives up and the one that takes.
//!
//! The least rights (`rabbitmqctl set_permissions USER CONFIGURE WRITE READ`), with `P` the prefix:
//!
//! | who | declares | configure | write | read |
//! |---|---|---|---|---|
//! | gateway or worker | yes | `^P\.` | `^P\.` | `^P\.` |
//! | gateway | no | `^P\.listen\.` | `^P\.(work\|events\|delay\.[0-9]+\|listen\..*)$` | `^P\.(events\|listen\..*\|[^.]+\.dead)$` |
//! | worker | no | `^P\.listen\.` | `^P\.(work\|events\|delay\.[0-9]+\|listen\..*)$` | `^P\.(events\|listen\..*\|[^.]+\.(interactive\|batch\|heavy\|dead))$` |
//!
//! A gateway that also works needs the rights of a worker.

use super::{
    AmqpSettings,
    age::Ages,
    link::Up,
    wire::{Channel, Declare, Fault, Passing, Value},
};
use crate::{BackplaneError, Priority};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// All priorities, the most urgent first.
pub(super) const PRIORITIES: [Priority; 3] = [Priority::Interactive, Priority::Batch, Priority::Heavy];

/// How long messages can wait, ms: other times are rounded up to the next of these, longer ones go round
/// the last again.
pub(super) const STEPS: [u64; 16] = [
    100, 250, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000,
    3_600_000, 21_600_000,
];

/// Dead letters are looked at by taking and giving back, which counts as deliveries: as often as one likes.
const LOOKS: i64 = 1_000_000_000;

/// The step for a delay, and what of the delay is left after it.
pub(super) fn step(delay: Duration) -> (u64, Duration) {
    let wanted = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX).max(1);
    let last = STEPS.last().copied().unwrap_or(wanted);
    let step = STEPS.into_iter().find(|step| *step >= wanted).unwrap_or(last);
    (step, Duration::from_millis(wanted.saturating_sub(step)))
}

/// Names at the broker, and what of them is known to stand.
pub(super) struct Topology {
    prefix: String,
    declare: bool,
    delivery_limit: u32,
    ages: Arc<Ages>,
    /// What stands, as of the connection of this number.
    known: Mutex<(u64, HashSet<String>)>,
}

impl Topology {
    pub(super) fn new(settings: &AmqpSettings, ages: Arc<Ages>) -> Self {
        Self {
            ages,
            prefix: settings.prefix.clone(),
            declare: settings.declare,
            delivery_limit: settings.delivery_limit,
            known: Mutex::default(),
        }
    }

    pub(super) fn work(&self) -> String {
        format!("{}.work", self.prefix)
    }

    pub(super) fn events(&self) -> String {
        format!("{}.events", self.prefix)
    }

    pub(super) fn class(&self, queue: &str, priority: Priority) -> String {
        let class = match priority {
            Priority::Interactive => "interactive",
            Priority::Batch => "batch",
            Priority::Heavy => "heavy",
        };
        format!("{}.{queue}.{class}", self.prefix)
    }

    pub(super) fn dead(&self, queue: &str) -> String {
        format!("{}.{queue}.dead", self.prefix)
    }

    pub(super) fn delay(&self, step: u64) -> String {
        format!("{}.delay.{step}", self.prefix)
    }

    pub(super) fn ears(&self, id: &str) -> String {
        format!("{}.listen.{id}", self.prefix)
    }

    /// Forgets what is known to stand: something was missing.
    pub(super) fn forget(&self) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Default::default();
    }

    fn is_known(&self, up: &Up, name: &str) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.0 == up.number && known.1.contains(name)
    }

    fn note(&self, up: &Up, name: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0 != up.number {
            *known = (up.number, HashSet::new());
        }
        known.1.insert(name.to_owned());
    }

    /// Sees to it that a queue stands, with all that belongs to it.
    pub(super) async fn queue(&self, up: &Up, queue: &str) -> Result<(), Fault> {
        if self.is_known(up, queue) {
            return Ok(());
        }
        let channel = up.connection.channel(false).await?;
        channel.exchange(&self.work(), Passing::ByKey, !self.declare).await?;
        let dead = self.dead(queue);
        self.stands(&channel, &dead, &[("x-delivery-limit", Value::Int(LOOKS))]).await?;
        let limit = Value::Int(i64::from(self.delivery_limit));
        let over = Value::Text(dead);
        for priority in PRIORITIES {
            let arguments =
                [("x-delivery-limit", limit.clone()), ("x-dead-letter-routing-key", over.clone())];
            let name = self.class(queue, priority);
            let waiting = self.stands(&channel, &name, &self.passed_on(&arguments)).await?;
            self.ages.seen(&name, waiting);
        }
        self.note(up, queue);
        channel.close().await;
        Ok(())
    }

    /// Sees to it that the queue of a delay stands; gives its name.
    pub(super) async fn delay_queue(&self, up: &Up, step: u64) -> Result<String, Fault> {
        let name = self.delay(step);
        if self.is_known(up, &name) {
            return Ok(name);
        }
        let channel = up.connection.channel(false).await?;
        channel.exchange(&self.work(), Passing::ByKey, !self.declare).await?;
        channel.exchange(&name, Passing::ToAll, !self.declare).await?;
        let time = Value::Int(i64::try_from(step).unwrap_or(i64::MAX));
        self.made(&channel, &name, &self.passed_on(&[("x-message-ttl", time)])).await?;
        if self.declare {
            channel.bind(&name, &name, "").await?;
        }
        self.note(up, &name);
        channel.close().await;
        Ok(name)
    }

    /// The arguments of a queue that passes on what leaves it without being done.
    fn passed_on(&self, arguments: &[(&'static str, Value)]) -> Vec<(&'static str, Value)> {
        let text = |text: &str| Value::Text(text.to_owned());
        let mut all = vec![
            ("x-dead-letter-exchange", Value::Text(self.work())),
            ("x-dead-letter-strategy", text("at-least-once")),
            // at-least-once asks for it
            ("x-overflow", text("reject-publish")),
        ];
        all.extend_from_slice(arguments);
        all
    }

    /// A queue that the work exchange reaches under its name.
    async fn stands(&self, channel: &Channel, name: &str, arguments: &[(&str, Value)]) -> Result<u32, Fault> {
        let waiting = self.made(channel, name, arguments).await?;
        if self.declare {
            channel.bind(name, &self.work(), name).await?;
        }
        Ok(waiting)
    }

    /// Makes a queue; says how many messages wait in it.
    async fn made(&self, channel: &Channel, name: &str, arguments: &[(&str, Value)]) -> Result<u32, Fault> {
        let mut all = vec![("x-queue-type", Value::Text("quorum".to_owned()))];
        all.extend_from_slice(arguments);
        let how = if self.declare { Declare::Durable } else { Declare::Look };
        channel.queue(name, how, &all).await
    }

    /// Sees to it that the exchange of events stands.
    pub(super) async fn events_exchange(&self, channel: &Channel) -> Result<(), Fault> {
        channel.exchange(&self.events(), Passing::ByTopic, !self.declare).await
    }
}

/// The error of a queue's name that cannot be used, if it cannot.
pub(super) fn checked(queue: &str) -> Result<(), BackplaneError> {
    let fits = !queue.is_empty()
        && queue.len() <= 100
        && queue.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter));
    if fits && !["delay", "listen"].contains(&queue) {
        return Ok(());
    }
    Err(BackplaneError::new(
        crate::Trouble::Refused,
        bus_core::msg!("`{queue}` cannot be the name of a queue", queue = queue),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_rounded_up() {
        for (asked, expected, left) in [
            (0, 100, 0),
            (100, 100, 0),
            (101, 250, 0),
            (61_000, 120_000, 0),
            (21_600_000, 21_600_000, 0),
            (21_600_001, 21_600_000, 1),
        ] {
            let found = step(Duration::from_millis(asked));
            assert_eq!(found, (expected, Duration::from_millis(left)), "{asked}");
        }
    }

    #[test]
    fn names_stay_within_their_patterns() {
        assert_eq!(checked("tasks"), Ok(()));
        assert_eq!(checked("tasks-gpu_1"), Ok(()));
        for name in ["", "a.b", "delay", "listen", "é"] {
            assert!(checked(name).is_err(), "{name}");
        }
    }
}
