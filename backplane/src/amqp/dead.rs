//! Dead letters: looked at by taking them and giving them back, one look at a time.

use super::{
    letter::Letter,
    link::{Link, Up},
    publisher::{Publisher, To},
    topology::Topology,
    wire::{Channel, Declare, Fault, Incoming, Received},
};
use crate::{BackplaneError, DeadLetter, Message, Trouble};
use bus_core::msg;
use futures::StreamExt;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep, timeout},
};

/// Dead letters read in one look at most.
const MOST: usize = 10_000;
/// When nothing has come for so long, that was all.
const SILENCE: Duration = Duration::from_millis(500);
/// What was given back is waited for, this often and at most for [`SILENCE`].
const BACK: Duration = Duration::from_millis(5);
/// The name of the look at the broker.
const TAG: &str = "look";

/// The dead letters.
pub(super) struct Dead {
    pub(super) link: Arc<Link>,
    pub(super) publisher: Arc<Publisher>,
    pub(super) topology: Arc<Topology>,
    pub(super) call: Duration,
    pub(super) look: Mutex<()>,
}

/// A look at the dead letters of a queue: what was taken has to be given back.
struct Look {
    channel: Channel,
    name: String,
    waiting: usize,
    incoming: Incoming,
}

impl Dead {
    pub(super) async fn list(&self, queue: &str, limit: usize) -> Result<Vec<DeadLetter>, BackplaneError> {
        let _alone = self.look.lock().await;
        let up = self.link.up(Instant::now() + self.call).await?;
        let looking = async {
            let Some(mut look) = self.begin(&up, queue).await? else { return Ok(Vec::new()) };
            let taken = look.take(|_| false).await?;
            let mut letters: Vec<_> = taken.iter().map(|taken| Letter::read_dead(&taken.envelope)).collect();
            look.give_back(0).await?;
            // what was given back does not keep its place
            letters.sort_by_key(|letter| letter.at);
            letters.truncate(limit);
            Ok(letters)
        };
        self.in_time(&up, looking).await
    }

    pub(super) async fn bury(&self, queue: &str, id: &str, again: bool) -> Result<(), BackplaneError> {
        let _alone = self.look.lock().await;
        let up = self.link.up(Instant::now() + self.call).await?;
        let looking = async {
            let Some(mut look) = self.begin(&up, queue).await? else { return Ok(None) };
            let mut taken = look.take(|taken| taken.envelope.id == id).await?;
            let found = taken.last().is_some_and(|last| last.envelope.id == id);
            let Some(found) = found.then(|| taken.pop()).flatten() else {
                look.give_back(0).await?;
                return Ok(None);
            };
            let message = Letter::read_dead(&found.envelope).message;
            let published = if again { self.again(queue, message).await } else { Ok(()) };
            if published.is_ok() {
                found.handle.ack().await?;
            }
            look.give_back(usize::from(published.is_ok())).await?;
            Ok(Some(published))
        };
        match self.in_time(&up, looking).await? {
            Some(published) => published,
            None => {
                Err(BackplaneError::new(Trouble::Refused, msg!("there is no dead letter `{id}`", id = id)))
            }
        }
    }

    /// It goes its way as if it were new.
    async fn again(&self, queue: &str, message: Message) -> Result<(), BackplaneError> {
        let letter = Letter::new(message, self.publisher.now());
        self.publisher.publish(letter, To::Queue(queue, Duration::ZERO)).await
    }

    async fn in_time<R>(
        &self,
        up: &Up,
        looking: impl Future<Output = Result<R, Fault>>,
    ) -> Result<R, BackplaneError> {
        match timeout(self.call * 3, looking).await {
            Ok(seen) => seen.map_err(|fault| self.link.told(&fault)),
            Err(_) => {
                up.suspect();
                Err(self.link.slow())
            }
        }
    }

    /// Begins to look, if there is something to see.
    async fn begin(&self, up: &Up, queue: &str) -> Result<Option<Look>, Fault> {
        self.topology.queue(up, queue).await?;
        let channel = up.connection.channel(false).await?;
        let name = self.topology.dead(queue);
        let waiting = channel.queue(&name, Declare::Look, &[]).await? as usize;
        if waiting == 0 {
            channel.close().await;
            return Ok(None);
        }
        let prefetch = u16::try_from(waiting.min(MOST)).unwrap_or(u16::MAX);
        let incoming = channel.consume(&name, TAG, prefetch).await?;
        Ok(Some(Look { channel, name, waiting, incoming }))
    }
}

impl Look {
    /// Takes letters, oldest first, until one is the last or there are no more.
    async fn take(&mut self, is_last: impl Fn(&Received) -> bool) -> Result<Vec<Received>, Fault> {
        let mut taken = Vec::new();
        let all = self.waiting.min(MOST);
        while taken.len() < all {
            match timeout(SILENCE, self.incoming.next()).await {
                Ok(Some(Ok(received))) => {
                    let last = is_last(&received);
                    taken.push(received);
                    if last {
                        break;
                    }
                }
                Ok(Some(Err(fault))) => return Err(fault),
                Ok(None) | Err(_) => break,
            }
        }
        Ok(taken)
    }

    /// Gives back what was taken and waits until it is there again; `gone` of them are not.
    async fn give_back(self, gone: usize) -> Result<(), Fault> {
        self.channel.cancel(TAG).await?;
        self.channel.requeue_all().await?;
        let until = Instant::now() + SILENCE;
        while Instant::now() < until {
            let waiting = self.channel.queue(&self.name, Declare::Look, &[]).await? as usize;
            if waiting + gone >= self.waiting {
                break;
            }
            sleep(BACK).await;
        }
        self.channel.close().await;
        Ok(())
    }
}
