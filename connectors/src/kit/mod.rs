//! What connectors share.

pub(crate) mod ban;
pub mod csv;
pub(crate) mod edit;
pub mod emit;
pub mod fields;
pub mod geojson;
pub mod http;
pub mod ics;
pub mod json;
pub mod kml;
pub(crate) mod layout;
pub mod lookup;
pub(crate) mod messages;
pub(crate) mod mqtt;
pub mod order;
pub mod owned;
pub mod pair;
mod pattern;
#[cfg(test)]
pub(crate) mod probe;
pub(crate) mod profile;
mod secret;
pub mod series;
pub mod settings;
pub mod sheet;
pub mod spill;
pub mod sum;
pub mod tally;
pub mod text;
pub mod transport;
pub mod typing;
pub mod xml;
pub mod yaml;

pub use pattern::Pattern;
pub use secret::{Revealed, Secret};
pub use transport::{Damaged, ReadOptions, read, write};
pub mod jsonld;
pub mod rdf;
pub mod senml;
