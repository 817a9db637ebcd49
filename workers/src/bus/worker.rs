//! Takes tasks, does them, says how they ended; a task's message is answered when that is saved.

use super::{
    Bus, BusError,
    execute::{Made, Work},
    hands::Busy,
    kept::trim,
    record::RunRecord,
    runs::Known,
    watch::Note,
};
use backplane::{Delivery, Pattern, Trouble};
use bus_core::{
    api::StepCounts,
    error::{Fault, StepError},
    msg,
    run::{Chunks, Event, Status, TaskId, TaskStatus},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{Instant, interval_at},
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// The queue of tasks.
pub(super) const TASKS: &str = "tasks";

/// What stands in a message of the queue of tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TaskMessage {
    pub(super) run: String,
    pub(super) task: TaskId,
    pub(super) attempt: u32,
}

impl TaskMessage {
    pub(super) const VERSION: u16 = 1;
}

/// Deliveries of one message before it is given up: whoever took it has gone away each time.
const MOST_DELIVERIES: u32 = 20;
/// How often a worker looks whether its task is still wanted, and says that it still does it.
const LOOK: Duration = Duration::from_secs(1);
/// How often whoever watches is told how far a task is.
const TELL: Duration = Duration::from_millis(200);
/// The pause before what the broker or the store did not do is tried again.
const PAUSE: Duration = Duration::from_millis(500);

/// What becomes of a task's message.
enum Next {
    /// The task is done, or nobody wants it any more.
    Forget,
    /// The task was given up, and why.
    GiveUp(String),
    /// The task is wanted and cannot be done now.
    Again,
}

/// A task that this node does.
struct Hand {
    run: String,
    task: TaskId,
    attempt: u32,
    worker: String,
    cancel: CancellationToken,
}

