//! Takes tasks, does them, says how they ended; a task's message is answered when that is saved.

use super::{
    Bus, BusError,
    budget::Held,
    execute::{Made, Work},
    hands::Busy,
    kept::trim,
    patience::is_away,
    record::RunRecord,
    runs::Known,
    stages,
    tally::count,
    watch::Note,
};
use backplane::{BackplaneError, Consumer, Delivery, Pattern, Trouble};
use bus_core::{
    api::StepCounts,
    error::{Fault, StepError},
    msg,
    run::{Chunks, Event, Status, TaskId, TaskStatus},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{Instant, interval_at},
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

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
    /// Whether somebody had its message before.
    redelivered: bool,
    worker: String,
    cancel: CancellationToken,
}

/// What ends the work of a node.
#[derive(Clone)]
struct Stops {
    /// No task is taken any more.
    stop: CancellationToken,
    /// Those under way are handed back.
    hand_back: CancellationToken,
}

impl Bus {
    /// Takes tasks until `stop`; then waits for those that are out, and hands back what takes too long.
    pub(super) async fn take_tasks(&self, stop: CancellationToken) {
        if self.parts().slots == 0 {
            return stop.cancelled().await;
        }
        let queues = self.own_queues();
        futures::future::join_all(queues.iter().map(|queue| self.take_from(queue, &stop))).await;
    }

    /// Takes tasks from one queue.
    async fn take_from(&self, queue: &str, stop: &CancellationToken) {
        let prefetch = u16::try_from(self.parts().slots).unwrap_or(u16::MAX);
        let (mut tasks, stops) =
            (JoinSet::new(), Stops { stop: stop.clone(), hand_back: CancellationToken::new() });
        let mut reached = true;
        while !stop.is_cancelled() {
            match self.broker().consume(queue, prefetch).await {
                Ok(consumer) => {
                    reached = true;
                    self.take_with(consumer, &mut tasks, &stops).await;
                }
                Err(error) => {
                    // once, not at every attempt
                    if std::mem::take(&mut reached) {
                        tracing::warn!(queue, %error, "the queue of tasks cannot be reached");
                    }
                }
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = stop.cancelled() => {}
            }
        }
        self.finish(tasks, &stops.hand_back).await;
    }

    async fn take_with(&self, mut consumer: Consumer, tasks: &mut JoinSet<()>, stops: &Stops) {
        loop {
            tokio::select! {
                () = stops.stop.cancelled() => return,
                Some(ended) = tasks.join_next() => note(ended),
                delivery = consumer.next() => match delivery {
                    Some(delivery) => {
                        let (bus, stops) = (self.clone(), stops.clone());
                        tasks.spawn(async move { bus.deliver(delivery, stops).await });
                    }
                    None => return,
                },
            }
        }
    }

