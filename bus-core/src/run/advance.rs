//! What can begin, once something has happened.

use super::{Chunks, Effect, RunState, StageInput, StageSpec, Status, Task, TaskId, TaskStatus};

impl RunState {
    /// Makes the tasks that can be made, does again those whose inputs have changed, and ends the run
    /// when nothing is left.
    pub(super) fn advance(&mut self, now: i64, effects: &mut Vec<Effect>) {
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
    pub(super) fn append(&mut self, stages: Vec<StageSpec>) {
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
        self.want(TaskId { stage, part: 0 }, self.made_by(&spec.inputs), now, effects);
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

    pub(super) fn tasks_of(&self, stage: u32) -> impl Iterator<Item = (&TaskId, &Task)> {
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
