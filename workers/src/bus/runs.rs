//! Runs in the store: read, changed by compare-and-set, and what follows from a change.

use super::{
    Bus, BusError,
    lines::{Round, Waiting},
    memory::remember,
    queues::queue_of,
    record::{RUNS, RunRecord},
    tally::count,
    watch::Note,
    worker::TaskMessage,
};
use backplane::{BackplaneError, Expect, Message, Priority, Revision, Trouble};
use bus_core::{
    msg,
    run::{Effect, Event, RunState, Status, TaskId, TaskStatus},
};
use futures::future::BoxFuture;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::oneshot,
    task::JoinSet,
    time::{Instant, sleep},
};

/// A run as it was read or saved.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) record: Arc<RunRecord>,
    pub(super) revision: Revision,
}

/// How long a change waits at most for others of the same run, where others are to be expected: a save costs the
/// more the larger the run is, however little has changed.
const GATHER: Duration = Duration::from_millis(3);

/// How often a change is tried when others change the same run.
const TRIES: usize = 1_000;

impl Bus {
    pub(super) async fn known(&self, run: &str) -> Result<Known, BusError> {
        let document = self.store().get(RUNS, run).await?.ok_or(BusError::Missing)?;
        Ok(Known { record: Arc::new(RunRecord::read(&document.body)?), revision: document.revision })
    }

    /// Tells a run what happened, and does what follows from it.
    pub(super) async fn tell(&self, run: &str, event: Event) -> Result<Known, BusError> {
        self.change(run, None, move |record, now| record.state.on(event.clone(), now)).await
    }

    /// Changes a run as it stands now, together with whatever else changes it. `known` saves a read where
    /// nobody else has changed it; a change that changes nothing is not saved.
    pub(super) async fn change(
        &self,
        run: &str,
        known: Option<Known>,
        change: impl Fn(&mut RunRecord, i64) -> Vec<Effect> + Send + Sync + 'static,
    ) -> Result<Known, BusError> {
        let (saved, heard) = oneshot::channel();
        if self.lines().join(run, known, Waiting { change: Box::new(change), saved }) {
            // whoever waits may go away; those in line behind it must not wait for ever
            self.lines().begin(self.clone().save_line(run.to_owned()));
        }
        heard.await.unwrap_or_else(|_| Err(self.lines().lost(run)))
    }