    /// Waits for the tasks that are out; hands back what takes too long.
    async fn finish(&self, mut tasks: JoinSet<()>, hand_back: &CancellationToken) {
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

    async fn deliver(&self, delivery: Delivery, stops: Stops) {
        let place = tokio::select! {
            place = Arc::clone(&self.0.places).acquire_owned() => place,
            // it goes back, for another node
            () = stops.stop.cancelled() => return,
        };
        let message = &delivery.message;
        if delivery.attempt > 1 {
            count(&self.tally().redelivered);
        }
        let readable = (message.version == TaskMessage::VERSION)
            .then(|| serde_json::from_slice::<TaskMessage>(&message.body).ok())
            .flatten();
        let Some(TaskMessage { run, task, attempt }) = readable else {
            let reason = format!("a message of version {} that this bus cannot read", message.version);
            tracing::error!(message = message.id, "a task cannot be read and is given up");
            count(&self.tally().given_up);
            return answered(delivery.give_up(reason).await);
        };
        let (worker, cancel) = (self.worker_name(), CancellationToken::new());
        let hand = Hand { run, task, attempt, redelivered: delivery.attempt > 1, worker, cancel };
        let outcome = if delivery.attempt > MOST_DELIVERIES {
            let times =
                msg!("whoever did this went away {count} times before it was done", count = MOST_DELIVERIES);
            self.fail(&hand, StepError::ours(times)).await
        } else {
            let task =
                tracing::info_span!("task", run = %hand.run, task = %hand.task, attempt = hand.attempt);
            self.do_task(&hand, &stops).instrument(task).await
        };
        drop(place);
        let pause = PAUSE * 2_u32.saturating_pow(delivery.attempt.saturating_sub(1).min(6));
        match outcome {
            Ok(Next::Forget) | Err(BusError::Missing) => answered(delivery.ack().await),
            Ok(Next::GiveUp(reason)) => {
                count(&self.tally().given_up);
                answered(delivery.give_up(reason).await);
            }
            Ok(Next::Again) => answered(delivery.nack(pause).await),
            Err(BusError::Backplane(error)) if error.trouble == Trouble::Corrupt => {
                answered(delivery.give_up(error.to_string()).await);
            }
            // the node stops while the store is away: the message goes back as it came
            Err(error) if is_away(&error) && stops.stop.is_cancelled() => {}
            Err(error) => {
                tracing::warn!(run = hand.run, %error, "a task has to be done again");
                answered(delivery.nack(pause).await);
            }
        }
    }

    /// Does a task; says what becomes of its message.
    async fn do_task(&self, hand: &Hand, stops: &Stops) -> Result<Next, BusError> {
        // a store that is away must not use up the deliveries of a task
        // what this node saved last says enough if it knows of the task, unless another may have done it since
        let lately = self.lines().lately(&hand.run).filter(|_| !hand.redelivered);
        let lately = lately.filter(|known| self.is_wanted(&known.record, hand));
        let known = match lately {
            Some(known) => known,
            None => self.patiently(&stops.stop, || self.known(&hand.run)).await?,
        };
        if !self.is_wanted(&known.record, hand) {
            return Ok(Next::Forget);
        }
        let _in_hand = match self.hands().take(&hand.run, (hand.task, hand.attempt), &hand.cancel) {
            Ok(in_hand) => in_hand,
            // a second message for what is being done: the first one will be answered
            Err(Busy::Same) => return Ok(Next::Forget),
            // this is the only message for this attempt: forgotten, the task would wait until the sweeper finds it
            Err(Busy::Other) => return Ok(Next::Again),
        };
        let Some((known, _memory)) = self.wait_for_memory(hand, known, &stops.stop).await? else {
            return Ok(Next::Forget);
        };
        self.note_taken(&known.record, hand);
        let start = Instant::now();
        let made = self.work_on(hand, &known, &stops.hand_back).await;
        self.tally().busy.fetch_sub(1, Relaxed);
        self.tally().took.note(u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX));
        self.say_all(hand, known, Arc::new(made), &stops.hand_back).await
    }

    /// Takes the memory for a task; `None` if it is not wanted any more when there is room for it.
    async fn wait_for_memory(
        &self,
        hand: &Hand,
        known: Known,
        stop: &CancellationToken,
    ) -> Result<Option<(Known, Held)>, BusError> {
        let start = Instant::now();
        let held = tokio::select! {
            held = self.budget().take(self.memory_of(&known.record, hand.task)) => held,
            () = stop.cancelled() => {
                let stopping = BackplaneError::new(Trouble::Unavailable, msg!("the server is stopping"));
                return Err(stopping.into());
            }
        };
        if start.elapsed() < LOOK {
            return Ok(Some((known, held)));
        }
        let known = self.patiently(stop, || self.known(&hand.run)).await?;
        Ok(self.is_wanted(&known.record, hand).then_some((known, held)))
    }

    fn note_taken(&self, record: &RunRecord, hand: &Hand) {
        self.tally().busy.fetch_add(1, Relaxed);
        let task = record.state.tasks.get(&hand.task);
        if let Some(TaskStatus::Due { since }) = task.map(|task| &task.status) {
            self.tally().waited.note(self.now().saturating_sub(*since).max(0).unsigned_abs());
        }
    }

    /// Saves how a task ended, also if the store has to be waited for: the work is done.
    async fn say_all(
        &self,
        hand: &Hand,
        known: Known,
        made: Arc<Made>,
        hand_back: &CancellationToken,
    ) -> Result<Next, BusError> {
        let stopped = made.cut.is_empty() && made.result.as_ref().is_err_and(StepError::is_cancelled);
        if stopped && hand_back.is_cancelled() {
            count(&self.tally().handed_back);
            let worker = hand.worker.clone();
            self.tell(&hand.run, taken(hand, self.until())).await?;
            let back = Event::Restarted { node: worker, alive: "-".to_owned() };
            return self.tell(&hand.run, back).await.map(|_| Next::Forget);
        }
        if stopped {
            return self.say_stopped(hand, made).await;
        }
        let first = self.say(hand, known, &made).await;
        match first {
            Err(error) if is_away(&error) => {
                let again = || async { self.say(hand, self.known(&hand.run).await?, &made).await };
                self.patiently(hand_back, again).await
            }
            said => said,
        }
    }

