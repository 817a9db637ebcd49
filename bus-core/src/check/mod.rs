//! What is wrong with a workflow, all at once: place, problem, advice.

mod conform;
mod problem;

pub use conform::conform;
pub use problem::{Problem, Severity};
