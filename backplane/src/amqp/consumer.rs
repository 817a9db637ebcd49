//! Taking messages, over all connections that come and go.

use super::{
    gate::{CLASSES, Gate, Next},
    held::{Answered, Held, Hold},
    letter::{Death, Letter},
    link::{Link, Up},
    publisher::{Publisher, To},
    topology::PRIORITIES,
    wire::{Channel, Declare, Envelope, Fault, Handle, Incoming, Received},
};
use crate::{BackplaneError, Delivery, broker::Answers};
use bus_core::msg;
use futures::{
    Stream, StreamExt,
    stream::{SelectAll, select_all},
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout},
};

/// The pause before a consumer that broke is set up again.
const PAUSE: Duration = Duration::from_millis(100);
/// How often the connection is looked at, and what is held for long.
const LOOK: Duration = Duration::from_millis(250);

/// One consumer of one queue.
pub(super) struct Taking {
    pub(super) queue: String,
    pub(super) prefetch: u16,
    pub(super) link: Arc<Link>,
    pub(super) publisher: Arc<Publisher>,
    pub(super) deliveries: mpsc::Sender<Delivery>,
    /// The limit of setting up, and of an answer.
    pub(super) call: Duration,
    pub(super) hold: Duration,
}

/// A message at hand.
struct AtHand {
    letter: Letter,
    attempt: u32,
    handle: Handle,
}

type Arriving = SelectAll<std::pin::Pin<Box<dyn Stream<Item = (usize, Result<Received, Fault>)> + Send>>>;

/// What a session is made of: it lasts as long as its connection, or until the consumer goes away.
struct Session {
    up: Arc<Up>,
    channel: Channel,
    arriving: Arriving,
    answers: Arc<Hold>,
    /// What may take long and must not hold up the others.
    errands: JoinSet<()>,
}

/// Why a session ended.
enum End {
    /// Whoever took the messages is gone, and all is answered.
    Over,
    Broken(BackplaneError),
}

impl Taking {
    /// Takes messages until whoever receives them goes away. `ready` is told when the first come, or why not.
    pub(super) async fn run(self, ready: oneshot::Sender<Result<(), BackplaneError>>) {
        let (commands, mut answered) = mpsc::unbounded_channel();
        let mut gate = Gate::new(self.prefetch);
        let mut ready = Some(ready);
        loop {
            let error = match self.begin(&mut gate, &commands).await {
                Ok(session) => {
                    if let Some(ready) = ready.take() {
                        // whoever asked may have gone meanwhile
                        let _told = ready.send(Ok(()));
                    }
                    match self.go_on(session, &mut gate, &mut answered).await {
                        End::Over => return,
                        End::Broken(error) => error,
                    }
                }
                Err(error) => error,
            };
            gate.broken();
            if let Some(ready) = ready.take() {
                let _told = ready.send(Err(error));
                return;
            }
            if self.deliveries.is_closed() {
                return;
            }
            tracing::warn!(queue = self.queue, %error, "messages are taken again as soon as that can be");
            sleep(PAUSE).await;
        }
    }

    async fn begin(
        &self,
        gate: &mut Gate<AtHand>,
        commands: &mpsc::UnboundedSender<Answered>,
    ) -> Result<Session, BackplaneError> {
        let up = self.link.up(Instant::now() + self.call).await?;
        match timeout(self.call, self.set_up(&up, gate)).await {
            Ok(Ok((channel, arriving))) => {
                let answers = Hold::new(
                    &self.queue,
                    up.number,
                    Arc::clone(&self.publisher),
                    commands.clone(),
                    self.call,
                );
                Ok(Session { up, channel, arriving, answers, errands: JoinSet::new() })
            }
            Ok(Err(fault)) => Err(self.link.told(&fault)),
            Err(_) => {
                up.suspect();
                Err(self.link.slow())
            }
        }
    }

    async fn set_up(&self, up: &Up, gate: &mut Gate<AtHand>) -> Result<(Channel, Arriving), Fault> {
        let topology = &self.publisher.topology;
        topology.queue(up, &self.queue).await?;
        let channel = up.connection.channel(false).await?;
        let mut streams: Vec<std::pin::Pin<Box<dyn Stream<Item = _> + Send>>> = Vec::with_capacity(CLASSES);
        for (class, priority) in PRIORITIES.into_iter().enumerate() {
            let name = topology.class(&self.queue, priority);
            let waiting = channel.queue(&name, Declare::Look, &[]).await?;
            gate.expect(class, waiting as usize, std::time::Instant::now());
            let incoming: Incoming = channel.consume(&name, &class.to_string(), self.prefetch.max(1)).await?;
            let ended =
                futures::stream::once(async move { (class, Err(Fault::Gone("cancelled".to_owned()))) });
            streams.push(Box::pin(incoming.map(move |item| (class, item)).chain(ended)));
        }
        Ok((channel, select_all(streams)))
    }

