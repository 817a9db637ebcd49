//! The adapter for RabbitMQ: the broker of a bus on many machines.
//!
//! Everything that must not be lost stands in quorum queues and is confirmed by the broker before a call
//! returns. Connections are made anew when they break, without the process starting again: consumers go on
//! (what had no answer comes again), listeners are let go (they have missed something) and listen anew.
//! `topology.rs` says what stands at the broker and which rights it takes.

mod age;
mod consumer;
mod dead;
mod events;
mod gate;
mod held;
mod letter;
mod link;
mod publisher;
mod settings;
mod topology;
mod trouble;
mod wire;

pub use settings::AmqpSettings;

use crate::{BackplaneError, Broker, Consumer, DeadLetter, Listener, Message, Pattern};
use age::Ages;
use consumer::Taking;
use dead::Dead;
use events::{Ears, Wish};
use futures::future::BoxFuture;
use letter::Letter;
use link::Link;
use publisher::{Publisher, To};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::{Instant, timeout},
};
use topology::{PRIORITIES, Topology};
use wire::Declare;

/// The broker RabbitMQ. Two connections: one that publishes, which the broker may block when it is short of
/// memory, and one that takes, which goes on then.
pub struct Amqp {
    settings: AmqpSettings,
    taking: Arc<Link>,
    publisher: Arc<Publisher>,
    topology: Arc<Topology>,
    ages: Arc<Ages>,
    dead: Dead,
    wishes: mpsc::Sender<Wish>,
    tasks: Mutex<JoinSet<()>>,
}

impl std::fmt::Debug for Amqp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Amqp").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Wishes to listen that wait at a time.
const WISHES: usize = 64;

/// Whoever only looks waits no longer than this for a broker that is away, and hears why it is.
const GLANCE: Duration = Duration::from_secs(1);

impl Amqp {
    /// Connects to the broker. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`crate::Trouble::Unavailable`] if it cannot be reached for as long as the settings say;
    /// [`crate::Trouble::Refused`] at once if it does not let us in: wrong name, password, virtual host,
    /// missing rights.
    pub async fn connect(settings: AmqpSettings) -> Result<Arc<Self>, BackplaneError> {
        let (publishing, taking) =
            tokio::try_join!(Link::open(&settings, "publishes"), Link::open(&settings, "takes"))?;
        let ages = Arc::new(Ages::new(Arc::clone(&settings.clock)));
        let topology = Arc::new(Topology::new(&settings, Arc::clone(&ages)));
        let publisher = Publisher::new(&settings, publishing, Arc::clone(&topology), Arc::clone(&ages));
        let publisher = Arc::new(publisher);
        let (wishes, wished) = mpsc::channel(WISHES);
        let ears = Ears {
            link: Arc::clone(&taking),
            topology: Arc::clone(&topology),
            ages: Arc::clone(&ages),
            call: settings.call,
        };
        let dead = Dead {
            link: Arc::clone(&taking),
            publisher: Arc::clone(&publisher),
            topology: Arc::clone(&topology),
            call: settings.call,
            look: tokio::sync::Mutex::default(),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(ears.run(wished));
        let tasks = Mutex::new(tasks);
        Ok(Arc::new(Self { settings, taking, publisher, topology, ages, dead, wishes, tasks }))
    }

    /// Ends both connections. What is out without an answer is delivered again, here or elsewhere.
    pub async fn close(&self) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
        tokio::join!(self.publisher.link.close(), self.taking.close());
    }

    async fn take(&self, queue: &str, prefetch: u16) -> Result<Consumer, BackplaneError> {
        topology::checked(queue)?;
        let (deliveries, receiver) = mpsc::channel(usize::from(prefetch.max(1)));
        let taking = Taking {
            queue: queue.to_owned(),
            prefetch: prefetch.max(1),
            link: Arc::clone(&self.taking),
            publisher: Arc::clone(&self.publisher),
            deliveries,
            call: self.settings.call,
            hold: self.settings.hold,
        };
        let (ready, told) = oneshot::channel();
        {
            let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            while tasks.try_join_next().is_some() {}
            tasks.spawn(taking.run(ready));
        }
        told.await.map_err(|_| trouble::closed())??;
        Ok(Consumer::new(receiver))
    }

    async fn hear(&self, pattern: Pattern) -> Result<Listener, BackplaneError> {
        let (reply, told) = oneshot::channel();
        let wishing = async {
            self.wishes.send(Wish { pattern, reply }).await.map_err(|_| trouble::closed())?;
            told.await.map_err(|_| trouble::closed())?
        };
        match timeout(self.settings.call, wishing).await {
            Ok(listener) => listener,
            Err(_) => Err(self.taking.now().err().unwrap_or_else(|| self.taking.slow())),
        }
    }

    async fn waiting(&self, queue: &str) -> Result<(u64, f64), BackplaneError> {
        topology::checked(queue)?;
        let up = self.taking.up(Instant::now() + self.settings.call.min(GLANCE)).await?;
        let counting = async {
            self.topology.queue(&up, queue).await?;
            let channel = up.connection.channel(false).await?;
            let (mut count, mut oldest) = (0, 0.0_f64);
            for priority in PRIORITIES {
                let name = self.topology.class(queue, priority);
                let waiting = channel.queue(&name, Declare::Look, &[]).await?;
                count += u64::from(waiting);
                oldest = oldest.max(self.ages.seen(&name, waiting));
            }
            channel.close().await;
            Ok((count, oldest))
        };
        match timeout(self.settings.call, counting).await {
            Ok(Ok(seen)) => Ok(seen),
            Ok(Err(fault)) => {
                self.topology.forget();
                Err(self.taking.told(&fault))
            }
            Err(_) => Err(self.taking.slow()),
        }
    }
}

impl Broker for Amqp {
    fn publish<'a>(
        &'a self,
        queue: &'a str,
        message: Message,
        delay: Duration,
    ) -> BoxFuture<'a, Result<(), BackplaneError>> {
        Box::pin(async move {
            topology::checked(queue)?;
            let letter = Letter::new(message, self.ages.now());
            self.publisher.publish(letter, To::Queue(queue, delay)).await
        })
    }

    fn consume<'a>(
        &'a self,
        queue: &'a str,
        prefetch: u16,
    ) -> BoxFuture<'a, Result<Consumer, BackplaneError>> {
        Box::pin(self.take(queue, prefetch))
    }

    fn announce<'a>(&'a self, topic: &'a str, body: Vec<u8>) -> BoxFuture<'a, Result<(), BackplaneError>> {
        Box::pin(self.publisher.announce(topic, body))
    }

    fn listen<'a>(&'a self, pattern: Pattern) -> BoxFuture<'a, Result<Listener, BackplaneError>> {
        Box::pin(self.hear(pattern))
    }

    /// Counts what is ready to be taken: not what waits for its time. How the age is known: `age.rs`.
    fn depth<'a>(&'a self, queue: &'a str) -> BoxFuture<'a, Result<(u64, f64), BackplaneError>> {
        Box::pin(self.waiting(queue))
    }

    fn dead_letters<'a>(
        &'a self,
        queue: &'a str,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<DeadLetter>, BackplaneError>> {
        Box::pin(async move {
            topology::checked(queue)?;
            self.dead.list(queue, limit).await
        })
    }

    fn bury<'a>(
        &'a self,
        queue: &'a str,
        id: &'a str,
        again: bool,
    ) -> BoxFuture<'a, Result<(), BackplaneError>> {
        Box::pin(async move {
            topology::checked(queue)?;
            self.dead.bury(queue, id, again).await
        })
    }
}
