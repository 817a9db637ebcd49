//! What pages are made of. Components draw; pages fetch.

mod dialog;
mod icon;
mod input;
mod prose;
mod shell;
mod status;
mod waiting;

pub(crate) use dialog::Dialog;
pub(crate) use icon::Icon;
pub(crate) use input::{Choice, Input, Switch};
pub(crate) use prose::Prose;
pub(crate) use shell::{LanguageSwitch, Mark, Shell};
pub(crate) use status::{RunBadge, StepBadge, started_by};
pub(crate) use waiting::loaded;
