//! What connectors share.

pub mod http;
mod pattern;
#[cfg(test)]
pub(crate) mod probe;
pub mod transport;

pub use pattern::Pattern;
pub use transport::{Damaged, ReadOptions, read, write};
