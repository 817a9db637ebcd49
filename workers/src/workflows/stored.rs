use crate::BusError;
use backplane::{BackplaneError, Collection, Document, Index, Revision, Trouble};
use bus_core::{
    api::{AccountId, Role, Share, Time},
    msg,
    workflow::Workflow,
};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::fmt;

/// Workflows as they stand.
pub(super) const WORKFLOWS: Collection = Collection {
    name: "workflows",
    indexes: &[
        Index { name: "untidy", members: &["untidy"], unique: false },
        Index { name: "name", members: &["owner", "document.name"], unique: false },
    ],
};

/// Who may be able to see which workflow: one document for each pair, so that an index answers what somebody's
/// workflows are. It only says where to look; who may do what stands in the workflow itself.
pub(super) const GRANTS: Collection = Collection {
    name: "workflow-grants",
    indexes: &[
        Index { name: "principal", members: &["principal", "workflow"], unique: false },
        Index { name: "workflow", members: &["workflow", "principal"], unique: false },
    ],
};

/// What workflows were before they were saved again. Never changed.
pub(super) const VERSIONS: Collection = Collection {
    name: "workflow-versions",
    indexes: &[Index { name: "workflow", members: &["workflow", "revision"], unique: false }],
};

/// The version of the form of stored workflows.
const FORM: u32 = 1;

/// Somebody a workflow can be shared with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Principal {
    /// An account, by id.
    Account(AccountId),
    /// A group, by id.
    Group(String),
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "account:{id}"),
            Self::Group(id) => write!(f, "group:{id}"),
        }
    }
}

/// What somebody may do with a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// Who.
    pub with: Principal,
    /// What they may do; never [`Role::Owner`], of whom there is one.
    pub role: Role,
}

impl Granted {
    /// The share as the HTTP API says it, where an account goes by its e-mail address.
    #[must_use]
    pub fn share(&self, email: impl Fn(&str) -> Option<String>) -> Option<Share> {
        let with = match &self.with {
            Principal::Account(id) => email(id)?,
            Principal::Group(id) => format!("group:{id}"),
        };
        Some(Share { with, role: self.role })
    }
}

/// Who asks: an account and the groups it is in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Who {
    /// The account.
    pub account: AccountId,
    /// Its groups.
    pub groups: Vec<String>,
}

impl Who {
    /// An account that is in no group.
    #[must_use]
    pub fn account(id: impl Into<AccountId>) -> Self {
        Self { account: id.into(), groups: Vec::new() }
    }

    pub(super) fn principals(&self) -> impl Iterator<Item = Principal> {
        let groups = self.groups.iter().cloned().map(Principal::Group);
        std::iter::once(Principal::Account(self.account.clone())).chain(groups)
    }
}

/// A workflow as it stands in the store.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredWorkflow {
    /// Names it.
    pub id: String,
    /// The document.
    pub document: Workflow,
    /// Its owner, whose secrets its runs use.
    pub owner: AccountId,
    /// Who else may do something with it.
    pub shares: Vec<Granted>,
    /// Whether its check found errors: it does not run.
    pub draft: bool,
    /// When the document was saved last.
    pub changed: Time,
    /// By whom.
    pub by: String,
    /// How often the document was saved; sharing does not count.
    pub revision: u64,
    /// What the store compares: counts every change of the record.
    pub(super) stored: Revision,
    /// Whether what follows from the record may not yet be as it says.
    pub(super) untidy: bool,
}

impl StoredWorkflow {
    /// What `who` may do with it; nothing if `None`.
    #[must_use]
    pub fn role(&self, who: &Who) -> Option<Role> {
        if self.owner == who.account {
            return Some(Role::Owner);
        }
        let theirs = |share: &&Granted| match &share.with {
            Principal::Account(id) => *id == who.account,
            Principal::Group(id) => who.groups.contains(id),
        };
        self.shares.iter().filter(theirs).map(|share| share.role).max()
    }

