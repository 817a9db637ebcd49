use super::{Chunks, Task, TaskId, TaskStatus};
use crate::{error::StepError, msg};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a stage needs to be scheduled; made from the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageSpec {
    /// What it takes chunks from; a source takes none, or only whole ones.
    pub inputs: Vec<StageInput>,
    /// Whether it needs all chunks before it can begin.
    pub gathers: bool,
    /// In how many parts a source is done that can be split. A stage that streams has a part for each chunk
    /// instead, one that gathers is done once.
    pub parts: u32,
}

impl StageSpec {
    /// Whether it reads what no other stage has made.
    pub(super) fn is_source(&self) -> bool {
        !self.gathers && self.inputs.iter().all(|input| input.whole)
    }
}

/// Where a stage takes chunks from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageInput {
    /// The stage, by place; it comes before the one that takes from it.
    pub stage: u32,
    /// The output port, as [`super::Chunk::port`] says it.
    pub port: String,
    /// Whether each of its parts needs all of these chunks, and waits for them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Not begun.
    Waiting,
    /// Tasks are due or out.
    Running,
    /// All is done.
    Succeeded,
    /// All is done, and there was nothing new.
    Unchanged,
    /// A task was tried often enough; the run can be resumed from there.
    Failed,
    /// Somebody ended it.
    Cancelled,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The run is to begin.
    Begin,
    /// A worker wants to do an attempt.
    Taken {
        /// The task.
        task: TaskId,
        /// The attempt it was asked to do.
        attempt: u32,
        /// Who.
        worker: String,
        /// Until when it has it, ms since the Unix epoch; sent again to make that longer.
        until: i64,
    },
    /// An attempt has made chunks and goes on.
    Produced {
        /// The task.
        task: TaskId,
        /// The attempt.
        attempt: u32,
        /// The new chunks.
        chunks: Chunks,
    },
    /// An attempt is done.
    Done {
        /// The task.
        task: TaskId,
        /// The attempt.
        attempt: u32,
        /// All chunks it has made.
        chunks: Chunks,
        /// Whether its source found nothing new.
        unchanged: bool,
    },
    /// Instead of doing its task, an attempt has found out how it is better done: in these stages.
    Cut {
        /// The task.
        task: TaskId,
        /// The attempt.
        attempt: u32,
        /// The stages that do it, behind those there are; they take from each other, counted from 0.
        stages: Vec<StageSpec>,
    },
    /// An attempt has failed.
    Failed {
        /// The task.
        task: TaskId,
        /// The attempt.
        attempt: u32,
        /// Why.
        error: StepError,
    },
    /// Somebody ends the run.
    Cancel,
    /// Somebody mended what was wrong: what failed is tried again.
    Resume,
    /// Time has passed: look for what stayed out too long.
    Tick {
        /// A due task that nobody has taken is published again after this time, ms.
        patience: i64,
    },
    /// A node has started again: what its workers had before will not be done.
    Restarted {
        /// What the names of the node's workers begin with.
        node: String,
        /// What those of its workers that live now begin with.
        alive: String,
    },
}

/// What is to be done after the state was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Publish an attempt of a task, to begin not before a delay.
    Publish {
        /// The task.
        task: TaskId,
        /// The attempt.
        attempt: u32,
        /// How long to wait, ms.
        delay: i64,
    },
    /// Tell whoever does the task to stop.
    Stop {
        /// The task.
        task: TaskId,
    },
    /// The run has ended like this.
    Ended(Status),
}

/// Attempts before a task is given up.
pub(super) const MOST_ATTEMPTS: u32 = 3;
/// How often a task may take its worker with it before it is given up.
const MOST_LOST: u32 = 10;
/// The first pause before an attempt after a failure, ms; each further one is four times as long.
const PAUSE: i64 = 1_000;

/// The state of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunState {
    /// How it stands.
    pub status: Status,
    /// Its stages.
    pub stages: Vec<StageSpec>,
    /// Its tasks so far.
    pub tasks: BTreeMap<TaskId, Task>,
    /// Which chunk a task of a streaming stage was made for.
    pub(super) parts: BTreeMap<u32, BTreeMap<String, u32>>,
    /// Stages left out since nothing reached them that is new.
    pub(super) skipped: Vec<u32>,
}

impl RunState {
    /// A run of these stages, not begun.
    #[must_use]
    pub const fn new(stages: Vec<StageSpec>) -> Self {
        Self {
            status: Status::Waiting,
            stages,
            tasks: BTreeMap::new(),
            parts: BTreeMap::new(),
            skipped: Vec::new(),
        }
    }

