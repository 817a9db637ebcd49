//! Who did what.

use crate::{
    App, Caller, Problem,
    accounts::{Links, Sessions},
    documents, random,
};
use backplane::{Collection, Expect, Index, Query};
use bus_core::api::{AuditEntry, Time};
use serde::{Deserialize, Serialize};

/// Entries, by a name that sorts by time.
pub(crate) const AUDIT: Collection = Collection {
    name: "audit",
    indexes: &[
        Index { name: "at", members: &["at"], unique: false },
        Index { name: "object", members: &["object", "at"], unique: false },
        Index { name: "workflow", members: &["workflow", "at"], unique: false },
    ],
};

/// An entry as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) at: Time,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) object: String,
    /// The workflow it concerns (`workflow/<id>`), so that its owners find what happened to its runs as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) workflow: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) detail: String,
}

impl Entry {
    pub(crate) fn shown(self) -> AuditEntry {
        AuditEntry {
            at: self.at,
            actor: self.actor,
            action: self.action,
            object: self.object,
            detail: self.detail,
        }
    }
}

/// Entries that are forgotten at a time.
const PAGE: usize = 1_000;

impl App {
    /// Forgets what has outlived its time: sessions, links, old entries of the audit.
    ///
    /// # Errors
    /// If the store is in trouble.
    pub async fn tidy(&self) -> Result<(), Problem> {
        Sessions(self).tidy().await?;
        Links(self).tidy().await?;
        let kept = i64::try_from(self.settings().accounts.audit.as_millis()).unwrap_or(i64::MAX);
        let oldest = Time(self.now().0.saturating_sub(kept)).to_string();
        let query = Query { until: Some(oldest.as_str().into()), limit: PAGE, ..Query::of("at", Vec::new()) };
        for entry in self.store().find(AUDIT, query).await? {
            self.store().delete(AUDIT, &entry.id, Expect::Anything).await?;
        }
        Ok(())
    }
}

/// What a handler adds to the audit entry of its call, as an extension of its answer:
/// `(Extension(Noted::new("workflow", &id)), Json(…))`.
#[derive(Debug, Clone, Default)]
pub struct Noted {
    /// On what it was: `workflow/<id>`. The path's own object if absent.
    pub(crate) object: Option<String>,
    /// What else is to be known; never a secret.
    pub(crate) detail: String,
    /// Who did it, where nobody was signed in before the call.
    pub(crate) actor: Option<String>,
}

impl Noted {
    /// It was on this object, such as `workflow` and its id.
    #[must_use]
    pub fn new(kind: &str, id: &str) -> Self {
        Self { object: Some(format!("{kind}/{id}")), ..Self::default() }
    }

    /// What else is to be known; never a secret.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Who did it, where nobody was signed in before the call.
    #[must_use]
    pub(crate) fn by(mut self, actor: impl Into<String>) -> Self {
        self.actor = Some(actor.into());
        self
    }
}

/// Writes down that something was done.
pub(crate) async fn write(
    app: &App,
    caller: &Caller,
    action: &str,
    named: Option<String>,
    noted: Noted,
) -> Result<(), Problem> {
    let object = noted.object.or(named).unwrap_or_default();
    let workflow = caller.workflow().map(|id| format!("workflow/{id}"));
    let entry = Entry {
        at: app.now(),
        actor: noted.actor.unwrap_or_else(|| caller.actor()),
        action: action.to_owned(),
        workflow: workflow.or_else(|| object.starts_with("workflow/").then(|| object.clone())),
        object,
        detail: noted.detail,
    };
    let id = format!("{}-{}", entry.at, random::text(10));
    documents::save(app.store(), AUDIT, &id, &entry, Expect::Absent).await?;
    Ok(())
}
