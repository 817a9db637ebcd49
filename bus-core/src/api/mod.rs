//! What the HTTP API says and hears: shared by the gateway, which serves it, and the editor, which calls it.
//!
//! Paths stand under [`ROOT`]. Texts for people are written by the server in the language that
//! `Accept-Language` asks for. Times are RFC 3339 in UTC.

mod account;
mod catalogue;
mod document;
mod health;
mod import;
mod live;
mod problem;
mod publication;
mod run;
mod table;
mod time;

pub use account::{
    Account, AccountChange, AccountId, AuditEntry, FirstAccount, Group, Invitation, Key, KeyScope, NewKey,
    NewPassword, OneTimeLink, Password, SecretName, SecretValue, Session, SignIn,
};
pub use catalogue::{ConnectorInfo, GalleryEntry, PortInfo, ScheduleTimes};
pub use document::{
    Checked, Finding, NewWorkflow, Role, Saved, Severity, Share, Shared, Version, WorkflowDetail,
    WorkflowSummary,
};
pub use health::{Health, Worker};
pub use import::{Imported, ImportedStep, Translation};
pub use live::{LiveState, LiveStep};
pub use problem::Problem;
pub use publication::{CacheEntry, DeadLetterInfo, PublicationInfo};
pub use run::{
    Failure, Preview, PreviewAsked, Progress, Replay, RunAsked, RunDetail, RunStatus, RunSummary, StartedBy,
    StepCounts, StepOutcome, StepRun, Upload,
};
pub use table::{Column, Table};
pub use time::Time;

/// Where the API stands.
pub const ROOT: &str = "/api/v1";

/// The header that must carry the session's token on every call that changes something: a page of another
/// origin can send the cookie but does not know the token.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// A page of a list.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Page<T> {
    /// What is on the page.
    pub items: Vec<T>,
    /// Given back as `?after=` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
