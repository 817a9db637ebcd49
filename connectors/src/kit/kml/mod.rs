//! KML (OGC 12-007r2): placemarks as records, their geometry as GeoJSON objects.

mod geometry;
mod reader;
#[cfg(test)]
mod tests;

pub use reader::Reader;
