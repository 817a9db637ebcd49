//! What connectors share.

pub mod csv;
pub mod http;
pub mod json;
mod pattern;
#[cfg(test)]
pub(crate) mod probe;
pub mod text;
pub mod transport;

pub use pattern::Pattern;
pub use transport::{Damaged, ReadOptions, read, write};
