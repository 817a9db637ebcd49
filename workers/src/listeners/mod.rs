//! What is listened for: workflows that are run when messages arrive.
//!
//! Each workflow with such a trigger has a document here. A node that keeps it has its lease, writes its token into
//! the document, and says there how things stand. Whoever has been held up and has lost the lease meanwhile finds a
//! later token (fencing): it starts no run any more and acknowledges nothing.

use crate::BusError;
use backplane::{
    BackplaneError, Body, Collection, Document, Expect, Index, IndexValue, Query, Store, Trouble,
};
use bus_core::{
    Language, Message,
    api::{LiveState, LiveStep, Time},
    error::StepError,
    msg,
    workflow::LiveTrigger,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, sync::Arc};

/// What is listened for.
const LISTENERS: Collection =
    Collection { name: "listeners", indexes: &[Index { name: "form", members: &["form"], unique: false }] };

/// The form of the document that this bus writes.
const FORM: u32 = 1;

/// A workflow that is to be listened for, as the store holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Listener {
    form: u32,
    pub(crate) wanted: Wanted,
    /// The token of the lease under which it was changed last.
    #[serde(default)]
    fence: u64,
    /// The node that listens.
    #[serde(default)]
    pub(crate) node: Option<String>,
    /// Since when it does, ms since the Unix epoch.
    #[serde(default)]
    pub(crate) since: Option<i64>,
    /// Messages that have reached a run.
    #[serde(default)]
    pub(crate) messages: u64,
    /// Runs that were started for them.
    #[serde(default)]
    pub(crate) runs: u64,
    /// When the last of these was started.
    #[serde(default)]
    pub(crate) last: Option<i64>,
    /// Messages that were too large.
    #[serde(default)]
    pub(crate) too_large: u64,
    /// Why no run is started.
    #[serde(default)]
    pub(crate) problem: Option<Message>,
    /// How the steps are that listen.
    #[serde(default)]
    pub(crate) steps: BTreeMap<String, Ear>,
    /// Grows each time its node says that it is there.
    #[serde(default)]
    pub(crate) beat: u64,
}

/// How and by whom a workflow is to be listened for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Wanted {
    /// How messages are put together.
    pub(crate) trigger: LiveTrigger,
    /// The labels of the steps that listen.
    pub(crate) labels: Vec<String>,
}

/// How it stands with one step that listens.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ear {
    /// Whether it is connected.
    pub(crate) connected: bool,
    /// What went wrong last, while it is not.
    #[serde(default)]
    pub(crate) problem: Option<StepError>,
    /// When it is tried again.
    #[serde(default)]
    pub(crate) again: Option<i64>,
}

/// A listener that was read, with what tells whether it has changed since.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) workflow: String,
    pub(crate) revision: u64,
    pub(crate) listener: Listener,
}

/// Why a listener was not changed.
#[derive(Debug)]
pub(crate) enum NotChanged {
    /// It is not wanted any more.
    Gone,
    /// Somebody with a later token has been here.
    Lost,
    /// The store is in trouble.
    Store(BackplaneError),
}

impl From<BackplaneError> for NotChanged {
    fn from(error: BackplaneError) -> Self {
        Self::Store(error)
    }
}

/// The listeners of all workflows. Cheap to clone.
#[derive(Clone)]
pub struct Listeners {
    store: Arc<dyn Store>,
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listeners").finish_non_exhaustive()
    }
}

impl Listeners {
    /// The listeners in this store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// How it stands with the messages of a workflow, with texts in a language.
    ///
    /// # Errors
    /// If the store is in trouble.
    pub async fn state(&self, workflow: &str, language: Language) -> Result<LiveState, BusError> {
        let found = self.store.get(LISTENERS, workflow).await?;
        let Some(listener) = found.as_ref().map(read).transpose()? else {
            return Ok(LiveState::default());
        };
        let step = |(step, ear): (String, Ear)| {
            let problem = ear.problem.map(|problem| problem.text(language));
            (step, LiveStep { connected: ear.connected, problem, again: ear.again.map(Time) })
        };
        Ok(LiveState {
            wanted: true,
            node: listener.node,
            since: listener.since.map(Time),
            messages: listener.messages,
            runs: listener.runs,
            last: listener.last.map(Time),
            too_large: listener.too_large,
            problem: listener.problem.map(|problem| problem.text(language)),
            steps: listener.steps.into_iter().map(step).collect(),
        })
    }

    /// Makes what is listened for a workflow this.
    pub(crate) async fn follow(&self, workflow: &str, wanted: Option<Wanted>) -> Result<(), BusError> {
        let Some(wanted) = wanted else {
            self.store.delete(LISTENERS, workflow, Expect::Anything).await?;
            return Ok(());
        };
        loop {
            let known = self.store.get(LISTENERS, workflow).await?;
            let listener = match known.as_ref().map(read).transpose()? {
                Some(listener) if listener.wanted == wanted => return Ok(()),
                Some(listener) => Listener { wanted: wanted.clone(), ..listener },
                None => Listener::new(wanted.clone()),
            };
            if self.put(workflow, &listener, known.as_ref()).await? {
                return Ok(());
            }
        }
    }

    /// All there are, at most 1 000.
    pub(crate) async fn all(&self) -> Result<Vec<Found>, BusError> {
        let query = Query::of("form", vec![IndexValue::Int(FORM.into())]);
        let found = self.store.find(LISTENERS, query).await?;
        let found = found.into_iter().map(|document| {
            let listener = read(&document)?;
            Ok(Found { workflow: document.id, revision: document.revision, listener })
        });
        found.collect()
    }

    /// Changes a listener under the lease of a token.
    pub(crate) async fn change(
        &self,
        workflow: &str,
        token: u64,
        change: impl Fn(&mut Listener) + Send + Sync,
    ) -> Result<(), NotChanged> {
        loop {
            let known = self.store.get(LISTENERS, workflow).await?.ok_or(NotChanged::Gone)?;
            let Ok(mut listener) = read(&known) else { return Err(NotChanged::Gone) };
            if listener.fence > token {
                return Err(NotChanged::Lost);
            }
            listener.fence = token;
            listener.beat += 1;
            change(&mut listener);
            if self.put(workflow, &listener, Some(&known)).await? {
                return Ok(());
            }
        }
    }

    /// Saves a listener if it stands as it was read; `false` if somebody else was faster.
    async fn put(
        &self,
        workflow: &str,
        listener: &Listener,
        known: Option<&Document>,
    ) -> Result<bool, BackplaneError> {
        let expect = known.map_or(Expect::Absent, |known| Expect::Revision(known.revision));
        // nothing in it can fail to serialise
        let body = Body::of(listener).unwrap_or_default();
        match self.store.save(LISTENERS, workflow, body, expect).await {
            Ok(_) => Ok(true),
            Err(error) if error.trouble == Trouble::Conflict => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Listener {
    const fn new(wanted: Wanted) -> Self {
        Self {
            form: FORM,
            wanted,
            fence: 0,
            node: None,
            since: None,
            messages: 0,
            runs: 0,
            last: None,
            too_large: 0,
            problem: None,
            steps: BTreeMap::new(),
            beat: 0,
        }
    }
}

fn read(document: &Document) -> Result<Listener, BusError> {
    document.body.read().map_err(|error| {
        BusError::Backplane(BackplaneError::new(
            Trouble::Corrupt,
            msg!(
                "the listener `{id}` in the store cannot be read: {problem}",
                id = &document.id,
                problem = error.to_string()
            ),
        ))
    })
}

#[cfg(test)]
mod tests;
