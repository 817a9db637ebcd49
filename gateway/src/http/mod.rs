//! What every request and every answer has in common.

pub(crate) mod address;
pub(crate) mod answer;
pub(crate) mod editor;
pub(crate) mod extract;
pub(crate) mod language;
mod patient;
pub(crate) mod serve;
