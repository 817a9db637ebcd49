//! All queues: what stands on disk, and the delivery of it.

use super::{
    Clock, DEAD, MESSAGES,
    base::Base,
    failed,
    queue::{Number, Queue, Waiting},
    writer::{Writer, Written},
};
use crate::{BackplaneError, Consumer, DeadLetter, Delivery, Message, Trouble, broker::Answers};
use bus_core::msg;
use futures::future::BoxFuture;
use redb::{ReadableTable, WriteTransaction};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc},
    task::JoinSet,
};

/// Everything there is about queues.
pub(super) struct Queues {
    database: Arc<Base>,
    writer: Writer,
    clock: Clock,
    next: AtomicU64,
    state: Mutex<HashMap<Arc<str>, Open>>,
    /// Wakes the timer: something is due earlier than it thought.
    earlier: Arc<Notify>,
    timer: Mutex<JoinSet<()>>,
    own: Weak<Self>,
}

#[derive(Default)]
struct Open {
    queue: Queue,
    senders: HashMap<u64, mpsc::Sender<Delivery>>,
}

/// A message as it stands on disk.
#[derive(Serialize, Deserialize)]
struct Stored {
    message: Message,
    due: i64,
    since: i64,
    attempts: u32,
}

impl Queues {
    /// Reads what stands on disk: everything without an answer waits again.
    pub(super) fn open(database: &Arc<Base>, writer: Writer, clock: Clock) -> Result<Arc<Self>, redb::Error> {
        let mut state: HashMap<Arc<str>, Open> = HashMap::new();
        let (mut last, now) = (0, clock());
        for entry in database.begin_read()?.open_table(MESSAGES)?.iter()? {
            let (key, value) = entry?;
            let ((name, number), Some(stored)) = (key.value(), decode(value.value())) else { continue };
            last = last.max(number);
            let waiting =
                Waiting { priority: stored.message.priority, since: stored.since, attempts: stored.attempts };
            state.entry(name.into()).or_default().queue.add(number, waiting, stored.due, now);
        }
        for entry in database.begin_read()?.open_table(DEAD)?.iter()? {
            last = last.max(entry?.0.value().1);
        }
        let queues = Arc::new_cyclic(|own| Self {
            database: Arc::clone(database),
            writer,
            clock,
            next: AtomicU64::new(last + 1),
            state: Mutex::new(state),
            earlier: Arc::default(),
            timer: Mutex::new(JoinSet::new()),
            own: Weak::clone(own),
        });
        let weak = Arc::downgrade(&queues);
        queues.timer.lock().unwrap_or_else(PoisonError::into_inner).spawn(ripen(weak));
        Ok(queues)
    }