    /// Whether the run has ended.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        matches!(self.status, Status::Succeeded | Status::Unchanged | Status::Failed | Status::Cancelled)
    }

    /// Applies an event at `now` (ms since the Unix epoch). What does not fit the state any more (an old
    /// attempt, a run that has ended) changes nothing.
    pub fn on(&mut self, event: Event, now: i64) -> Vec<Effect> {
        let mut effects = Vec::new();
        match event {
            Event::Begin if self.status == Status::Waiting => {
                self.status = Status::Running;
                self.advance(now, &mut effects);
            }
            Event::Resume if self.status == Status::Failed => self.resume(now, &mut effects),
            Event::Cancel if !self.has_ended() => {
                self.end(Status::Cancelled, &mut effects);
            }
            _ if self.status != Status::Running => {}
            Event::Taken { task, attempt, worker, until } => self.taken((task, attempt), worker, until, now),
            Event::Produced { task, attempt, chunks } => {
                if let Some(known) = self.attempt(task, attempt) {
                    known.outputs.extend(chunks);
                    self.advance(now, &mut effects);
                }
            }
            Event::Done { task, attempt, chunks, unchanged } => {
                if let Some(known) = self.attempt(task, attempt) {
                    known.status = TaskStatus::Done;
                    let is_news = known.outputs != chunks;
                    known.outputs = chunks;
                    known.unchanged = unchanged && !known.forced;
                    // one of many parts that has made nothing more: others wait for all of them
                    if is_news || self.tasks_of(task.stage).all(|(_, task)| task.is_done()) {
                        self.advance(now, &mut effects);
                    }
                }
            }
            Event::Cut { task, attempt, stages } if !stages.is_empty() => {
                if let Some(known) = self.attempt(task, attempt) {
                    known.status = TaskStatus::Done;
                    known.outputs.clear();
                    // itself it has brought nothing new
                    known.unchanged = true;
                    self.append(stages);
                    self.advance(now, &mut effects);
                }
            }
            Event::Failed { task, attempt, error } => self.failed(task, attempt, error, now, &mut effects),
            Event::Tick { patience } => {
                self.tick(now, &mut effects, |status| match status {
                    TaskStatus::Due { since } => since.saturating_add(patience) <= now,
                    TaskStatus::Out { until, .. } => *until <= now,
                    TaskStatus::Done | TaskStatus::Failed(_) => false,
                });
            }
            Event::Restarted { node, alive } => {
                self.tick(now, &mut effects, |status| match status {
                    TaskStatus::Due { .. } => true,
                    TaskStatus::Out { worker, .. } => {
                        worker.starts_with(&node) && !worker.starts_with(&alive)
                    }
                    TaskStatus::Done | TaskStatus::Failed(_) => false,
                });
            }
            Event::Begin | Event::Resume | Event::Cancel | Event::Cut { .. } => {}
        }
        effects
    }

    /// A task whose current attempt this is and that is not done: what an event may still change.
    ///
    /// Also one that is due: its worker was thought dead, and was only slow.
    fn attempt(&mut self, task: TaskId, attempt: u32) -> Option<&mut Task> {
        let known = self.tasks.get_mut(&task)?;
        let open = matches!(known.status, TaskStatus::Due { .. } | TaskStatus::Out { .. });
        (open && known.attempt == attempt).then_some(known)
    }

    fn taken(&mut self, (task, attempt): (TaskId, u32), worker: String, until: i64, now: i64) {
        let Some(known) = self.attempt(task, attempt) else { return };
        let free = match &known.status {
            // whoever had it has not said for too long that it still does
            TaskStatus::Out { worker: other, until } => *other == worker || *until <= now,
            _ => true,
        };
        if free {
            known.status = TaskStatus::Out { worker, until };
        }
    }

    fn failed(&mut self, task: TaskId, attempt: u32, error: StepError, now: i64, effects: &mut Vec<Effect>) {
        let Some(known) = self.attempt(task, attempt) else { return };
        if error.retry && attempt < MOST_ATTEMPTS {
            let delay = PAUSE << (2 * attempt.saturating_sub(1)).min(20);
            known.again(now.saturating_add(delay));
            effects.push(Effect::Publish { task, attempt: known.attempt, delay });
        } else {
            known.status = TaskStatus::Failed(error);
            self.end(Status::Failed, effects);
        }
    }

    fn resume(&mut self, now: i64, effects: &mut Vec<Effect>) {
        self.status = Status::Running;
        for (task, known) in &mut self.tasks {
            if !known.is_done() {
                known.again(now);
                effects.push(Effect::Publish { task: *task, attempt: known.attempt, delay: 0 });
            }
        }
    }

    /// Publishes again what nobody has taken, and what somebody took and does not answer for.
    fn tick(&mut self, now: i64, effects: &mut Vec<Effect>, is_stuck: impl Fn(&TaskStatus) -> bool) {
        let mut given_up = false;
        for (task, known) in self.tasks.iter_mut().filter(|(_, known)| is_stuck(&known.status)) {
            match &mut known.status {
                TaskStatus::Due { since } => *since = now,
                TaskStatus::Out { .. } if known.lost + 1 >= MOST_LOST => {
                    known.lost = 0;
                    let times = msg!(
                        "whoever did this went away {count} times before it was done",
                        count = MOST_LOST
                    );
                    known.status = TaskStatus::Failed(StepError::ours(times));
                    given_up = true;
                    continue;
                }
                TaskStatus::Out { .. } => {
                    known.lost += 1;
                    known.again(now);
                }
                TaskStatus::Done | TaskStatus::Failed(_) => continue,
            }
            effects.push(Effect::Publish { task: *task, attempt: known.attempt, delay: 0 });
        }
        if given_up {
            effects.retain(|effect| !matches!(effect, Effect::Publish { .. }));
            self.end(Status::Failed, effects);
        }
    }

    pub(super) fn end(&mut self, status: Status, effects: &mut Vec<Effect>) {
        self.status = status;
        let out = self.tasks.iter().filter(|(_, task)| matches!(task.status, TaskStatus::Out { .. }));
        effects.extend(out.map(|(task, _)| Effect::Stop { task: *task }));
        effects.push(Effect::Ended(status));
    }
}
