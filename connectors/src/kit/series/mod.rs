//! Readings of a meter or sensor, brought onto fixed slots of time.
//!
//! Nothing is invented: where it is not known what was measured, a slot says how much of it is covered.

mod readings;
mod slots;

pub use readings::{Label, Reading, Rules, Series, TooEarly};
pub use slots::{Cell, Filled, Meaning, Part};

#[cfg(test)]
mod tests;
