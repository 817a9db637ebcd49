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
    /// In how many parts it is done: those of a source that can be split, or the partitions of one that
    /// gathers. A stage that streams has a part for each chunk instead.
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
    parts: BTreeMap<u32, BTreeMap<String, u32>>,
    /// Stages left out since nothing reached them that is new.
    skipped: Vec<u32>,
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

    fn end(&mut self, status: Status, effects: &mut Vec<Effect>) {
        self.status = status;
        let out = self.tasks.iter().filter(|(_, task)| matches!(task.status, TaskStatus::Out { .. }));
        effects.extend(out.map(|(task, _)| Effect::Stop { task: *task }));
        effects.push(Effect::Ended(status));
    }

    /// Makes the tasks that can be made, does again those whose inputs have changed, and ends the run
    /// when nothing is left.
    fn advance(&mut self, now: i64, effects: &mut Vec<Effect>) {
        for stage in 0..u32::try_from(self.stages.len()).unwrap_or(u32::MAX) {
            let Some(spec) = self.stages.get(stage as usize).cloned() else { break };
            if spec.gathers {
                self.gather(stage, &spec, now, effects);
            } else {
                self.stream(stage, &spec, now, effects);
            }
        }
        let all_done =
            (0..self.stages.len()).all(|stage| self.is_complete(u32::try_from(stage).unwrap_or(u32::MAX)));
        if all_done && self.status == Status::Running {
            let is_source =
                |task: &TaskId| self.stages.get(task.stage as usize).is_some_and(StageSpec::is_source);
            let mut sources = self.tasks.iter().filter(|(task, _)| is_source(task)).peekable();
            let unchanged = sources.peek().is_some() && sources.all(|(_, task)| task.unchanged);
            self.end(if unchanged { Status::Unchanged } else { Status::Succeeded }, effects);
        }
    }

    /// A source has its parts, a stage that streams one for each chunk; both begin when what they need whole
    /// is there.
    fn stream(&mut self, stage: u32, spec: &StageSpec, now: i64, effects: &mut Vec<Effect>) {
        let (whole, others): (Vec<_>, Vec<_>) = spec.inputs.iter().cloned().partition(|input| input.whole);
        if !whole.iter().all(|input| self.is_complete(input.stage)) {
            return;
        }
        let beside = self.made_by(&whole);
        if others.is_empty() {
            for part in 0..spec.parts.max(1) {
                self.want(TaskId { stage, part }, beside.clone(), now, effects);
            }
            return;
        }
        let chunks = self.made_by(&others);
        let known: Chunks =
            chunks.iter().chain(&beside).map(|(name, chunk)| (name.clone(), chunk.clone())).collect();
        self.retire(stage, &known, effects);
        for (name, chunk) in chunks {
            let part = self.part_of(stage, &name);
            let mut inputs = beside.clone();
            inputs.insert(name, chunk);
            self.want(TaskId { stage, part }, inputs, now, effects);
        }
    }

    /// Adds stages that take from each other, counted from 0.
    fn append(&mut self, stages: Vec<StageSpec>) {
        let before = u32::try_from(self.stages.len()).unwrap_or(u32::MAX);
        self.stages.extend(stages.into_iter().map(|mut spec| {
            spec.inputs.iter_mut().for_each(|input| input.stage = input.stage.saturating_add(before));
            spec
        }));
    }

    /// A stage that gathers begins when all it needs is there; if nothing of it is new, it is left out.
    fn gather(&mut self, stage: u32, spec: &StageSpec, now: i64, effects: &mut Vec<Effect>) {
        if !spec.inputs.iter().all(|input| self.is_complete(input.stage)) {
            return;
        }
        let before = self.sources_of(stage);
        let old = |state: &Self, task: &TaskId| state.tasks.get(task).is_some_and(|task| task.unchanged);
        let unchanged: Vec<TaskId> = before.iter().filter(|task| old(self, task)).copied().collect();
        if !before.is_empty() && unchanged.len() == before.len() {
            if !self.skipped.contains(&stage) {
                self.skipped.push(stage);
            }
            return;
        }
        if !unchanged.is_empty() {
            // the other side is new, so this side is needed after all
            for task in unchanged {
                if let Some(known) = self.tasks.get_mut(&task) {
                    known.forced = true;
                    known.again(now);
                    effects.push(Effect::Publish { task, attempt: known.attempt, delay: 0 });
                }
            }
            return;
        }
        let chunks = self.made_by(&spec.inputs);
        for part in 0..spec.parts.max(1) {
            let own = |chunk: &super::Chunk| chunk.partition.is_none_or(|partition| partition == part);
            let inputs = chunks
                .iter()
                .filter(|(_, chunk)| own(chunk))
                .map(|(name, chunk)| (name.clone(), chunk.clone()));
            self.want(TaskId { stage, part }, inputs.collect(), now, effects);
        }
    }

    /// Sees to it that a task is done with these inputs: makes it, or does it again if they are others.
    fn want(&mut self, task: TaskId, inputs: Chunks, now: i64, effects: &mut Vec<Effect>) {
        match self.tasks.get_mut(&task) {
            Some(known) if known.inputs == inputs => return,
            Some(known) => {
                known.inputs = inputs;
                known.again(now);
            }
            None => {
                self.tasks.insert(task, Task::due(inputs, now));
            }
        }
        let attempt = self.tasks.get(&task).map_or(1, |known| known.attempt);
        effects.push(Effect::Publish { task, attempt, delay: 0 });
    }

    /// Takes back the tasks of a streaming stage whose chunk a later attempt did not make again.
    fn retire(&mut self, stage: u32, chunks: &Chunks, effects: &mut Vec<Effect>) {
        let of_stage = self.tasks.iter_mut().filter(|(task, _)| task.stage == stage);
        for (task, known) in
            of_stage.filter(|(_, known)| known.inputs.keys().any(|name| !chunks.contains_key(name)))
        {
            known.inputs.clear();
            known.outputs.clear();
            known.status = TaskStatus::Done;
            effects.push(Effect::Stop { task: *task });
        }
    }

    /// The part that does a chunk, in a stage that streams.
    fn part_of(&mut self, stage: u32, chunk: &str) -> u32 {
        let parts = self.parts.entry(stage).or_default();
        let next = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        *parts.entry(chunk.to_owned()).or_insert(next)
    }

    fn made_by(&self, inputs: &[StageInput]) -> Chunks {
        let made = self.tasks.iter().flat_map(|(task, known)| {
            let wanted =
                move |port: &str| inputs.iter().any(|input| input.stage == task.stage && input.port == port);
            known.outputs.iter().filter(move |(_, chunk)| wanted(&chunk.port))
        });
        made.map(|(name, chunk)| (name.clone(), chunk.clone())).collect()
    }

    fn tasks_of(&self, stage: u32) -> impl Iterator<Item = (&TaskId, &Task)> {
        self.tasks.range(TaskId { stage, part: 0 }..=TaskId { stage, part: u32::MAX })
    }

    /// Whether a stage has made everything it will make.
    fn is_complete(&self, stage: u32) -> bool {
        let Some(spec) = self.stages.get(stage as usize) else { return true };
        if self.skipped.contains(&stage) {
            return true;
        }
        let mut tasks = self.tasks_of(stage).peekable();
        let begun = tasks.peek().is_some() || !(spec.is_source() || spec.gathers);
        begun
            && tasks.all(|(_, task)| task.is_done())
            && spec.inputs.iter().all(|input| self.is_complete(input.stage))
    }

    /// The tasks of the sources a stage takes from, at any distance.
    fn sources_of(&self, stage: u32) -> Vec<TaskId> {
        let (mut waiting, mut found) = (vec![stage], Vec::new());
        while let Some(stage) = waiting.pop() {
            let Some(spec) = self.stages.get(stage as usize) else { continue };
            if spec.is_source() {
                found.extend(
                    self.tasks
                        .keys()
                        .filter(|task| task.stage == stage && !found.contains(*task))
                        .copied()
                        .collect::<Vec<_>>(),
                );
            }
            waiting.extend(spec.inputs.iter().map(|input| input.stage));
        }
        found
    }
}