    /// Saves how far a task came that was stopped: because its run was ended, or because another worker has
    /// it, whose word counts then. One that was stopped although it is wanted is done again: the word to stop was meant
    /// for an attempt before this one, and came late.
    async fn say_stopped(&self, hand: &Hand, made: Arc<Made>) -> Result<Next, BusError> {
        let Hand { task, attempt, .. } = *hand;
        let saved = self.change(&hand.run, None, move |record, _| {
            let current = record.state.tasks.get(&task);
            let current = current.is_some_and(|task| task.attempt == attempt && !task.is_done());
            if record.state.status == Status::Cancelled && current {
                record.reports.insert(task, made.report.clone().into());
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
            record: Arc::clone(&known.record),
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
                self.change(&hand.run, Some(known), move |record, now| record.state.on(event.clone(), now));
            let held = held.await;
            if held.is_ok_and(|known| !self.is_wanted(&known.record, hand)) {
                hand.cancel.cancel();
            }
        }
    }

    fn until(&self) -> i64 {
        self.now().saturating_add(i64::try_from(self.settings().lease.as_millis()).unwrap_or(i64::MAX))
    }

    /// Saves how a task ended.
    async fn say(&self, hand: &Hand, known: Known, made: &Arc<Made>) -> Result<Next, BusError> {
        let Hand { task, attempt, .. } = *hand;
        let event = match &made.result {
            _ if !made.cut.is_empty() => {
                let stages = stages::specs(&made.cut, known.record.stages.len());
                Event::Cut { task, attempt, stages }
            }
            Ok(unchanged) => {
                Event::Done { task, attempt, chunks: made.chunks.clone(), unchanged: *unchanged }
            }
            Err(error) => Event::Failed { task, attempt, error: error.clone() },
        };
        let (bus, told) = (self.clone(), Arc::clone(made));
        let saved = self.change(&hand.run, Some(known), move |record, now| {
            let current = record.state.tasks.get(&task).is_some_and(|task| task.attempt == attempt);
            // also of a run that was cancelled meanwhile: how far it came
            if current && !record.state.tasks.get(&task).is_some_and(bus_core::run::Task::is_done) {
                if record.state.status == Status::Running && !told.cut.is_empty() {
                    record.stages.make_mut().extend(told.cut.iter().cloned());
                }
                record.reports.remove(&task);
                let mut report = told.report.clone();
                trim(&mut report, record, bus.settings());
                record.reports.insert(task, report.into());
            }
            record.state.on(event.clone(), now)
        });
        let known = saved.await?;
        self.note_end(hand, &known.record, made.result.is_ok() || !made.cut.is_empty());
        let failed = known.record.state.tasks.get(&task).and_then(|task| match &task.status {
            TaskStatus::Failed(error) => Some(error),
            TaskStatus::Due { .. } | TaskStatus::Out { .. } | TaskStatus::Done => None,
        });
        let hopeless = failed.filter(|error| error.retry || error.fault == Fault::Ours);
        Ok(hopeless.map_or(Next::Forget, |error| Next::GiveUp(error.text(known.record.language))))
    }

    fn note_end(&self, hand: &Hand, record: &RunRecord, is_done: bool) {
        let tried_again = record.state.tasks.get(&hand.task).is_some_and(|task| task.attempt > hand.attempt);
        count(match (is_done, tried_again) {
            (true, _) => &self.tally().done,
            (false, true) => &self.tally().retried,
            (false, false) => &self.tally().failed,
        });
    }

    /// Gives a task up that was not done.
    async fn fail(&self, hand: &Hand, error: StepError) -> Result<Next, BusError> {
        let known = self.known(&hand.run).await?;
        if !self.is_wanted(&known.record, hand) {
            return Ok(Next::Forget);
        }
        self.say(hand, known, &Arc::new(Made::failed(error))).await
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

fn answered(result: Result<(), BackplaneError>) {
    if let Err(error) = result {
        tracing::warn!(%error, "an answer did not reach the broker: the message comes again");
    }
}