    /// Saves changes of a run until none waits. What follows from one save is done while the next is under way, and
    /// in the order of the saves.
    fn save_line(self, run: String) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            // what follows from the last save, which waits for what follows from those before it
            let mut acting = JoinSet::new();
            loop {
                self.gather(&run).await;
                if self.lines().waiting(&run) == 0 && !acting.is_empty() {
                    over(&mut acting).await;
                    continue;
                }
                let Some(mut round) = self.lines().next(&run) else { return };
                match self.save_together(&run, &mut round).await {
                    Ok((known, effects)) => {
                        let before = std::mem::take(&mut acting);
                        let follow =
                            self.clone().follow(run.clone(), (known, effects), round.changes, before);
                        acting.spawn(follow);
                    }
                    Err(error) => {
                        self.lines().note(&run, None);
                        answer(round.changes, &Err(error));
                    }
                }
            }
        })
    }

    /// Does what follows from a save, after what follows from the one before it, and tells those who waited for it.
    async fn follow(
        self,
        run: String,
        (known, effects): (Known, Option<Vec<Effect>>),
        changes: Vec<Waiting>,
        mut before: JoinSet<()>,
    ) {
        over(&mut before).await;
        if let Some(effects) = effects {
            self.act(&run, &known.record, &effects).await;
        }
        answer(changes, &Ok(known));
    }

    /// Waits a moment for what other tasks of the run that this node does are about to say.
    async fn gather(&self, run: &str) {
        let until = Instant::now() + GATHER;
        while (1..self.hands().of(run)).contains(&self.lines().waiting(run)) && Instant::now() < until {
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// The run as it stands then, and what follows from that; nothing follows if nothing has changed.
    async fn save_together(
        &self,
        run: &str,
        round: &mut Round,
    ) -> Result<(Known, Option<Vec<Effect>>), BusError> {
        for _ in 0..TRIES {
            let Known { record: before, revision } = match round.last.take() {
                Some(known) => known,
                None => {
                    round.read = true;
                    self.known(run).await?
                }
            };
            let mut record = RunRecord::clone(&before);
            let now = self.now();
            let effects: Vec<Effect> =
                round.changes.iter().flat_map(|waiting| (waiting.change)(&mut record, now)).collect();
            if record == *before {
                if !round.read {
                    continue;
                }
                let known = Known { record: before, revision };
                self.lines().note(run, Some(known.clone()));
                return Ok((known, None));
            }
            record.ended = record.state.has_ended().then(|| record.ended.unwrap_or(now));
            match self.store().save(RUNS, run, record.body()?, Expect::Revision(revision)).await {
                Ok(revision) => {
                    count(&self.tally().saves);
                    let known = Known { record: Arc::new(record), revision };
                    // first: whoever takes a task that is published now finds it in what is remembered
                    self.lines().note(run, Some(known.clone()));
                    return Ok((known, Some(effects)));
                }
                Err(error) if error.trouble == Trouble::Conflict => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(BusError::Conflict { revision: 0 })
    }

    /// Does what follows from a saved change. What cannot be done now is made up for by the sweeper.
    pub(super) async fn act(&self, run: &str, record: &RunRecord, effects: &[Effect]) {
        // messages of one channel keep their order, also if nobody waits for each
        let done = effects.iter().map(|effect| async move {
            match effect {
                Effect::Publish { task, attempt, delay } => {
                    self.publish(run, record, (*task, *attempt), *delay).await
                }
                Effect::Stop { task } => {
                    let topic = format!("run.{}.{run}.stop", record.workflow);
                    self.broker().announce(&topic, task.to_string().into_bytes()).await
                }
                Effect::Ended(status) => {
                    self.ended(run, record, *status).await;
                    Ok(())
                }
            }
        });
        let done = futures::future::join_all(done).await;
        if let Some(error) = done.into_iter().find_map(Result::err) {
            tracing::warn!(run, %error, "what follows from a change of a run has to wait");
            self.unsent().note(run);
        }
        self.announce(run, record, &Note::Changed(record.state.status)).await;
    }

    async fn publish(
        &self,
        run: &str,
        record: &RunRecord,
        (task, attempt): (TaskId, u32),
        delay: i64,
    ) -> Result<(), BackplaneError> {
        let message = TaskMessage { run: run.to_owned(), task, attempt };
        // a run has its share of the queue's head; the rest of a large one lets others pass
        let priority = if open_before(&record.state, task) < self.share().limit() {
            record.priority
        } else {
            Priority::Heavy
        };
        let delay = Duration::from_millis(delay.max(0).unsigned_abs());
        let message = Message {
            id: format!("{run}/{task}/{attempt}"),
            version: TaskMessage::VERSION,
            priority,
            body: serde_json::to_vec(&message).unwrap_or_default(),
        };
        let stage = usize::try_from(task.stage).ok().and_then(|stage| record.stages.get(stage));
        let label = stage.map_or("", |stage| stage.label(&record.document));
        self.broker().publish(&queue_of(label), message, delay).await
    }

    async fn ended(&self, run: &str, record: &RunRecord, status: Status) {
        self.share().leave(&record.workflow, run);
        let topic = format!("ended.{}.{run}", record.workflow);
        if let Err(error) = self.broker().announce(&topic, Vec::new()).await {
            tracing::debug!(run, %error, "other nodes do not hear that a run has ended");
        }
        if matches!(status, Status::Succeeded | Status::Unchanged)
            && let Err(error) = self.publications().prolong(&record.workflow, &record.unchanged()).await
        {
            tracing::warn!(run, %error, "what is published may leave although it is still true");
        }
        if status == Status::Succeeded
            && let Err(error) = remember(self.store(), record).await
        {
            tracing::warn!(run, %error, "what was read cannot be remembered: it will be read again");
        }
        if matches!(status, Status::Succeeded | Status::Unchanged | Status::Cancelled) {
            // a failed run can be resumed, so what it has made stays for its time
            let made = record.state.tasks.values().flat_map(|task| task.outputs.keys());
            let deleted = futures::future::join_all(made.map(|name| self.store().delete_chunk(name))).await;
            if let Some(error) = deleted.into_iter().find_map(Result::err) {
                tracing::warn!(run, %error, "chunks of a run that has ended stay for their time");
            }
        }
        Box::pin(self.admit(&record.workflow)).await;
    }
}

/// Waits until what follows from a save is done.
async fn over(acting: &mut JoinSet<()>) {
    while let Some(ended) = acting.join_next().await {
        let Err(error) = ended else { continue };
        tracing::error!(%error, "what follows from a change of a run broke down: the sweeper makes up for it");
    }
}

/// Tells all who wait for a save.
fn answer(changes: Vec<Waiting>, saved: &Result<Known, BusError>) {
    for waiting in changes {
        // nobody may wait for it any more
        let _heard = waiting.saved.send(saved.clone());
    }
}

/// A save went away without a word.
pub(super) fn trouble_of_ours() -> BusError {
    BackplaneError::new(Trouble::Unavailable, msg!("the server is stopping")).into()
}

/// How many tasks of the run before this one are not done.
fn open_before(state: &RunState, task: TaskId) -> usize {
    let open = |status: &TaskStatus| matches!(status, TaskStatus::Due { .. } | TaskStatus::Out { .. });
    state.tasks.range(..task).filter(|(_, task)| open(&task.status)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bus_core::run::{Chunks, StageSpec};

    #[test]
    fn tasks_behind_others_of_their_run_are_counted() {
        let source = StageSpec { inputs: Vec::new(), gathers: false, parts: 2 };
        let mut state = RunState::new(vec![source.clone(), source]);
        state.on(Event::Begin, 0);
        let last = TaskId { stage: 1, part: 1 };
        assert_eq!(open_before(&state, last), 3);
        let task = TaskId { stage: 0, part: 0 };
        state.on(Event::Done { task, attempt: 1, chunks: Chunks::new(), unchanged: false }, 1);
        assert_eq!(open_before(&state, last), 2);
        assert_eq!(open_before(&state, TaskId { stage: 0, part: 1 }), 0);
    }
}
