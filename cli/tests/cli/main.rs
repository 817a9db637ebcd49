//! The real binary: what it writes where, and how it ends.

mod asking;
mod importing;
mod inferring;
mod inside;
mod program;
mod running;
mod serving;
mod traces;
