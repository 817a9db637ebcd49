//! Runs: started, watched, looked at.

mod data;
mod panel;
mod start;
mod watching;

pub(crate) use data::DataPanel;
pub(crate) use panel::RunPanel;
pub(crate) use start::StartDialog;
pub(crate) use watching::{Running, use_run};
