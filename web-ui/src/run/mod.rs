//! Runs: started, watched, looked at.

mod data;
#[cfg(test)]
mod drawn;
mod panel;
mod refused;
mod start;
mod watching;

pub(crate) use data::DataPanel;
pub(crate) use panel::RunPanel;
pub(crate) use start::StartDialog;
pub(crate) use watching::{Running, use_run};
