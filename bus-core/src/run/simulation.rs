//! Runs under every order of events: duplicated, late, lost, with workers that die and sources that change.

use super::{state::MOST_ATTEMPTS, *};
use crate::{error::StepError, msg};
use proptest::prelude::*;

const PORTS: [&str; 2] = ["a.out", "a.errors"];
const PATIENCE: i64 = 60_000;

/// A choice of what happens next, made by proptest.
type Choice = (u8, u16);

struct World {
    state: RunState,
    now: i64,
    /// Published and not taken off the queue: task and attempt.
    queue: Vec<(TaskId, u32)>,
    /// What was said once may be said again.
    said: Vec<Event>,
    ends: Vec<Status>,
    /// The stages that whoever does the only task of a run finds to be better, and when it was cut.
    better: Vec<StageSpec>,
}

impl World {
    fn new(stages: Vec<StageSpec>) -> Self {
        Self::that_is_cut(stages, Vec::new())
    }

    fn that_is_cut(stages: Vec<StageSpec>, better: Vec<StageSpec>) -> Self {
        let mut world = Self {
            better,
            state: RunState::new(stages),
            now: 0,
            queue: Vec::new(),
            said: Vec::new(),
            ends: Vec::new(),
        };
        world.say(Event::Begin);
        world
    }

    fn say(&mut self, event: Event) {
        self.said.push(event.clone());
        for effect in self.state.on(event, self.now) {
            match effect {
                Effect::Publish { task, attempt, .. } => self.queue.push((task, attempt)),
                Effect::Ended(status) => self.ends.push(status),
                Effect::Stop { .. } => {}
            }
        }
    }

    /// What an attempt makes: follows from its inputs; a source may have changed since its last attempt.
    fn chunks(&self, task: TaskId, attempt: u32) -> Chunks {
        let Some(known) = self.state.tasks.get(&task) else { return Chunks::new() };
        let source = self.state.stages.get(task.stage as usize).is_some_and(StageSpec::is_source);
        let inputs: Vec<_> =
            known.inputs.iter().map(|(name, chunk)| format!("{name}={}", chunk.digest)).collect();
        let content = format!("{}{}", inputs.join(","), if source { attempt / 2 } else { 0 });
        // an attempt may find fewer parts than the one before it
        let count = if source { 3 - u32::from(attempt.is_multiple_of(2)) } else { 1 };
        let chunk = |n: u32| {
            let digest = format!("{:x}", fold(&format!("{content}/{n}")));
            let port = PORTS[n as usize % 2].to_owned();
            (format!("{task}/{n}"), Chunk { digest, records: 1, port, place: Vec::new() })
        };
        (0..count).map(chunk).collect()
    }

    fn work(&mut self, (what, which): Choice) {
        self.now += i64::from(what) * 10;
        if what % 16 == 0 {
            self.now += 100_000;
            return self.say(Event::Tick { patience: PATIENCE });
        }
        if what % 16 == 1 && !self.said.is_empty() {
            let event = self.said[usize::from(which) % self.said.len()].clone();
            return self.say(event);
        }
        if self.queue.is_empty() {
            return;
        }
        let place = usize::from(which) % self.queue.len();
        // taken off the queue, or delivered a second time
        let (task, attempt) = if what % 16 == 2 { self.queue[place] } else { self.queue.swap_remove(place) };
        let worker = format!("w{}", what % 3);
        self.say(Event::Taken { task, attempt, worker, until: self.now + 30_000 });
        let chunks = self.chunks(task, attempt);
        if task.stage == 0 && !self.better.is_empty() && what % 16 != 3 {
            return self.say(Event::Cut { task, attempt, stages: self.better.clone() });
        }
        match what % 16 {
            3 => {} // the worker dies
            4 | 5 => {
                let some = chunks.into_iter().take(usize::from(which) % 4).collect();
                self.say(Event::Produced { task, attempt, chunks: some });
            }
            6 if attempt < MOST_ATTEMPTS => {
                self.say(Event::Failed {
                    task,
                    attempt,
                    error: StepError::passing(msg!("{problem}", problem = "away")),
                });
            }
            _ => self.say(Event::Done { task, attempt, chunks, unchanged: false }),
        }
    }

    /// From now on nothing goes wrong any more.
    fn finish(&mut self) {
        for _ in 0..2_000 {
            if self.state.has_ended() {
                return;
            }
            if let Some((task, attempt)) = self.queue.pop() {
                self.say(Event::Taken { task, attempt, worker: "last".to_owned(), until: self.now + 30_000 });
                if task.stage == 0 && !self.better.is_empty() {
                    self.say(Event::Cut { task, attempt, stages: self.better.clone() });
                    continue;
                }
                let chunks = self.chunks(task, attempt);
                self.say(Event::Done { task, attempt, chunks, unchanged: false });
            } else {
                self.now += 100_000;
                self.say(Event::Tick { patience: PATIENCE });
            }
        }
    }
}

