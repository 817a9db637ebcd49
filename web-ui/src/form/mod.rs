//! The form engine: a step's settings, drawn from the JSON Schema of its connector.

mod choice;
mod field;
mod group;
mod list;
mod map;
mod secret;
mod shape;
#[cfg(test)]
mod tests;
mod text;
mod typed;
mod value;

pub(crate) use field::{Form, finding};
pub(crate) use group::Settings;
pub(crate) use value::{Path, set};
