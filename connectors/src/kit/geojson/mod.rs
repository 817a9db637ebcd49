//! GeoJSON (RFC 7946): what the format and those that make geometries share.

mod geometry;
mod locate;
mod outline;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use geometry::{Problem, check};
pub use locate::Places;
pub use reader::Reader;
pub use writer::{Kind, Writer, Writing};
