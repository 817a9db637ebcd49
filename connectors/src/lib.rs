//! Everything that can be dropped on the canvas: sources, transforms and sinks, one file each, and the
//! formats they speak. Knows `bus-core` only.
//!
//! To add a connector, write its file: `build.rs` finds it, and palette, form, checks and manual come
//! from its settings struct.

mod catalogue;
pub mod contract;
pub mod formats;
pub mod import;
pub mod kit;
mod sinks;
mod sources;
mod transforms;

pub use catalogue::{Connectors, connector, connectors, format_schema};