    /// Gives out what comes, until the connection breaks or nobody wants it any more.
    async fn go_on(
        &self,
        mut session: Session,
        gate: &mut Gate<AtHand>,
        answered: &mut mpsc::UnboundedReceiver<Answered>,
    ) -> End {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let wait = self.give_out(&session, gate);
            let until = wait.unwrap_or_else(|| Instant::now() + LOOK);
            tokio::select! {
                Some((class, item)) = session.arriving.next() => match item {
                    Ok(received) => self.arrived(&mut session, gate, class, received),
                    Err(fault) => return End::Broken(self.link.told(&fault)),
                },
                Some(answer) = answered.recv() => self.answered(session.up.number, gate, answer).await,
                Some(_) = session.errands.join_next() => {}
                () = sleep_until(until), if wait.is_some() => {}
                () = self.deliveries.closed() => return self.wind_up(session, gate, answered).await,
                _ = looks.tick() => {
                    if !session.up.is_up() {
                        return End::Broken(self.link.told(&Fault::Gone("-".to_owned())));
                    }
                    self.secure(&mut session);
                }
            }
        }
    }

    /// Sees to what is held for long.
    fn secure(&self, session: &mut Session) {
        for tag in session.answers.long_held(self.hold) {
            let (answers, hold) = (Arc::clone(&session.answers), self.hold);
            session.errands.spawn(async move { answers.copy(tag, hold).await });
        }
    }

    fn arrived(&self, session: &mut Session, gate: &mut Gate<AtHand>, class: usize, received: Received) {
        let Received { envelope, handle, .. } = received;
        let Some((letter, earlier)) = Letter::read(&envelope) else {
            return self.refuse(session, &envelope, handle);
        };
        if let Some(priority) = PRIORITIES.get(class) {
            let queue = self.publisher.topology.class(&self.queue, *priority);
            if self.publisher.left(&queue, letter.since) {
                let (publisher, since) = (Arc::clone(&self.publisher), letter.since);
                session.errands.spawn(async move { publisher.tell_left(&queue, since).await });
            }
        }
        if letter.left.is_zero() && !session.answers.has(&letter.message.id) {
            return gate.arrived(class, AtHand { letter, attempt: earlier.saturating_add(1), handle });
        }
        // its time has not come, or it is the copy of one that is still in work
        let delay = if letter.left.is_zero() { self.hold } else { letter.left };
        let letter = Letter { before: earlier, left: Duration::ZERO, ..letter };
        let (publisher, queue) = (Arc::clone(&self.publisher), self.queue.clone());
        let again = async move { publisher.publish(letter, To::Queue(&queue, delay)).await };
        session.errands.spawn(instead(again, handle));
    }

    /// Something that no bus has written becomes a dead letter.
    fn refuse(&self, session: &mut Session, envelope: &Envelope, handle: Handle) {
        tracing::error!(queue = self.queue, message = envelope.id, "a message is not of this bus");
        let message = Letter::read_dead(envelope).message;
        let reason =
            msg!("this is not a message of this bus, or of a version that it cannot read").to_string();
        let now = self.publisher.now();
        let (publisher, queue) = (Arc::clone(&self.publisher), self.queue.clone());
        let bury = async move {
            let death = Death { reason, at: now };
            publisher.publish(Letter::new(message, now), To::Dead(&queue, &death)).await
        };
        session.errands.spawn(instead(bury, handle));
    }

    async fn answered(&self, session: u64, gate: &mut Gate<AtHand>, answer: Answered) {
        if answer.session == session {
            gate.answered(answer.class, std::time::Instant::now());
        } else {
            gate.answered_late();
        }
        if let Some(dropped) = answer.dropped {
            // one of a broken connection has gone back by itself
            let _gone_back_anyway = dropped.requeue().await;
        }
    }

    /// Gives out what can be given out; says when to look again.
    fn give_out(&self, session: &Session, gate: &mut Gate<AtHand>) -> Option<Instant> {
        loop {
            match gate.next(std::time::Instant::now()) {
                Next::Idle => return None,
                Next::Wait(until) => return Some(Instant::from_std(until)),
                Next::Give(class, AtHand { letter, attempt, handle }) => {
                    let message = letter.message.clone();
                    let held = Held::new(class, Letter { before: attempt, ..letter }, handle);
                    let tag = session.answers.take(held);
                    let answers = Arc::clone(&session.answers) as Arc<dyn Answers>;
                    let delivery = Delivery::new(message, attempt, answers, tag);
                    // there is room for as many as the gate gives; a closed door gives it back by dropping it
                    let _dropped = self.deliveries.try_send(delivery);
                }
            }
        }
    }

    /// Nobody wants more: what waits here goes back, and what is out is waited for.
    async fn wind_up(
        &self,
        mut session: Session,
        gate: &mut Gate<AtHand>,
        answered: &mut mpsc::UnboundedReceiver<Answered>,
    ) -> End {
        for class in 0..CLASSES {
            if session.channel.cancel(&class.to_string()).await.is_err() {
                return End::Over;
            }
        }
        loop {
            for waiting in gate.drain() {
                let _gone_back_anyway = waiting.handle.requeue().await;
            }
            if gate.out() == 0 {
                break;
            }
            tokio::select! {
                Some((class, Ok(received))) = session.arriving.next() => {
                    self.arrived(&mut session, gate, class, received);
                }
                Some(answer) = answered.recv() => self.answered(session.up.number, gate, answer).await,
                () = sleep(LOOK) => {
                    if !session.up.is_up() {
                        return End::Over;
                    }
                    self.secure(&mut session);
                }
            }
        }
        // what was on its way when the consumers were cancelled
        while let Some(Some((_, Ok(received)))) = futures::FutureExt::now_or_never(session.arriving.next()) {
            let _gone_back_anyway = received.handle.requeue().await;
        }
        while session.errands.join_next().await.is_some() {}
        session.channel.close().await;
        End::Over
    }
}

/// Answers a message when it was published elsewhere, and gives it back if it was not.
async fn instead(published: impl Future<Output = Result<(), BackplaneError>> + Send, handle: Handle) {
    let _comes_again_if_not = match published.await {
        Ok(()) => handle.ack().await,
        Err(_) => handle.requeue().await,
    };
}
