//! What data looks like: forms of text that are known, rules that fields keep, and both found from samples.

mod formats;
mod infer;
mod rule;
mod table_schema;

pub use formats::KnownFormat;
pub use infer::{Counted, Counts, Evidence, Inference, InferredField, InferredSchema, InferredUnit};
pub use rule::{Checked, Kind, Rule};
pub use table_schema::{NamedRule, TableSchema, TableSchemaError};

/// What is wrong with a date pattern, to stand inside another message.
fn pattern_problem(error: &crate::time::PatternError) -> crate::Message {
    error.message().clone()
}
