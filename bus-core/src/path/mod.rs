//! Paths into records: the simple ones of forms, and JSONPath (RFC 9535).

mod field_path;
mod json_path;

pub use field_path::{FieldPath, FieldPathError, Segment};
pub use json_path::{JsonPath, JsonPathError};
