//! JSON-LD 1.1: what the fields of records mean, and the triples they are.
//!
//! A context is read once; every shape of record gets a plan that writes quads straight from the batch.
//! What a plan does not cover (scoped contexts, `@nest`, contexts inside a record, …) goes through the
//! full processor of `oxjsonld`, record by record. Contexts are never fetched.

mod compile;
mod document;
mod emit;
mod exact;
mod full;
mod literal;
mod plan;
mod terms;
mod work;

pub use compile::ContextProblem;
pub(crate) use document::{Document, looks_like};
pub use emit::Emitter;
pub use full::Loader;
pub(crate) use full::send;

use serde_json::Value as Json;

/// Checks a context, as the value of `@context`.
///
/// # Errors
/// The first term that is wrong, and why.
pub fn check(context: &Json) -> Result<(), ContextProblem> {
    compile::compile(context, None).map(|_| ())
}
