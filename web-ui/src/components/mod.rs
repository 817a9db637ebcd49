//! What pages are made of. Components draw; pages fetch.

mod dialog;
mod file_button;
mod icon;
mod input;
mod menu;
mod prose;
mod records;
mod shell;
mod status;
mod trouble;
mod waiting;

pub(crate) use dialog::Dialog;
pub(crate) use file_button::FileButton;
pub(crate) use icon::Icon;
pub(crate) use input::{Choice, Input, Switch};
pub(crate) use menu::Menu;
pub(crate) use prose::Prose;
pub(crate) use records::records;
pub(crate) use shell::{LanguageSwitch, Mark, Shell};
pub(crate) use status::{RunBadge, StepBadge, started_by};
pub(crate) use trouble::TroubleBar;
pub(crate) use waiting::loaded;
