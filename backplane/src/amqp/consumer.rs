//! Taking messages, over all connections that come and go.

use super::{
    gate::{CLASSES, COMING, FIRST, Gate, Next},
    held::{Answered, Held, Hold},
    letter::{Death, Letter},
    link::{Link, Up},
    publisher::{Publisher, To},
    topology::PRIORITIES,
    wire::{Channel, Declare, Envelope, Fault, Handle, Incoming, Received},
};
use crate::{BackplaneError, Delivery, Priority, broker::Answers};
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

/// What comes of one class.
type Coming = std::pin::Pin<Box<dyn Stream<Item = (Turn, Result<Received, Fault>)> + Send>>;

/// A class, and how often it was taken from anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Turn {
    class: usize,
    count: u32,
    /// Whether nothing is taken now: there is no room for long.
    closed: bool,
}

impl Turn {
    /// The name of its consumer.
    fn tag(self) -> String {
        format!("{}.{}", self.class, self.count)
    }
}

/// What a session is made of: it lasts as long as its connection, or until the consumer goes away.
struct Session {
    up: Arc<Up>,
    channel: Channel,
    arriving: SelectAll<Coming>,
    turns: [Turn; CLASSES],
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
            Ok(Ok((channel, turns, arriving))) => {
                let answers = Hold::new(
                    &self.queue,
                    up.number,
                    Arc::clone(&self.publisher),
                    commands.clone(),
                    self.call,
                );
                Ok(Session { up, channel, arriving, turns, answers, errands: JoinSet::new() })
            }
            Ok(Err(fault)) => Err(self.link.told(&fault)),
            Err(_) => {
                up.suspect();
                Err(self.link.slow())
            }
        }
    }

    async fn set_up(
        &self,
        up: &Up,
        gate: &mut Gate<AtHand>,
    ) -> Result<(Channel, [Turn; CLASSES], SelectAll<Coming>), Fault> {
        self.publisher.topology.queue(up, &self.queue).await?;
        let channel = up.connection.channel(false).await?;
        let turns = std::array::from_fn(|class| Turn { class, ..Turn::default() });
        let mut streams = Vec::with_capacity(CLASSES);
        for turn in turns {
            streams.push(self.open(&channel, turn, gate).await?);
        }
        Ok((channel, turns, select_all(streams)))
    }

    /// Begins to take messages of a class.
    async fn open(&self, channel: &Channel, turn: Turn, gate: &mut Gate<AtHand>) -> Result<Coming, Fault> {
        let priority = PRIORITIES.get(turn.class).copied().unwrap_or(Priority::Heavy);
        let name = self.publisher.topology.class(&self.queue, priority);
        let waiting = channel.queue(&name, Declare::Look, &[]).await?;
        // others take from it, too: what was there may be gone
        let wait = if turn.count == 0 { FIRST } else { COMING };
        gate.expect(turn.class, waiting as usize, std::time::Instant::now() + wait);
        let incoming: Incoming = channel.consume(&name, &turn.tag(), self.prefetch.max(1)).await?;
        let ended = futures::stream::once(async move { (turn, Err(Fault::Gone("cancelled".to_owned()))) });
        Ok(Box::pin(incoming.map(move |item| (turn, item)).chain(ended)))
    }

    /// Gives back what waits here for long although others may have room for it, and takes no more of that until
    /// there is room.
    async fn give_back(&self, session: &mut Session, gate: &mut Gate<AtHand>) -> Result<(), Fault> {
        for (class, AtHand { letter, attempt, handle }) in gate.stuck(std::time::Instant::now()) {
            let turn = session.turns.get_mut(class).filter(|turn| !turn.closed);
            if let Some(turn) = turn {
                turn.closed = true;
                session.channel.cancel(&turn.tag()).await?;
            }
            // by another message: what comes back to a queue by itself counts as a delivery
            let letter = Letter { before: attempt.saturating_sub(1), ..letter };
            let (publisher, queue) = (Arc::clone(&self.publisher), self.queue.clone());
            let again = async move { publisher.publish(letter, To::Queue(&queue, Duration::ZERO)).await };
            session.errands.spawn(instead(again, handle));
        }
        Ok(())
    }

    /// Takes again, where there is room again.
    async fn take_again(&self, session: &mut Session, gate: &mut Gate<AtHand>) -> Result<(), Fault> {
        for turn in session.turns.iter_mut().filter(|turn| turn.closed) {
            (turn.closed, turn.count) = (false, turn.count.wrapping_add(1));
            session.arriving.push(self.open(&session.channel, *turn, gate).await?);
        }
        Ok(())
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
            if gate.has_room()
                && let Err(fault) = self.take_again(&mut session, gate).await
            {
                return End::Broken(self.link.told(&fault));
            }
            let wait = self.give_out(&session, gate);
            let until = wait.unwrap_or_else(|| Instant::now() + LOOK);
            tokio::select! {
                Some((turn, item)) = session.arriving.next() => match item {
                    Ok(received) => self.arrived(&mut session, gate, turn.class, received),
                    // nothing more was wanted
                    Err(_) if session.turns.get(turn.class) != Some(&turn) => {}
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
                    if let Err(fault) = self.give_back(&mut session, gate).await {
                        return End::Broken(self.link.told(&fault));
                    }
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
            let at_hand = AtHand { letter, attempt: earlier.saturating_add(1), handle };
            return gate.arrived(class, at_hand, std::time::Instant::now());
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
        for turn in session.turns.iter().filter(|turn| !turn.closed) {
            if session.channel.cancel(&turn.tag()).await.is_err() {
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
                Some((turn, Ok(received))) = session.arriving.next() => {
                    self.arrived(&mut session, gate, turn.class, received);
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
