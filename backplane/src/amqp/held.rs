//! What was given out and has no answer yet.

use super::{
    letter::{Death, Letter},
    publisher::{Publisher, To},
    trouble,
    wire::Handle,
};
use crate::{BackplaneError, broker::Answers};
use futures::future::BoxFuture;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout},
};

/// A message that was given out.
#[derive(Clone)]
pub(super) struct Held {
    class: usize,
    /// As it would be published again: with this delivery counted.
    letter: Letter,
    handle: Handle,
    since: Instant,
    /// A copy waits at the broker, and this delivery is answered there.
    copied: bool,
}

impl Held {
    pub(super) fn new(class: usize, letter: Letter, handle: Handle) -> Self {
        Self { class, letter, handle, since: Instant::now(), copied: false }
    }
}

/// Told to the consumer when a message is answered.
pub(super) struct Answered {
    /// The connection it came by.
    pub(super) session: u64,
    pub(super) class: usize,
    /// It was dropped without an answer and has to go back.
    pub(super) dropped: Option<Handle>,
}

/// All that is out of one session of a consumer.
pub(super) struct Hold {
    queue: String,
    session: u64,
    publisher: Arc<Publisher>,
    answered: mpsc::UnboundedSender<Answered>,
    call: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: HashMap<u64, Held>,
    next: u64,
}

impl Hold {
    pub(super) fn new(
        queue: &str,
        session: u64,
        publisher: Arc<Publisher>,
        answered: mpsc::UnboundedSender<Answered>,
        call: Duration,
    ) -> Arc<Self> {
        let queue = queue.to_owned();
        Arc::new(Self { queue, session, publisher, answered, call, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what is given out; its answers come under the tag.
    pub(super) fn take(&self, held: Held) -> u64 {
        let mut state = self.state();
        state.next += 1;
        let tag = state.next;
        state.held.insert(tag, held);
        tag
    }

    /// Whether a message is out.
    pub(super) fn has(&self, id: &str) -> bool {
        self.state().held.values().any(|held| held.letter.message.id == id)
    }

    /// The tags of what is out for longer than this.
    pub(super) fn long_held(&self, than: Duration) -> Vec<u64> {
        let state = self.state();
        let long = state.held.iter().filter(|(_, held)| !held.copied && held.since.elapsed() >= than);
        long.map(|(tag, _)| *tag).collect()
    }

    /// Leaves a copy at the broker, to come after `delay`, and answers the delivery there.
    pub(super) async fn copy(&self, tag: u64, delay: Duration) {
        let Some(held) = self.state().held.get(&tag).cloned() else { return };
        let copied = self.publisher.publish(held.letter, To::Queue(&self.queue, delay)).await;
        if let Err(error) = copied {
            return tracing::warn!(%error, "a message that is held for long is not secured yet");
        }
        if let Some(held) = self.state().held.get_mut(&tag) {
            held.copied = true;
        }
        // if it does not arrive the message comes again, which it may
        let _answered = held.handle.ack().await;
    }

    fn put_down(&self, tag: u64) -> Option<Held> {
        self.state().held.remove(&tag)
    }

    /// Its place is free.
    fn tell(&self, held: &Held, dropped: Option<Handle>) {
        let answered = Answered { session: self.session, class: held.class, dropped };
        // the consumer may be gone with all its connections
        let _told = self.answered.send(answered);
    }

    async fn done(&self, held: &Held) -> Result<(), BackplaneError> {
        if held.copied {
            return Ok(());
        }
        match timeout(self.call, held.handle.ack()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(trouble::too_late()),
            Err(_) => Err(self.publisher.link.slow()),
        }
    }

    /// Publishes it anew and answers the delivery; gives it back if that cannot be.
    async fn instead(&self, held: &Held, to: To<'_>) -> Result<(), BackplaneError> {
        let published = self.publisher.publish(held.letter.clone(), to).await;
        if published.is_err() && !held.copied {
            let _gone_back_anyway = timeout(self.call, held.handle.requeue()).await;
            return published;
        }
        if published.is_ok() {
            // if it does not arrive the message comes again, which it may
            let _answered = self.done(held).await;
        }
        published
    }
}

impl Answers for Hold {
    fn ack(&self, tag: u64) -> BoxFuture<'_, Result<(), BackplaneError>> {
        Box::pin(async move {
            let Some(held) = self.put_down(tag) else { return Ok(()) };
            let answered = self.done(&held).await;
            self.tell(&held, None);
            answered
        })
    }

    fn nack(&self, tag: u64, delay: Duration) -> BoxFuture<'_, Result<(), BackplaneError>> {
        Box::pin(async move {
            let Some(held) = self.put_down(tag) else { return Ok(()) };
            let answered = if delay.is_zero() && !held.copied {
                match timeout(self.call, held.handle.requeue()).await {
                    Ok(Ok(())) => Ok(()),
                    Ok(Err(_)) => Err(trouble::too_late()),
                    Err(_) => Err(self.publisher.link.slow()),
                }
            } else {
                self.instead(&held, To::Queue(&self.queue, delay)).await
            };
            self.tell(&held, None);
            answered
        })
    }

    fn give_up(&self, tag: u64, reason: String) -> BoxFuture<'_, Result<(), BackplaneError>> {
        Box::pin(async move {
            let Some(held) = self.put_down(tag) else { return Ok(()) };
            let death = Death { reason, at: self.publisher.now() };
            let answered = self.instead(&held, To::Dead(&self.queue, &death)).await;
            self.tell(&held, None);
            answered
        })
    }

    fn dropped(&self, tag: u64) {
        if let Some(held) = self.put_down(tag) {
            let back = (!held.copied).then(|| held.handle.clone());
            self.tell(&held, back);
        }
    }
}