    fn state(&self) -> MutexGuard<'_, HashMap<Arc<str>, Open>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn publish(
        &self,
        queue: &str,
        message: Message,
        delay: Duration,
    ) -> Result<(), BackplaneError> {
        let now = (self.clock)();
        let number = self.next.fetch_add(1, Relaxed);
        let due = later(now, delay);
        let waiting = Waiting { priority: message.priority, since: now, attempts: 0 };
        let stored = encode(&Stored { message, due, since: now, attempts: 0 });
        let name: Arc<str> = queue.into();
        let key = Arc::clone(&name);
        let write = move |transaction: &WriteTransaction| -> Written<()> {
            transaction.open_table(MESSAGES)?.insert((&*key, number), stored.as_slice())?;
            Ok(Ok(()))
        };
        self.writer.write(write).await?;
        self.state().entry(Arc::clone(&name)).or_default().queue.add(number, waiting, due, now);
        if due > now {
            self.earlier.notify_one();
        }
        self.dispatch(&name);
        Ok(())
    }

    pub(super) fn consume(&self, queue: &str, prefetch: u16) -> Consumer {
        let (sender, deliveries) = mpsc::channel(usize::from(prefetch.max(1)));
        let name: Arc<str> = queue.into();
        let id = self.next.fetch_add(1, Relaxed);
        let mut state = self.state();
        let open = state.entry(Arc::clone(&name)).or_default();
        open.queue.join(id, prefetch);
        open.senders.insert(id, sender);
        drop(state);
        self.dispatch(&name);
        Consumer::new(deliveries)
    }

    /// Hands out what can be handed out.
    fn dispatch(&self, name: &Arc<str>) {
        let mut returned = Vec::new();
        let mut state = self.state();
        let Some(open) = state.get_mut(name) else { return };
        let gone: Vec<u64> =
            open.senders.iter().filter(|(_, sender)| sender.is_closed()).map(|(id, _)| *id).collect();
        for id in gone {
            open.senders.remove(&id);
            open.queue.leave(id);
        }
        while let Some((number, attempt, consumer)) = open.queue.deliver() {
            let Ok(Some(stored)) = self.load(name, number) else {
                // taken off the disk meanwhile, or unreadable: it cannot be delivered
                open.queue.back(number);
                open.queue.remove(number);
                continue;
            };
            self.count(name, number, attempt);
            let delivery = Delivery::new(stored.message, attempt, self.answers(name), number);
            let sent = open.senders.get(&consumer).map(|sender| sender.try_send(delivery));
            if let Some(Err(refused)) = sent {
                // its Drop wants the lock that is held here
                returned.push(refused.into_inner());
                open.senders.remove(&consumer);
                open.queue.leave(consumer);
            }
        }
        drop(state);
        drop(returned);
    }

    fn answers(&self, name: &Arc<str>) -> Arc<dyn Answers> {
        Arc::new(QueueAnswers { queues: Weak::clone(&self.own), name: Arc::clone(name) })
    }

    fn load(&self, name: &str, number: Number) -> Result<Option<Stored>, redb::Error> {
        let table = self.database.begin_read()?.open_table(MESSAGES)?;
        Ok(table.get((name, number))?.and_then(|stored| decode(stored.value())))
    }

    /// Notes an attempt on disk, without waiting: a message that kills the process is counted too.
    fn count(&self, name: &Arc<str>, number: Number, attempts: u32) {
        let name = Arc::clone(name);
        let _uncounted = self.writer.write(move |transaction: &WriteTransaction| {
            change(transaction, &name, number, |stored| stored.attempts = attempts)
        });
    }

    pub(super) fn depth(&self, queue: &str) -> (u64, f64) {
        let (count, since) = self.state().get(queue).map_or((0, None), |open| open.queue.depth());
        #[expect(clippy::cast_precision_loss, reason = "an age in seconds")]
        let age = since.map_or(0.0, |since| ((self.clock)() - since).max(0) as f64 / 1_000.0);
        (count, age)
    }

    pub(super) fn dead_letters(&self, queue: &str, limit: usize) -> Result<Vec<DeadLetter>, redb::Error> {
        let table = self.database.begin_read()?.open_table(DEAD)?;
        let range = table.range((queue, 0)..=(queue, u64::MAX))?.take(limit);
        let letters = range.map(|entry| Ok(serde_json::from_slice(entry?.1.value()).ok()));
        letters.filter_map(Result::transpose).collect()
    }

    pub(super) async fn bury(&self, queue: &str, id: &str, again: bool) -> Result<(), BackplaneError> {
        let (name, wanted) = (queue.to_owned(), id.to_owned());
        let find = move |transaction: &WriteTransaction| -> Written<Option<Message>> {
            let mut dead = transaction.open_table(DEAD)?;
            let mut found = None;
            for entry in dead.range((name.as_str(), 0)..=(name.as_str(), u64::MAX))? {
                let (key, value) = entry?;
                let letter = serde_json::from_slice::<DeadLetter>(value.value()).ok();
                if let Some(letter) = letter.filter(|letter| letter.message.id == wanted) {
                    found = Some((key.value().1, letter.message));
                    break;
                }
            }
            let Some((number, message)) = found else { return Ok(Ok(None)) };
            dead.remove((name.as_str(), number))?;
            Ok(Ok(Some(message)))
        };
        let Some(message) = self.writer.write(find).await? else {
            return Err(BackplaneError::new(
                Trouble::Refused,
                msg!("there is no dead letter `{id}`", id = id),
            ));
        };
        if again { self.publish(queue, message, Duration::ZERO).await } else { Ok(()) }
    }

    async fn ack(&self, name: &Arc<str>, number: Number) -> Result<(), BackplaneError> {
        let key = Arc::clone(name);
        let write = move |transaction: &WriteTransaction| -> Written<()> {
            transaction.open_table(MESSAGES)?.remove((&*key, number))?;
            Ok(Ok(()))
        };
        let written = self.writer.write(write).await;
        self.settle(name, number, |open, now| match &written {
            Ok(()) => drop(open.queue.remove(number)),
            Err(_) => open.queue.again(number, now, now),
        });
        written
    }

    async fn nack(&self, name: &Arc<str>, number: Number, delay: Duration) -> Result<(), BackplaneError> {
        let due = later((self.clock)(), delay);
        let key = Arc::clone(name);
        let write = move |transaction: &WriteTransaction| {
            change(transaction, &key, number, |stored| stored.due = due)
        };
        let written = self.writer.write(write).await;
        self.settle(name, number, |open, now| open.queue.again(number, due, now));
        self.earlier.notify_one();
        written
    }

    async fn give_up(&self, name: &Arc<str>, number: Number, reason: String) -> Result<(), BackplaneError> {
        let (key, at) = (Arc::clone(name), (self.clock)());
        let write = move |transaction: &WriteTransaction| -> Written<()> {
            let removed = transaction
                .open_table(MESSAGES)?
                .remove((&*key, number))?
                .and_then(|stored| decode(stored.value()));
            if let Some(Stored { message, attempts, .. }) = removed {
                let letter = serde_json::json!(DeadLetter { message, reason, attempts, at }).to_string();
                transaction.open_table(DEAD)?.insert((&*key, number), letter.as_bytes())?;
            }
            Ok(Ok(()))
        };
        let written = self.writer.write(write).await;
        self.settle(name, number, |open, now| match &written {
            Ok(()) => drop(open.queue.remove(number)),
            Err(_) => open.queue.again(number, now, now),
        });
        written
    }

    /// Takes a message back from its consumer, decides what becomes of it, and hands out what follows.
    fn settle(&self, name: &Arc<str>, number: Number, decide: impl FnOnce(&mut Open, i64)) {
        let now = (self.clock)();
        let mut state = self.state();
        if let Some(open) = state.get_mut(name)
            && open.queue.back(number)
        {
            decide(open, now);
        }
        drop(state);
        self.dispatch(name);
    }

    /// Makes ready what is due, and says when the next message is, ms.
    fn ripen(&self) -> Option<i64> {
        let now = (self.clock)();
        let mut state = self.state();
        for open in state.values_mut() {
            open.queue.ripen(now);
        }
        let names: Vec<_> = state.keys().cloned().collect();
        let next = state.values().filter_map(|open| open.queue.next_due()).min();
        drop(state);
        names.iter().for_each(|name| self.dispatch(name));
        next
    }
}

