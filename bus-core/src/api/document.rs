use super::{RunSummary, Time};
use crate::workflow::Workflow;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What somebody may do with a workflow. Each includes those above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Look at it, its runs and their data.
    Viewer,
    /// Change and run it.
    Editor,
    /// Share, hand over and delete it.
    Owner,
}

/// `POST /workflows`: a new workflow; the answer is a [`WorkflowDetail`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWorkflow {
    /// The document.
    pub document: Workflow,
}

/// A workflow in a list (`GET /workflows`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkflowSummary {
    /// Names it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it does.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What whoever asks may do.
    pub role: Role,
    /// The name of its owner.
    pub owner: String,
    /// How often it was saved.
    pub revision: u64,
    /// When it was saved last.
    pub changed: Time,
    /// Whether its check found errors: it is a draft and does not run.
    pub draft: bool,
    /// Its last run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_run: Option<RunSummary>,
    /// When its schedules fire next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Time>,
}

/// A workflow (`GET /workflows/{id}`); its revision is the `ETag`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkflowDetail {
    /// What a list shows of it.
    pub summary: WorkflowSummary,
    /// The document.
    pub document: Workflow,
    /// What its check found.
    pub findings: Vec<Finding>,
}

/// The answer to `PUT /workflows/{id}` (the body is the document) with `If-Match: "<revision>"`; a conflict is `412` with the revision
/// that stands now in its [`super::Problem`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Saved {
    /// The new revision.
    pub revision: u64,
    /// What the check found.
    pub findings: Vec<Finding>,
}

/// The answer to `POST /check` (the body is the document).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Checked {
    /// What the check found.
    pub findings: Vec<Finding>,
    /// The plan as a person reads it: its stages, and what would be done in parts and why or why not.
    pub plan: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The workflow does not run with it.
    Error,
    /// It runs, but perhaps not as meant.
    Warning,
}

/// Something found at a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The step it is about, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The place in the step's settings (`format.csv.delimiter`) or, without a step, in the document
    /// (`triggers[0].schedule.cron`); empty for the whole.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub advice: String,
}

/// An earlier state of a workflow (`GET /workflows/{id}/versions`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Version {
    /// Its revision.
    pub revision: u64,
    /// When it was saved.
    pub at: Time,
    /// By whom.
    pub by: String,
}

/// With whom a workflow is shared (`PUT /workflows/{id}/shares` takes a list of these).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// An account's e-mail address, or `group:<id>`.
    pub with: String,
    /// What they may do.
    pub role: Role,
}

/// The answer of `GET /workflows/{id}/shares`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shared {
    /// The owner's e-mail address; handed over with `POST /workflows/{id}/transfer` and a [`Share`].
    pub owner: String,
    /// The others.
    pub shares: Vec<Share>,
}
