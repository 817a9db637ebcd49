//! The editor of one workflow: its state, its canvas, its forms.

mod canvas;
mod catalogue;
mod clip;
#[cfg(test)]
mod drawn;
mod geometry;
mod gestures;
mod given;
mod inspector;
mod keys;
mod linking;
mod listening;
mod node;
mod palette;
mod parameters;
mod plan;
mod preview;
mod saving;
mod schedule;
mod state;
#[cfg(test)]
mod tests;
mod toolbar;
mod triggers;
mod view;
mod whole;
mod workbench;

pub(crate) use canvas::{Canvas, CanvasProps, sent};
pub(crate) use catalogue::Catalogue;
pub(crate) use clip::Clipping;
pub(crate) use geometry::{Ports, WIDTH, curve, places, tidy};
pub(crate) use given::{Give, Given, OwnFile, open_to_files, takes_a_file, use_given};
pub(crate) use inspector::Inspector;
pub(crate) use linking::Unlinkable;
pub(crate) use palette::{Palette, plain};
pub(crate) use preview::PreviewPanel;
pub(crate) use state::{Action, Editing, StepEdit, WholeEdit};
#[cfg(test)]
pub(crate) use tests::catalogue as catalogue_of_all;
pub(crate) use whole::WholePanel;
pub(crate) use workbench::Workbench;
