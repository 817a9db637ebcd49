//! Paths into records: the simple ones of forms, and JSONPath (RFC 9535).

mod field_path;

pub use field_path::{FieldPath, FieldPathError, Segment};
