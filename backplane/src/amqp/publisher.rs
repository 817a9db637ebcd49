//! Publishing: nothing is done before the broker has said that it has the message.

use super::{
    AmqpSettings,
    age::Ages,
    letter::{Death, Letter},
    link::{Link, Up},
    topology::{Topology, step},
    trouble,
    wire::{Channel, Envelope, Fault, Value},
};
use crate::BackplaneError;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep, timeout, timeout_at},
};

/// The `type` of announcements.
pub(super) const EVENT: &str = "event";
/// The `type` of news about the head of a queue.
pub(super) const HEAD: &str = "head";

/// A message of so many bytes takes one place in the window, a larger one more.
const PLACE: usize = 16 << 10;
/// The pause before a message is published again.
const PAUSE: Duration = Duration::from_millis(50);

/// Publishes for everybody.
pub(super) struct Publisher {
    pub(super) link: Arc<Link>,
    pub(super) topology: Arc<Topology>,
    ages: Arc<Ages>,
    call: Duration,
    window: Semaphore,
    places: u32,
    /// The channel that confirms, and the one for announcements, of the connection of this number.
    channels: Mutex<Option<Channels>>,
    opening: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Channels {
    number: u64,
    sure: Channel,
    quick: Channel,
}

/// Where a message goes.
#[derive(Debug, Clone, Copy)]
pub(super) enum To<'a> {
    /// To its queue, once it has waited.
    Queue(&'a str, Duration),
    /// To the dead letters of a queue.
    Dead(&'a str, &'a Death),
}

impl Publisher {
    pub(super) fn new(
        settings: &AmqpSettings,
        link: Arc<Link>,
        topology: Arc<Topology>,
        ages: Arc<Ages>,
    ) -> Self {
        let places = u32::from(settings.window.max(1));
        Self {
            link,
            topology,
            ages,
            call: settings.call,
            window: Semaphore::new(places as usize),
            places,
            channels: Mutex::default(),
            opening: tokio::sync::Mutex::default(),
        }
    }

    /// The time, ms since the Unix epoch.
    pub(super) fn now(&self) -> i64 {
        self.ages.now()
    }

    /// Publishes a message; once this returns the broker has it. Tried again while there is time.
    pub(super) async fn publish(&self, letter: Letter, to: To<'_>) -> Result<(), BackplaneError> {
        let until = Instant::now() + self.call;
        let size = u32::try_from(letter.message.body.len() / PLACE + 1).unwrap_or(u32::MAX);
        let places = self.window.acquire_many(size.min(self.places));
        let Ok(Ok(_places)) = timeout_at(until, places).await else { return Err(self.why_not()) };
        loop {
            let up = self.link.up(until).await?;
            let fault = match timeout_at(until, self.once(&up, &letter, to)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(fault)) => fault,
                Err(_) => {
                    let error = self.why_not();
                    if up.blocked().is_none() {
                        up.suspect();
                    }
                    return Err(error);
                }
            };
            self.drop_channels(up.number);
            if matches!(fault, Fault::Unrouted | Fault::Missing(_) | Fault::Refused) {
                self.topology.forget();
            }
            let error = self.link.told(&fault);
            if error.trouble != crate::Trouble::Unavailable || Instant::now() + PAUSE >= until {
                return Err(error);
            }
            tracing::debug!(%error, "a message is published again");
            sleep(PAUSE).await;
        }
    }

    fn why_not(&self) -> BackplaneError {
        match self.link.now() {
            Ok(up) => match up.blocked() {
                Some(reason) => trouble::blocked(&reason, &self.link.address),
                None => self.link.slow(),
            },
            Err(error) => error,
        }
    }

    async fn once(&self, up: &Arc<Up>, letter: &Letter, to: To<'_>) -> Result<(), Fault> {
        let channels = self.channels(up).await?;
        let work = self.topology.work();
        match to {
            To::Queue(queue, delay) if delay.is_zero() => {
                self.topology.queue(up, queue).await?;
                let key = self.topology.class(queue, letter.message.priority);
                channels.sure.publish(&work, &key, &letter.envelope(None)).await
            }
            To::Queue(queue, delay) => {
                let (step, left) = step(delay);
                self.topology.queue(up, queue).await?;
                let exchange = self.topology.delay_queue(up, step).await?;
                let key = self.topology.class(queue, letter.message.priority);
                let letter = Letter { left, ..letter.clone() };
                channels.sure.publish(&exchange, &key, &letter.envelope(None)).await
            }
            To::Dead(queue, death) => {
                self.topology.queue(up, queue).await?;
                channels.sure.publish(&work, &self.topology.dead(queue), &letter.envelope(Some(death))).await
            }
        }
    }

    async fn channels(&self, up: &Arc<Up>) -> Result<Channels, Fault> {
        let known = || {
            let known = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
            known.clone().filter(|known| known.number == up.number)
        };
        if let Some(channels) = known() {
            return Ok(channels);
        }
        let _opening = self.opening.lock().await;
        if let Some(channels) = known() {
            return Ok(channels);
        }
        let (sure, quick) = (up.connection.channel(true).await?, up.connection.channel(false).await?);
        self.topology.events_exchange(&quick).await?;
        let channels = Channels { number: up.number, sure, quick };
        *self.channels.lock().unwrap_or_else(PoisonError::into_inner) = Some(channels.clone());
        Ok(channels)
    }

    fn drop_channels(&self, number: u64) {
        let mut known = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if known.as_ref().is_some_and(|known| known.number <= number) {
            *known = None;
        }
    }

    /// Announces to whoever listens now. What cannot be said now is not said.
    pub(super) async fn announce(&self, topic: &str, body: Vec<u8>) -> Result<(), BackplaneError> {
        let envelope = Envelope { kind: EVENT.to_owned(), body, ..Envelope::default() };
        self.say(topic, &envelope).await
    }

    async fn say(&self, topic: &str, envelope: &Envelope) -> Result<(), BackplaneError> {
        let up = self.link.now()?;
        if let Some(reason) = up.blocked() {
            return Err(trouble::blocked(&reason, &self.link.address));
        }
        let saying = async {
            let channels = self.channels(&up).await?;
            channels.quick.publish(&self.topology.events(), topic, envelope).await
        };
        match timeout(self.call, saying).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(fault)) => {
                if !matches!(fault, Fault::Invalid(_)) {
                    self.drop_channels(up.number);
                }
                Err(self.link.told(&fault))
            }
            Err(_) => Err(self.why_not()),
        }
    }

    /// Notes that a message has left its queue; says whether to tell the other processes.
    pub(super) fn left(&self, queue: &str, since: i64) -> bool {
        self.ages.left(queue, since)
    }

    /// Tells the other processes that a message has left its queue.
    pub(super) async fn tell_left(&self, queue: &str, since: i64) {
        let headers = [("queue", Value::Text(queue.to_owned())), ("since", Value::Int(since))];
        let headers = headers.map(|(name, value)| (name.to_owned(), value));
        let envelope = Envelope { kind: HEAD.to_owned(), headers: headers.into(), ..Envelope::default() };
        // only the age that others see is less exact without it
        let _said = self.say(HEAD, &envelope).await;
    }
}
