//! YAML as data: documents and lists of records, numbers in their exact text.

mod node;
mod read;
mod scalar;
#[cfg(test)]
mod tests;
mod write;

pub use read::Reader;
pub use write::Writer;