impl Bus {
    /// Takes tasks until `stop`; then waits for those that are out, and hands back what takes too long.
    pub(super) async fn take_tasks(&self, stop: CancellationToken) {
        let prefetch = u16::try_from(self.parts().slots.max(1)).unwrap_or(u16::MAX);
        let (mut tasks, hand_back) = (JoinSet::new(), CancellationToken::new());
        while !stop.is_cancelled() {
            let consuming = self.broker().consume(TASKS, prefetch).await;
            let mut consumer = match consuming {
                Ok(consumer) => consumer,
                Err(error) => {
                    tracing::warn!(%error, "the queue of tasks cannot be reached");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            loop {
                tokio::select! {
                    () = stop.cancelled() => break,
                    Some(ended) = tasks.join_next() => note(ended),
                    delivery = consumer.next() => match delivery {
                        Some(delivery) => {
                            let (bus, hand_back) = (self.clone(), hand_back.clone());
                            tasks.spawn(async move { bus.deliver(delivery, hand_back).await });
                        }
                        None => break,
                    },
                }
            }
        }
        let grace = tokio::time::sleep(self.settings().grace);
        tokio::pin!(grace);
        loop {
            tokio::select! {
                ended = tasks.join_next() => match ended {
                    Some(ended) => note(ended),
                    None => return,
                },
                () = &mut grace, if !hand_back.is_cancelled() => hand_back.cancel(),
            }
        }
    }

    async fn deliver(&self, delivery: Delivery, hand_back: CancellationToken) {
        let message = &delivery.message;
        let readable = (message.version == TaskMessage::VERSION)
            .then(|| serde_json::from_slice::<TaskMessage>(&message.body).ok())
            .flatten();
        let Some(TaskMessage { run, task, attempt }) = readable else {
            let reason = format!("a message of version {} that this bus cannot read", message.version);
            tracing::error!(message = message.id, "a task cannot be read and is given up");
            return answered(delivery.give_up(reason).await);
        };
        let hand = Hand { run, task, attempt, worker: self.worker_name(), cancel: CancellationToken::new() };
        let outcome = if delivery.attempt > MOST_DELIVERIES {
            let times =
                msg!("whoever did this went away {count} times before it was done", count = MOST_DELIVERIES);
            self.fail(&hand, StepError::ours(times)).await
        } else {
            let task =
                tracing::info_span!("task", run = %hand.run, task = %hand.task, attempt = hand.attempt);
            self.do_task(&hand, &hand_back).instrument(task).await
        };
        let pause = PAUSE * 2_u32.saturating_pow(delivery.attempt.saturating_sub(1).min(6));
        match outcome {
            Ok(Next::Forget) | Err(BusError::Missing) => answered(delivery.ack().await),
            Ok(Next::GiveUp(reason)) => answered(delivery.give_up(reason).await),
            Ok(Next::Again) => answered(delivery.nack(pause).await),
            Err(BusError::Backplane(error)) if error.trouble == Trouble::Corrupt => {
                answered(delivery.give_up(error.to_string()).await);
            }
            Err(error) => {
                tracing::warn!(run = hand.run, %error, "a task has to be done again");
                answered(delivery.nack(pause).await);
            }
        }
    }

    async fn do_task(&self, hand: &Hand, hand_back: &CancellationToken) -> Result<Next, BusError> {
        let known = self.known(&hand.run).await?;
        if !self.is_wanted(&known.record, hand) {
            return Ok(Next::Forget);
        }
        let in_hand = match self.hands().take(&hand.run, (hand.task, hand.attempt), &hand.cancel) {
            Ok(in_hand) => in_hand,
            // a second message for what is being done: the first one will be answered
            Err(Busy::Same) => return Ok(Next::Forget),
            // this is the only message for this attempt: forgotten, the task would wait until the sweeper finds it
            Err(Busy::Other) => return Ok(Next::Again),
        };
        let made = self.work_on(hand, &known, hand_back).await;
        drop(in_hand);
        let stopped = made.result.as_ref().is_err_and(StepError::is_cancelled);
        if stopped && hand_back.is_cancelled() {
            let worker = hand.worker.clone();
            self.tell(&hand.run, taken(hand, self.until())).await?;
            let back = Event::Restarted { node: worker, alive: "-".to_owned() };
            return self.tell(&hand.run, back).await.map(|_| Next::Forget);
        }
        if stopped {
            return self.say_stopped(hand, made).await;
        }
        self.say(hand, known, made).await
    }

    /// Saves how far a task came that was stopped: because its run was ended, or because another worker has
    /// it, whose word counts then. One that was stopped although it is wanted is done again: the word to stop was meant
    /// for an attempt before this one, and came late.
    async fn say_stopped(&self, hand: &Hand, made: Made) -> Result<Next, BusError> {
        let saved = self.change(&hand.run, None, |record, _| {
            let current = record.state.tasks.get(&hand.task);
            let current = current.is_some_and(|task| task.attempt == hand.attempt && !task.is_done());
            if record.state.status == Status::Cancelled && current {
                record.reports.insert(hand.task, made.report.clone());
            }
            Vec::new()
        });
        let known = saved.await?;
        Ok(if self.is_wanted(&known.record, hand) { Next::Again } else { Next::Forget })
    }

    /// Whether a task is still to be done by whoever has this message.
    fn is_wanted(&self, record: &RunRecord, hand: &Hand) -> bool {
        let Some(task) = record.state.tasks.get(&hand.task) else { return false };
        let free = match &task.status {
            TaskStatus::Due { .. } => true,
            TaskStatus::Out { worker, until } => *worker == hand.worker || *until <= self.now(),
            TaskStatus::Done | TaskStatus::Failed(_) => false,
        };
        record.state.status == Status::Running && task.attempt == hand.attempt && free
    }

    /// Does the work, and meanwhile says how far it is, keeps the lease, and looks whether it is still wanted.
    async fn work_on(&self, hand: &Hand, known: &Known, hand_back: &CancellationToken) -> Made {
        let (produced, mut new) = mpsc::channel(16);
        let (progress, mut seen) = watch::channel(BTreeMap::new());
        let work = Work {
            run: hand.run.clone(),
            record: known.record.clone(),
            task: hand.task,
            cancel: hand.cancel.clone(),
            produced,
            progress,
        };
        let working = self.execute(work);
        tokio::pin!(working);
        let mut looks = interval_at(Instant::now() + LOOK, LOOK);
        let mut told = Instant::now();
        loop {
            tokio::select! {
                made = &mut working => return made,
                Some(chunks) = new.recv() => self.produced(hand, chunks).await,
                _ = looks.tick() => self.look_after(hand).await,
                Ok(()) = seen.changed(), if told.elapsed() >= TELL => {
                    told = Instant::now();
                    let counts = seen.borrow_and_update().clone();
                    self.show(hand, &known.record, counts).await;
                }
                () = tokio::time::sleep_until(told + TELL), if told.elapsed() < TELL => {}
                () = hand_back.cancelled(), if !hand.cancel.is_cancelled() => hand.cancel.cancel(),
            }
        }
    }

    async fn show(&self, hand: &Hand, record: &RunRecord, steps: BTreeMap<String, StepCounts>) {
        self.announce(&hand.run, record, &Note::Task { task: hand.task, steps }).await;
    }

    async fn produced(&self, hand: &Hand, chunks: Chunks) {
        let event = Event::Produced { task: hand.task, attempt: hand.attempt, chunks };
        if let Err(error) = self.tell(&hand.run, event).await {
            // what follows can begin later, too
            tracing::warn!(run = hand.run, %error, "new chunks are not told yet");
        }
    }

    /// Makes the lease longer; stops the work if it is not wanted any more.
    async fn look_after(&self, hand: &Hand) {
        let Ok(known) = self.known(&hand.run).await else { return };
        if !self.is_wanted(&known.record, hand) {
            return hand.cancel.cancel();
        }
        let until = match known.record.state.tasks.get(&hand.task).map(|task| &task.status) {
            Some(TaskStatus::Out { until, .. }) => *until,
            _ => 0,
        };
        let third = i64::try_from(self.settings().lease.as_millis() / 3).unwrap_or(i64::MAX);
        if until < self.until().saturating_sub(third) {
            let event = taken(hand, self.until());
            let held =
                self.change(&hand.run, Some(known), |record, now| record.state.on(event.clone(), now)).await;
            if held.is_ok_and(|known| !self.is_wanted(&known.record, hand)) {
                hand.cancel.cancel();
            }
        }
    }

    fn until(&self) -> i64 {
        self.now().saturating_add(i64::try_from(self.settings().lease.as_millis()).unwrap_or(i64::MAX))
    }

    /// Saves how a task ended.
    async fn say(&self, hand: &Hand, known: Known, made: Made) -> Result<Next, BusError> {
        let Hand { task, attempt, .. } = *hand;
        let event = match &made.result {
            Ok(unchanged) => {
                Event::Done { task, attempt, chunks: made.chunks.clone(), unchanged: *unchanged }
            }
            Err(error) => Event::Failed { task, attempt, error: error.clone() },
        };
        let saved = self.change(&hand.run, Some(known), |record, now| {
            let current = record.state.tasks.get(&task).is_some_and(|task| task.attempt == attempt);
            // also of a run that was cancelled meanwhile: how far it came
            if current && !record.state.tasks.get(&task).is_some_and(bus_core::run::Task::is_done) {
                record.reports.remove(&task);
                let mut report = made.report.clone();
                trim(&mut report, record, self.settings());
                record.reports.insert(task, report);
            }
            record.state.on(event.clone(), now)
        });
        let known = saved.await?;
        let failed = known.record.state.tasks.get(&task).and_then(|task| match &task.status {
            TaskStatus::Failed(error) => Some(error),
            TaskStatus::Due { .. } | TaskStatus::Out { .. } | TaskStatus::Done => None,
        });
        let hopeless = failed.filter(|error| error.retry || error.fault == Fault::Ours);
        Ok(hopeless.map_or(Next::Forget, |error| Next::GiveUp(error.text(known.record.language))))
    }

    /// Gives a task up that was not done.
    async fn fail(&self, hand: &Hand, error: StepError) -> Result<Next, BusError> {
        let known = self.known(&hand.run).await?;
        if !self.is_wanted(&known.record, hand) {
            return Ok(Next::Forget);
        }
        self.say(hand, known, Made::failed(error)).await
    }

    /// Stops what this node does of runs that were ended, as soon as that is announced.
    pub(super) async fn hear_stops(&self) {
        loop {
            match self.broker().listen(Pattern::new("run.*.*.stop")).await {
                Ok(mut listener) => {
                    while let Some(heard) = listener.next().await {
                        let run = heard.topic.split('.').nth(2).unwrap_or_default();
                        let task = std::str::from_utf8(&heard.body).ok().and_then(|task| task.parse().ok());
                        task.into_iter().for_each(|task| self.hands().stop(run, task));
                    }
                }
                Err(error) => tracing::warn!(%error, "stops are not heard"),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn taken(hand: &Hand, until: i64) -> Event {
    Event::Taken { task: hand.task, attempt: hand.attempt, worker: hand.worker.clone(), until }
}

fn note(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        // its message was not answered and comes again
        tracing::error!(%error, "a task broke down outside of its steps");
    }
}

fn answered(result: Result<(), backplane::BackplaneError>) {
    if let Err(error) = result {
        tracing::warn!(%error, "an answer did not reach the broker: the message comes again");
    }
}
