//! The editor of one workflow: its state, its canvas, its forms.

mod canvas;
mod catalogue;
mod clip;
mod geometry;
mod gestures;
mod inspector;
mod keys;
mod linking;
mod node;
mod palette;
mod saving;
mod state;
#[cfg(test)]
mod tests;
mod toolbar;
mod view;
mod whole;
mod workbench;

pub(crate) use canvas::{Canvas, CanvasProps, sent};
pub(crate) use catalogue::Catalogue;
pub(crate) use clip::Clipping;
pub(crate) use geometry::{Ports, WIDTH, curve, places, tidy};
pub(crate) use inspector::Inspector;
pub(crate) use linking::Unlinkable;
pub(crate) use palette::Palette;
pub(crate) use state::{Action, Editing, StepEdit, WholeEdit};
pub(crate) use whole::WholePanel;
pub(crate) use workbench::Workbench;
