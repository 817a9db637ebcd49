//! The words everyone shares: records, workflows, checks, plans, expressions, messages.
//!
//! Pure: no input or output, no clock, no threads; builds for wasm. Knows no other crate of the house.

pub mod api;
pub mod catalogue;
pub mod check;
pub mod error;
pub mod expression;
mod graph;
pub mod limits;
pub mod loss;
pub mod manual;
pub mod message;
pub mod nearest;
pub mod numbers;
pub mod path;
pub mod plan;
pub mod record;
pub mod run;
pub mod schema;
pub mod text;
pub mod time;
pub mod units;
pub mod workflow;
pub mod yaml;

pub use message::{Language, Message};