fn fold(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A few stages, each after the ones it takes from. Some sources need what others make as a whole.
fn stages() -> impl Strategy<Value = Vec<StageSpec>> {
    prop::collection::vec((any::<u8>(), 0..3_u8, 1..3_u32), 1..6).prop_map(|drawn| {
        let spec = |(place, (inputs, manner, parts)): (usize, (u8, u8, u32))| {
            let inputs: Vec<StageInput> = (0..u32::try_from(place).unwrap_or(0))
                .filter(|other| inputs >> (other % 8) & 1 == 1)
                .map(|stage| {
                    let port = PORTS[(stage as usize + place) % 2].to_owned();
                    StageInput { stage, port, whole: manner == 2 }
                })
                .collect();
            StageSpec { gathers: manner == 1 && !inputs.is_empty(), inputs, parts }
        };
        drawn.into_iter().enumerate().map(spec).collect()
    })
}

/// Looks whether every chunk was done once, as it is, by every stage that takes it.
fn is_done_once(state: &RunState) -> Result<(), TestCaseError> {
    for (stage, spec) in (0..).zip(&state.stages) {
        let of_stage =
            || state.tasks.iter().filter(move |(task, _)| task.stage == stage).map(|(_, task)| task);
        prop_assert!(of_stage().all(Task::is_done));
        let made: Chunks = state
            .tasks
            .iter()
            .flat_map(|(task, known)| known.outputs.clone().into_iter().map(move |chunk| (task.stage, chunk)))
            .filter(|(stage, (_, chunk))| {
                spec.inputs.iter().any(|input| input.stage == *stage && input.port == chunk.port)
            })
            .map(|(_, chunk)| chunk)
            .collect();
        if spec.gathers || (spec.is_source() && !spec.inputs.is_empty()) {
            prop_assert_eq!(of_stage().count(), if spec.gathers { 1 } else { spec.parts as usize });
            prop_assert!(
                of_stage().all(|task| task.inputs == made),
                "what is needed whole was seen as it is"
            );
        } else if !spec.inputs.is_empty() {
            let taken: Vec<_> = of_stage().flat_map(|task| task.inputs.clone()).collect();
            let once: Chunks = taken.iter().cloned().collect();
            prop_assert_eq!(taken.len(), once.len(), "no chunk is done by two tasks");
            prop_assert_eq!(once, made, "every chunk is done as it is, and none that is gone");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_run_ends_with_every_chunk_done_once(stages in stages(), choices in prop::collection::vec(any::<Choice>(), 0..200)) {
        let mut world = World::new(stages);
        choices.into_iter().for_each(|choice| world.work(choice));
        world.finish();
        prop_assert_eq!(world.state.status, Status::Succeeded);
        prop_assert_eq!(&world.ends, &[Status::Succeeded], "it ends once");
        is_done_once(&world.state)?;
    }

    #[test]
    fn a_run_is_cut_once_whoever_says_so_and_when(stages in stages(), choices in prop::collection::vec(any::<Choice>(), 0..200)) {
        let mut world = World::that_is_cut(vec![source()], stages.clone());
        choices.into_iter().for_each(|choice| world.work(choice));
        world.finish();
        prop_assert_eq!(&world.ends, &[Status::Succeeded]);
        prop_assert_eq!(world.state.stages.len(), stages.len() + 1);
        let first = TaskId { stage: 0, part: 0 };
        prop_assert!(world.state.tasks[&first].outputs.is_empty());
        is_done_once(&world.state)?;
    }

    #[test]
    fn nothing_changes_a_run_that_has_ended(stages in stages(), choices in prop::collection::vec(any::<Choice>(), 0..60)) {
        let mut world = World::new(stages);
        world.say(Event::Cancel);
        let ended = world.state.clone();
        prop_assert_eq!(ended.status, Status::Cancelled);
        choices.into_iter().for_each(|choice| world.work(choice));
        prop_assert_eq!(world.state, ended);
    }
}

fn source() -> StageSpec {
    StageSpec { inputs: Vec::new(), gathers: false, parts: 1 }
}

fn input(stage: u32) -> StageInput {
    StageInput { stage, port: "a.out".to_owned(), whole: false }
}

fn chunk(digest: &str) -> Chunk {
    Chunk { digest: digest.to_owned(), records: 1, port: "a.out".to_owned(), place: Vec::new() }
}

fn done(task: TaskId, attempt: u32, chunks: Chunks, unchanged: bool) -> Event {
    Event::Done { task, attempt, chunks, unchanged }
}

#[test]
fn unchanged_travels_to_the_end() {
    let join = StageSpec { inputs: vec![input(0), input(1)], gathers: true, parts: 1 };
    let mut state = RunState::new(vec![source(), source(), join]);
    state.on(Event::Begin, 0);
    let task = |stage| TaskId { stage, part: 0 };
    state.on(done(task(0), 1, Chunks::new(), true), 1);
    let effects = state.on(done(task(1), 1, Chunks::new(), true), 2);
    assert_eq!(effects, [Effect::Ended(Status::Unchanged)]);
}

#[test]
fn a_side_that_is_not_new_is_read_when_the_other_is() {
    let join = StageSpec { inputs: vec![input(0), input(1)], gathers: true, parts: 1 };
    let mut state = RunState::new(vec![source(), source(), join]);
    state.on(Event::Begin, 0);
    let task = |stage| TaskId { stage, part: 0 };
    state.on(done(task(0), 1, Chunks::new(), true), 1);
    let new = Chunks::from([("c".to_owned(), chunk("d"))]);
    let effects = state.on(done(task(1), 1, new.clone(), false), 2);
    assert_eq!(effects, [Effect::Publish { task: task(0), attempt: 2, delay: 0 }]);
    assert!(state.tasks[&task(0)].forced);
    let effects = state.on(done(task(0), 2, new, true), 3);
    assert_eq!(effects, [Effect::Publish { task: task(2), attempt: 1, delay: 0 }]);
}

#[test]
fn a_task_that_keeps_failing_ends_the_run_and_can_be_resumed() {
    let mut state = RunState::new(vec![source()]);
    state.on(Event::Begin, 0);
    let task = TaskId { stage: 0, part: 0 };
    let failed = |attempt| Event::Failed {
        task,
        attempt,
        error: StepError::passing(msg!("{problem}", problem = "away")),
    };
    assert_eq!(state.on(failed(1), 0), [Effect::Publish { task, attempt: 2, delay: 1_000 }]);
    assert_eq!(state.on(failed(2), 0), [Effect::Publish { task, attempt: 3, delay: 4_000 }]);
    assert_eq!(state.on(failed(3), 0), [Effect::Ended(Status::Failed)]);
    assert_eq!(state.on(Event::Resume, 9), [Effect::Publish { task, attempt: 4, delay: 0 }]);
    assert_eq!(state.on(done(task, 4, Chunks::new(), false), 10), [Effect::Ended(Status::Succeeded)]);
}

#[test]
fn what_a_node_had_before_it_started_again_is_done_again() {
    let mut state = RunState::new(vec![source(), source()]);
    state.on(Event::Begin, 0);
    let task = |stage| TaskId { stage, part: 0 };
    let taken = |stage, worker: &str| Event::Taken {
        task: task(stage),
        attempt: 1,
        worker: worker.to_owned(),
        until: 30_000,
    };
    state.on(taken(0, "a/1/1"), 1);
    state.on(taken(1, "b/1/1"), 1);
    let restarted = Event::Restarted { node: "a/".to_owned(), alive: "a/2/".to_owned() };
    assert_eq!(state.on(restarted, 2), [Effect::Publish { task: task(0), attempt: 2, delay: 0 }]);
}

#[test]
fn a_task_that_takes_its_workers_with_it_is_given_up() {
    let mut state = RunState::new(vec![source()]);
    state.on(Event::Begin, 0);
    let task = TaskId { stage: 0, part: 0 };
    let mut effects = Vec::new();
    for attempt in 1..=10 {
        let until = i64::from(attempt) * 10;
        state.on(Event::Taken { task, attempt, worker: "a".to_owned(), until }, until - 1);
        effects = state.on(Event::Tick { patience: PATIENCE }, until);
    }
    assert_eq!(effects, [Effect::Ended(Status::Failed)]);
}

#[test]
fn a_state_is_read_as_it_was_saved() {
    let mut state = RunState::new(vec![source()]);
    state.on(Event::Begin, 0);
    let text = serde_json::to_string(&state).expect("written");
    assert_eq!(serde_json::from_str::<RunState>(&text).expect("read"), state);
}

#[test]
fn the_word_of_whoever_did_it_whole_comes_too_late_for_a_run_that_was_cut() {
    let task = |stage| TaskId { stage, part: 0 };
    let mut state = RunState::new(vec![source()]);
    state.on(Event::Begin, 0);
    let cut = Event::Cut { task: task(0), attempt: 1, stages: vec![source(), source()] };
    let publish = |stage| Effect::Publish { task: task(stage), attempt: 1, delay: 0 };
    assert_eq!(state.on(cut.clone(), 1), [publish(1), publish(2)]);
    let cut_already = state.clone();
    assert_eq!(state.on(done(task(0), 1, Chunks::from([("c".to_owned(), chunk("d"))]), false), 2), []);
    assert_eq!(state.on(cut, 3), []);
    assert_eq!(state, cut_already);
    state.on(done(task(1), 1, Chunks::new(), true), 4);
    let ended = state.on(done(task(2), 1, Chunks::new(), true), 5);
    assert_eq!(ended, [Effect::Ended(Status::Unchanged)], "nothing is new for being cut");
}