    /// Everybody who may do something with it.
    pub(super) fn principals(&self) -> impl Iterator<Item = Principal> {
        let shares = self.shares.iter().map(|share| share.with.clone());
        std::iter::once(Principal::Account(self.owner.clone())).chain(shares)
    }
}

/// A workflow as the store holds it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Body {
    #[serde(default)]
    pub(super) form: u32,
    pub(super) document: Json,
    pub(super) owner: AccountId,
    #[serde(default)]
    pub(super) shares: Vec<Granted>,
    #[serde(default)]
    pub(super) draft: bool,
    #[serde(default)]
    pub(super) changed: Time,
    #[serde(default)]
    pub(super) by: String,
    #[serde(default)]
    pub(super) revision: u64,
    /// What follows from the record (grants, due times) may not yet be as it says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) untidy: bool,
    /// Deleted: for readers it is not there; what follows from it is being removed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) gone: bool,
}

impl Body {
    pub(super) fn read(document: &Document) -> Result<Self, BusError> {
        document.body.read().map_err(|error| damaged(&document.id, &error))
    }

    pub(super) fn stored(self, id: &str, stored: Revision) -> Result<StoredWorkflow, BusError> {
        let document = serde_json::from_value(self.document).map_err(|error| damaged(id, &error))?;
        Ok(StoredWorkflow {
            id: id.to_owned(),
            document,
            owner: self.owner,
            shares: self.shares,
            draft: self.draft,
            changed: self.changed,
            by: self.by,
            revision: self.revision,
            stored,
            untidy: self.untidy,
        })
    }

    pub(super) fn written(&self) -> backplane::Body {
        // nothing in it can fail to serialise
        backplane::Body::of(self).unwrap_or_default()
    }
}

impl From<&StoredWorkflow> for Body {
    fn from(workflow: &StoredWorkflow) -> Self {
        Self {
            form: FORM,
            document: workflow.document.to_json(),
            owner: workflow.owner.clone(),
            shares: workflow.shares.clone(),
            draft: workflow.draft,
            changed: workflow.changed,
            by: workflow.by.clone(),
            revision: workflow.revision,
            untidy: workflow.untidy,
            gone: false,
        }
    }
}

/// An earlier state of a workflow.
#[derive(Debug, Clone, PartialEq)]
pub struct OldVersion {
    /// Its revision.
    pub revision: u64,
    /// The document.
    pub document: Workflow,
    /// When it was saved.
    pub at: Time,
    /// By whom.
    pub by: String,
}

/// An earlier state as the store holds it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct VersionBody {
    form: u32,
    pub(super) workflow: String,
    pub(super) revision: u64,
    document: Json,
    at: Time,
    by: String,
}

impl VersionBody {
    pub(super) fn of(workflow: &StoredWorkflow) -> Self {
        Self {
            form: FORM,
            workflow: workflow.id.clone(),
            revision: workflow.revision,
            document: workflow.document.to_json(),
            at: workflow.changed,
            by: workflow.by.clone(),
        }
    }

    pub(super) fn id(&self) -> String {
        version_id(&self.workflow, self.revision)
    }

    pub(super) fn written(&self) -> backplane::Body {
        // nothing in it can fail to serialise
        backplane::Body::of(self).unwrap_or_default()
    }

    pub(super) fn read(document: &Document) -> Result<OldVersion, BusError> {
        let body: Self = document.body.read().map_err(|error| damaged(&document.id, &error))?;
        let workflow =
            serde_json::from_value(body.document).map_err(|error| damaged(&document.id, &error))?;
        Ok(OldVersion { revision: body.revision, document: workflow, at: body.at, by: body.by })
    }
}

pub(super) fn version_id(workflow: &str, revision: u64) -> String {
    format!("{workflow}/{revision}")
}

fn damaged(id: &str, error: &serde_json::Error) -> BusError {
    BusError::Backplane(BackplaneError::new(
        Trouble::Corrupt,
        msg!(
            "the workflow `{id}` in the store cannot be read: {problem}",
            id = id,
            problem = error.to_string()
        ),
    ))
}
