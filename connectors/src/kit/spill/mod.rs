//! What does not fit in a step's memory goes to its scratch folder and comes back in order.
//!
//! [`Disk`] counts and limits what one step puts there, a [`Run`] is a file of batches, [`SpillQueue`] a
//! queue that overflows to disk, [`Sorter`] puts any number of records in order. Files go as soon as
//! nobody reads them any more. Reading and writing block for the time of one batch (mostly a copy into
//! the page cache), which is less than a step computes between two batches.

mod bag;
mod disk;
mod merge;
mod queue;
mod run;
mod sorter;

pub use bag::Bag;
pub use disk::Disk;
pub use queue::SpillQueue;
pub use run::{Run, RunReader, RunWriter};
pub use sorter::{Sorted, Sorter};

#[cfg(test)]
mod tests;
