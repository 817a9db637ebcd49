use crate::{BackplaneError, Pattern};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// How urgent a message is. Within a queue, the more urgent ones are delivered first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Somebody is waiting: previews, runs started by hand.
    Interactive,
    /// Scheduled work.
    #[default]
    Batch,
    /// Large work that may wait for a quiet moment.
    Heavy,
}

/// What is put into a queue. Small: data goes to the store as chunks, messages carry their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Tells messages apart, also when one is published twice.
    pub id: String,
    /// The version of the body's form, so that a rolling upgrade may run two.
    pub version: u16,
    /// How urgent it is.
    #[serde(default)]
    pub priority: Priority,
    /// The body.
    pub body: Vec<u8>,
}

/// Messages to one, events to many.
///
/// Delivery is at least once. A queue exists as soon as it is named.
pub trait Broker: Send + Sync {
    /// Puts a message into a queue, to be delivered not before `delay` has passed. It will not be lost
    /// once this returns.
    fn publish<'a>(
        &'a self,
        queue: &'a str,
        message: Message,
        delay: Duration,
    ) -> BoxFuture<'a, Result<(), BackplaneError>>;

    /// Takes messages from a queue, at most `prefetch` at a time without an answer.
    fn consume<'a>(
        &'a self,
        queue: &'a str,
        prefetch: u16,
    ) -> BoxFuture<'a, Result<Consumer, BackplaneError>>;

    /// Tells everybody who listens now. Nothing is kept: events are for watching, not for working.
    fn announce<'a>(&'a self, topic: &'a str, body: Vec<u8>) -> BoxFuture<'a, Result<(), BackplaneError>>;

    /// Hears what is announced on topics of a pattern, from now on.
    fn listen<'a>(&'a self, pattern: Pattern) -> BoxFuture<'a, Result<Listener, BackplaneError>>;

    /// How many messages wait in a queue, and how long the oldest has, in seconds.
    fn depth<'a>(&'a self, queue: &'a str) -> BoxFuture<'a, Result<(u64, f64), BackplaneError>>;

    /// The messages of a queue that were given up, oldest first, at most `limit`.
    fn dead_letters<'a>(
        &'a self,
        queue: &'a str,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<DeadLetter>, BackplaneError>>;

    /// Puts a dead letter back into its queue (`true`) or drops it (`false`).
    fn bury<'a>(
        &'a self,
        queue: &'a str,
        id: &'a str,
        again: bool,
    ) -> BoxFuture<'a, Result<(), BackplaneError>>;
}

/// A message that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The message.
    pub message: Message,
    /// Why it was given up.
    pub reason: String,
    /// How often it was delivered.
    pub attempts: u32,
    /// When it was given up, ms since the Unix epoch.
    pub at: i64,
}

/// The deliveries of one consumer. Dropping it gives back what has no answer yet.
#[derive(Debug)]
pub struct Consumer {
    deliveries: mpsc::Receiver<Delivery>,
}

impl Consumer {
    /// A consumer of what comes through this channel.
    #[must_use]
    pub const fn new(deliveries: mpsc::Receiver<Delivery>) -> Self {
        Self { deliveries }
    }

    /// The next delivery; `None` when the broker has gone away.
    pub async fn next(&mut self) -> Option<Delivery> {
        self.deliveries.recv().await
    }
}

/// A message in the hands of a consumer, to be answered once. Dropped without an answer it goes back.
pub struct Delivery {
    /// The message.
    pub message: Message,
    /// The how-manieth delivery this is, from 1.
    pub attempt: u32,
    answer: Option<Arc<dyn Answers>>,
    tag: u64,
}

/// Takes the answers of deliveries; what an adapter implements.
pub trait Answers: Send + Sync {
    /// The message is done.
    fn ack(&self, tag: u64) -> BoxFuture<'_, Result<(), BackplaneError>>;
    /// The message is to come again after a while.
    fn nack(&self, tag: u64, delay: Duration) -> BoxFuture<'_, Result<(), BackplaneError>>;
    /// The message is given up.
    fn give_up(&self, tag: u64, reason: String) -> BoxFuture<'_, Result<(), BackplaneError>>;
    /// The delivery was dropped without an answer.
    fn dropped(&self, tag: u64);
}

impl Delivery {
    /// A delivery whose answer goes to `answer` under `tag`.
    #[must_use]
    pub fn new(message: Message, attempt: u32, answer: Arc<dyn Answers>, tag: u64) -> Self {
        Self { message, attempt, answer: Some(answer), tag }
    }

    /// The work is done and saved: the message will not come again.
    ///
    /// # Errors
    /// If the broker is away: the message will come again.
    pub async fn ack(mut self) -> Result<(), BackplaneError> {
        match self.answer.take() {
            Some(answer) => answer.ack(self.tag).await,
            None => Ok(()),
        }
    }

    /// Not now: the message comes again after `delay`.
    ///
    /// # Errors
    /// If the broker is away: the message will come again, perhaps earlier.
    pub async fn nack(mut self, delay: Duration) -> Result<(), BackplaneError> {
        match self.answer.take() {
            Some(answer) => answer.nack(self.tag, delay).await,
            None => Ok(()),
        }
    }

    /// Never: the message becomes a dead letter.
    ///
    /// # Errors
    /// If the broker is away: the message will come again.
    pub async fn give_up(mut self, reason: impl Into<String> + Send) -> Result<(), BackplaneError> {
        match self.answer.take() {
            Some(answer) => answer.give_up(self.tag, reason.into()).await,
            None => Ok(()),
        }
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if let Some(answer) = self.answer.take() {
            answer.dropped(self.tag);
        }
    }
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Delivery")
            .field("message", &self.message.id)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// Something announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Its topic, such as `run.<workflow>.<run>.<step>`.
    pub topic: Arc<str>,
    /// Its body.
    pub body: Arc<[u8]>,
}

/// What is heard on a pattern of topics.
#[derive(Debug)]
pub struct Listener {
    announcements: mpsc::Receiver<Announcement>,
}

impl Listener {
    /// A listener to what comes through this channel.
    #[must_use]
    pub const fn new(announcements: mpsc::Receiver<Announcement>) -> Self {
        Self { announcements }
    }

    /// The next announcement; `None` when the broker has gone away, or when this listener was too slow
    /// and has been dropped: read the state from the store and listen again.
    pub async fn next(&mut self) -> Option<Announcement> {
        self.announcements.recv().await
    }
}
