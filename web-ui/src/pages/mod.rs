//! The pages: they fetch, components draw.

mod account;
mod audit;
mod cache;
mod gallery;
mod groups;
mod import;
mod keys;
mod letters;
mod not_found;
mod password;
mod people;
mod publications;
mod secrets;
mod settings;
mod shares;
mod sign_in;
mod versions;
mod workflow;
mod workflow_pages;
mod workflows;

pub(crate) use account::{FirstPage, ResetPage};
pub(crate) use audit::{AuditPage, WorkflowAuditPage};
pub(crate) use cache::CachePage;
pub(crate) use gallery::GalleryPage;
pub(crate) use groups::GroupsPage;
pub(crate) use letters::LettersPage;
pub(crate) use not_found::NotFoundPage;
pub(crate) use publications::PublicationsPage;
pub(crate) use settings::SettingsPage;
pub(crate) use shares::SharesPage;
pub(crate) use sign_in::SignInPage;
pub(crate) use versions::VersionsPage;
pub(crate) use workflow::WorkflowPage;
pub(crate) use workflows::WorkflowsPage;
