//! The state of a run, and how events change it: pure, so that any node can coordinate any run.
//!
//! A run is stages, a stage is tasks, a task takes chunks and makes chunks. [`RunState::on`] applies one
//! event and says what follows ([`Effect`]); the caller saves the state by compare-and-set first and acts
//! on the effects then. Events may come twice, late or in any order, and tasks may be done twice: the
//! outcome is the same.

mod advance;
mod chunk;
mod state;
mod task;

pub use chunk::{Chunk, Chunks};
pub use state::{Effect, Event, RunState, StageInput, StageSpec, Status};
pub use task::{Task, TaskId, TaskStatus};

#[cfg(test)]
mod simulation;
