//! XML, strictly: a parser that takes bytes as they come, and what turns elements into records and back.
//!
//! The parser checks everything XML 1.0 (fifth edition), XML 1.1 and Namespaces ask of a document
//! without DOCTYPE. A DOCTYPE is refused: no entity is ever expanded, nothing outside is ever opened.

mod chars;
mod declaration;
pub(crate) mod escape;
mod fields;
mod hand;
mod intake;
mod item_path;
mod parser;
mod reader;
mod record;
mod scopes;
mod tag;
mod tape;
#[cfg(test)]
mod tests;
mod text;
mod writer;

pub use item_path::{ElementName, ItemPath};
pub use parser::{Handler, Parser};
pub use reader::{Reader, Reading};
pub use record::Shaping;
pub use scopes::Scopes;
pub use tag::Tag;
pub use writer::{Writer, Writing};
