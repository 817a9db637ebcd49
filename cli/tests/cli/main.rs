//! The real binary: what it writes where, and how it ends.

mod asking;
mod inferring;
mod program;
mod running;
