//! YAML and JSON texts that people write: values with the place of each, and back to text.
//!
//! Reads the YAML 1.2 core schema, with two differences: a number with leading zeros or too long to be
//! exact stays text, since it is an identifier; and keys are text. Duplicate keys are refused.

mod build;
mod json;
mod places;
mod read;
mod scalar;
mod write;

pub use build::{Limits, YamlError};
pub use places::{Place, Places, join_index, join_key};
pub use read::{Document, read, read_with};
pub use write::{write, write_member_text, write_text};
