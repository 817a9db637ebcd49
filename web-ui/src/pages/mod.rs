//! The pages: they fetch, components draw.

mod account;
mod gallery;
mod import;
mod keys;
mod not_found;
mod password;
mod people;
mod secrets;
mod settings;
mod sign_in;
mod workflow;
mod workflows;

pub(crate) use account::{FirstPage, ResetPage};
pub(crate) use gallery::GalleryPage;
pub(crate) use not_found::NotFoundPage;
pub(crate) use settings::SettingsPage;
pub(crate) use sign_in::SignInPage;
pub(crate) use workflow::WorkflowPage;
pub(crate) use workflows::WorkflowsPage;