/// Waits for what is due and delivers it, as long as there are queues.
async fn ripen(queues: Weak<Queues>) {
    loop {
        let Some(held) = queues.upgrade() else { return };
        let next = held.ripen();
        let wait = next.map_or(IDLE, |due| {
            let left = due.saturating_sub((held.clock)()).max(1);
            Duration::from_millis(left.unsigned_abs()).min(IDLE)
        });
        let earlier = Arc::clone(&held.earlier);
        // not kept while waiting: dropping the last handle closes the store
        drop(held);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = earlier.notified() => {}
        }
    }
}

/// The timer looks again after this time at the latest: clocks jump.
const IDLE: Duration = Duration::from_secs(5);

fn later(now: i64, delay: Duration) -> i64 {
    now.saturating_add(i64::try_from(delay.as_millis()).unwrap_or(i64::MAX))
}

/// Changes a message on disk, if it is still there.
fn change(
    transaction: &WriteTransaction,
    name: &str,
    number: Number,
    with: impl FnOnce(&mut Stored),
) -> Written<()> {
    let mut messages = transaction.open_table(MESSAGES)?;
    let known = messages.get((name, number))?.and_then(|stored| decode(stored.value()));
    if let Some(mut stored) = known {
        with(&mut stored);
        messages.insert((name, number), encode(&stored).as_slice())?;
    }
    Ok(Ok(()))
}

/// A header of JSON behind its length (4 bytes, little endian), then the body as it is.
fn encode(stored: &Stored) -> Vec<u8> {
    let head = Message { body: Vec::new(), ..stored.message.clone() };
    let head = serde_json::json!(Stored { message: head, ..*stored }).to_string();
    let mut bytes = u32::try_from(head.len()).unwrap_or(0).to_le_bytes().to_vec();
    bytes.extend_from_slice(head.as_bytes());
    bytes.extend_from_slice(&stored.message.body);
    bytes
}

fn decode(bytes: &[u8]) -> Option<Stored> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (head, body) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let mut stored: Stored = serde_json::from_slice(head).ok()?;
    stored.message.body = body.to_vec();
    Some(stored)
}

struct QueueAnswers {
    queues: Weak<Queues>,
    name: Arc<str>,
}

impl Answers for QueueAnswers {
    fn ack(&self, tag: u64) -> BoxFuture<'_, Result<(), BackplaneError>> {
        Box::pin(async move {
            match self.queues.upgrade() {
                Some(queues) => queues.ack(&self.name, tag).await,
                None => Err(failed(&std::io::Error::other("closed"))),
            }
        })
    }

    fn nack(&self, tag: u64, delay: Duration) -> BoxFuture<'_, Result<(), BackplaneError>> {
        Box::pin(async move {
            match self.queues.upgrade() {
                Some(queues) => queues.nack(&self.name, tag, delay).await,
                None => Ok(()),
            }
        })
    }

    fn give_up(&self, tag: u64, reason: String) -> BoxFuture<'_, Result<(), BackplaneError>> {
        Box::pin(async move {
            match self.queues.upgrade() {
                Some(queues) => queues.give_up(&self.name, tag, reason).await,
                None => Ok(()),
            }
        })
    }

    fn dropped(&self, tag: u64) {
        if let Some(queues) = self.queues.upgrade() {
            queues.settle(&self.name, tag, |open, now| open.queue.again(tag, now, now));
        }
    }
}
