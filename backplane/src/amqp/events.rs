//! Announcements: one queue for each process, passed on to all who listen in it.

use super::{
    age::Ages,
    link::{Link, Up},
    publisher::{EVENT, HEAD},
    topology::Topology,
    wire::{Channel, Declare, Fault, Incoming, Received, Value},
};
use crate::{Announcement, BackplaneError, Listener, Pattern};
use futures::StreamExt;
use std::{
    collections::HashSet,
    hash::{BuildHasher, Hasher, RandomState},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};

/// What a listener may be behind by; a slower one is dropped and has to start again from the store.
const BEHIND: usize = 1_024;
/// What the process may be behind by at the broker, before the oldest are dropped there.
const BEHIND_THERE: i64 = 100_000;
/// Patterns of one first word that are asked for one by one; then all of that word are.
const SINGLY: usize = 8;
/// The pause before the ears are set up again.
const PAUSE: Duration = Duration::from_millis(100);
/// How often the connection is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// Somebody wants to listen.
pub(super) struct Wish {
    pub(super) pattern: Pattern,
    pub(super) reply: oneshot::Sender<Result<Listener, BackplaneError>>,
}

/// Hears for the whole process.
pub(super) struct Ears {
    pub(super) link: Arc<Link>,
    pub(super) topology: Arc<Topology>,
    pub(super) ages: Arc<Ages>,
    pub(super) call: Duration,
}

/// What listens, as long as one connection stands.
struct Session {
    up: Arc<Up>,
    channel: Channel,
    queue: String,
    incoming: Incoming,
    bound: HashSet<String>,
    listeners: Vec<(Pattern, mpsc::Sender<Announcement>)>,
}

impl Ears {
    /// Hears until nobody can wish any more. A broken connection lets all listeners go: they have missed
    /// something and begin again.
    pub(super) async fn run(self, mut wishes: mpsc::Receiver<Wish>) {
        loop {
            let error = match self.begin().await {
                Ok(session) => match self.hear(session, &mut wishes).await {
                    Some(error) => error,
                    None => return,
                },
                Err(error) => error,
            };
            while let Ok(wish) = wishes.try_recv() {
                // whoever wished may have gone
                let _told = wish.reply.send(Err(error.clone()));
            }
            if wishes.is_closed() {
                return;
            }
            tracing::debug!(%error, "announcements are heard again as soon as that can be");
            sleep(PAUSE).await;
        }
    }

    async fn begin(&self) -> Result<Session, BackplaneError> {
        let up = self.link.up(Instant::now() + self.call).await?;
        match timeout(self.call, self.set_up(&up)).await {
            Ok(session) => session.map_err(|fault| self.link.told(&fault)),
            Err(_) => {
                up.suspect();
                Err(self.link.slow())
            }
        }
    }

    async fn set_up(&self, up: &Arc<Up>) -> Result<Session, Fault> {
        let channel = up.connection.channel(false).await?;
        self.topology.events_exchange(&channel).await?;
        let queue = self.topology.ears(&format!("{:016x}", RandomState::new().build_hasher().finish()));
        channel.queue(&queue, Declare::Own, &[("x-max-length", Value::Int(BEHIND_THERE))]).await?;
        let incoming = channel.consume(&queue, "ears", 0).await?;
        let mut session = Session {
            up: Arc::clone(up),
            channel,
            queue,
            incoming,
            bound: HashSet::new(),
            listeners: Vec::new(),
        };
        self.bind(&mut session, HEAD.to_owned()).await?;
        Ok(session)
    }

    /// Passes on what comes; gives the error that ended it, or nothing if nobody can wish any more.
    async fn hear(&self, mut session: Session, wishes: &mut mpsc::Receiver<Wish>) -> Option<BackplaneError> {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                item = session.incoming.next() => match item {
                    Some(Ok(received)) => self.heard(&mut session, received),
                    Some(Err(fault)) => return Some(self.link.told(&fault)),
                    None => return Some(self.link.told(&Fault::Gone("cancelled".to_owned()))),
                },
                wish = wishes.recv() => {
                    let Wish { pattern, reply } = wish?;
                    match timeout(self.call, self.listen(&mut session, pattern)).await {
                        Ok(Ok(listener)) => drop(reply.send(Ok(listener))),
                        failed => {
                            let error = match failed {
                                Ok(Err(fault)) => self.link.told(&fault),
                                _ => self.link.slow(),
                            };
                            drop(reply.send(Err(error.clone())));
                            return Some(error);
                        }
                    }
                }
                _ = looks.tick() => if !session.up.is_up() {
                    return Some(self.link.told(&Fault::Gone("-".to_owned())));
                },
            }
        }
    }

    async fn listen(&self, session: &mut Session, pattern: Pattern) -> Result<Listener, Fault> {
        let text = pattern.text();
        let word = text.split('.').next().unwrap_or_default();
        let wide = if ["#", "*"].contains(&word) { "#".to_owned() } else { format!("{word}.#") };
        let covered = ["#", wide.as_str(), text.as_str()].iter().any(|key| session.bound.contains(*key));
        if !covered {
            let alike = session.bound.iter().filter(|key| key.split('.').next() == Some(word)).count();
            self.bind(session, if alike < SINGLY { text } else { wide }).await?;
        }
        session.listeners.retain(|(_, sender)| !sender.is_closed());
        let (sender, announcements) = mpsc::channel(BEHIND);
        session.listeners.push((pattern, sender));
        Ok(Listener::new(announcements))
    }

    async fn bind(&self, session: &mut Session, key: String) -> Result<(), Fault> {
        session.channel.bind(&session.queue, &self.topology.events(), &key).await?;
        session.bound.insert(key);
        Ok(())
    }

    fn heard(&self, session: &mut Session, received: Received) {
        let Received { envelope, topic, .. } = received;
        match envelope.kind.as_str() {
            EVENT => {
                let announcement = Announcement { topic: topic.into(), body: envelope.body.into() };
                session.listeners.retain(|(pattern, sender)| {
                    !sender.is_closed()
                        && (!pattern.matches(&announcement.topic)
                            || sender.try_send(announcement.clone()).is_ok())
                });
            }
            HEAD => {
                if let (Some(Value::Text(queue)), Some(Value::Int(since))) =
                    (envelope.headers.get("queue"), envelope.headers.get("since"))
                {
                    self.ages.heard(queue, *since);
                }
            }
            // said by a newer version
            _ => {}
        }
    }
}
