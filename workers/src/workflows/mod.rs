//! Workflows in the store: documents, who may see them, what they were before.
//!
//! A change of several documents is no transaction; the order of the writes makes it one for whoever reads.
//! - The *record* is the truth. Before it is replaced, what it says is kept as a version: its content follows from
//!   the record, so writing it twice (a crash, two writers at once) is the same as once.
//! - What follows from the record (grants) is written after it. The write that makes them differ marks the record
//!   *untidy*; the mark goes when all is as the record says. Whoever crashes between leaves the mark, and
//!   [`Workflows::tidy`] does the rest at the next start.
//! - A deleted workflow is first marked as gone, and is gone for every reader then; what belongs to it is removed in
//!   peace, the record last.

mod library;
mod stored;

pub use stored::{Granted, OldVersion, Principal, StoredWorkflow, Who};

use crate::{
    BusError, Listeners,
    listeners::Wanted,
    new_id, now, publications,
    schedules::{Schedules, schedules_of},
};
use backplane::{Document, Expect, IndexValue, Query, Store, Trouble};
use bus_core::{
    api::{Page, Role, Time, Version},
    catalogue::Catalogue,
    msg,
    workflow::{Step, Workflow, expand::WORKFLOW},
};
use connectors::contract::Clock;
use serde_json::json;
use std::{collections::BTreeSet, fmt, sync::Arc};
use stored::{Body, GRANTS, VERSIONS, VersionBody, WORKFLOWS, version_id};

/// How many earlier states of a workflow are kept if nothing else is said.
const VERSIONS_KEPT: u64 = 100;
/// The most shares of one workflow.
const MOST_SHARES: usize = 500;

/// The workflows of a bus. Cheap to clone.
#[derive(Clone)]
pub struct Workflows {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    catalogue: Arc<dyn Catalogue + Send + Sync>,
    versions_kept: u64,
}

impl fmt::Debug for Workflows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workflows").field("versions_kept", &self.versions_kept).finish_non_exhaustive()
    }
}

/// A change of a record: what it becomes, or why not.
type Change<'a> = dyn Fn(&mut StoredWorkflow) -> Result<(), BusError> + Send + Sync + 'a;

impl Workflows {
    /// The workflows in this store.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        catalogue: Arc<dyn Catalogue + Send + Sync>,
    ) -> Self {
        Self { store, clock, catalogue, versions_kept: VERSIONS_KEPT }
    }

    /// With so many earlier states of each workflow kept.
    #[must_use]
    pub const fn keeping(mut self, versions: u64) -> Self {
        self.versions_kept = versions;
        self
    }

    async fn is_draft(&self, document: &Workflow, owner: &str) -> Result<bool, BusError> {
        Ok(self.whole(document, owner).await?.runs.is_none())
    }

    /// Keeps a new workflow; one with errors is a draft.
    ///
    /// # Errors
    /// If the store is in trouble.
    pub async fn create(&self, document: Workflow, owner: &str) -> Result<StoredWorkflow, BusError> {
        let id = new_id(&*self.clock);
        let mut workflow = StoredWorkflow {
            id,
            draft: self.is_draft(&document, owner).await?,
            document,
            owner: owner.to_owned(),
            shares: Vec::new(),
            changed: Time(now(&*self.clock)),
            by: owner.to_owned(),
            revision: 1,
            stored: 0,
            untidy: true,
        };
        let body = Body::from(&workflow).written();
        workflow.stored = self.store.save(WORKFLOWS, &workflow.id, body, Expect::Absent).await?;
        self.tidy_one(&workflow.id).await?;
        Ok(workflow)
    }

    /// A workflow.
    ///
    /// # Errors
    /// [`BusError::Missing`] if there is none; if the store is in trouble.
    pub async fn get(&self, id: &str) -> Result<StoredWorkflow, BusError> {
        let document = self.store.get(WORKFLOWS, id).await?.ok_or(BusError::Missing)?;
        read(&document)?.ok_or(BusError::Missing)
    }

    /// Saves a changed document; one with errors makes the workflow a draft. With `expected`, only if the workflow
    /// stands at that revision.
    ///
    /// # Errors
    /// [`BusError::Conflict`] with the revision that stands; [`BusError::Missing`]; if the store is in trouble.
    pub async fn save(
        &self,
        id: &str,
        document: Workflow,
        by: &str,
        expected: Option<u64>,
    ) -> Result<StoredWorkflow, BusError> {
        let owner = self.get(id).await?.owner;
        let draft = self.is_draft(&document, &owner).await?;
        let changed = Time(now(&*self.clock));
        let change = |workflow: &mut StoredWorkflow| {
            if expected.is_some_and(|expected| expected != workflow.revision) {
                return Err(BusError::Conflict { revision: workflow.revision });
            }
            workflow.document = document.clone();
            (workflow.draft, workflow.changed) = (draft, changed);
            by.clone_into(&mut workflow.by);
            workflow.revision += 1;
            Ok(())
        };
        let saved = self.change(id, &change).await?;
        self.prune(&saved).await?;
        Ok(saved)
    }

    /// Says with whom a workflow is shared from now on.
    ///
    /// # Errors
    /// [`BusError::Refused`] if a share is given as owner, twice, or to the owner; [`BusError::Missing`]; if the
    /// store is in trouble.
    pub async fn set_shares(&self, id: &str, shares: Vec<Granted>) -> Result<StoredWorkflow, BusError> {
        if shares.len() > MOST_SHARES {
            return Err(BusError::Refused(msg!(
                "a workflow can be shared with {most} at most: make a group",
                most = MOST_SHARES
            )));
        }
        let mut known = BTreeSet::new();
        if shares.iter().any(|share| !known.insert(&share.with)) {
            return Err(BusError::Refused(msg!("somebody stands twice among the shares")));
        }
        if shares.iter().any(|share| share.role == Role::Owner) {
            return Err(BusError::Refused(msg!("a workflow has one owner: hand it over instead")));
        }
        let change = |workflow: &mut StoredWorkflow| {
            if shares.iter().any(|share| share.with == Principal::Account(workflow.owner.clone())) {
                return Err(BusError::Refused(msg!("the workflow is its owner's already")));
            }
            workflow.shares.clone_from(&shares);
            Ok(())
        };
        self.change(id, &change).await
    }

    /// Hands a workflow over to another account; who had it stays an editor.
    ///
    /// # Errors
    /// [`BusError::Missing`]; if the store is in trouble.
    pub async fn transfer(&self, id: &str, to: &str) -> Result<StoredWorkflow, BusError> {
        let change = |workflow: &mut StoredWorkflow| {
            if workflow.owner == to {
                return Ok(());
            }
            let former = std::mem::replace(&mut workflow.owner, to.to_owned());
            workflow.shares.retain(|share| share.with != Principal::Account(to.to_owned()));
            workflow.shares.push(Granted { with: Principal::Account(former), role: Role::Editor });
            Ok(())
        };
        self.change(id, &change).await
    }

    /// Deletes a workflow and what belongs to it; one that does not exist is deleted already.
    ///
    /// # Errors
    /// If the store is in trouble.
    pub async fn delete(&self, id: &str) -> Result<(), BusError> {
        loop {
            let Some(found) = self.store.get(WORKFLOWS, id).await? else { return Ok(()) };
            let body = Body { gone: true, untidy: true, ..Body::read(&found)? };
            match self.store.save(WORKFLOWS, id, body.written(), Expect::Revision(found.revision)).await {
                Ok(_) => return self.tidy_one(id).await,
                Err(error) if error.trouble == Trouble::Conflict => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The states of a workflow, newest first, the present one among them.
    ///
    /// # Errors
    /// [`BusError::Missing`]; if the store is in trouble.
    pub async fn versions(&self, id: &str) -> Result<Vec<Version>, BusError> {
        let present = self.get(id).await?;
        let of = |version: OldVersion| Version { revision: version.revision, at: version.at, by: version.by };
        let mut versions = vec![Version { revision: present.revision, at: present.changed, by: present.by }];
        let query = Query { descending: true, ..Query::of("workflow", vec![id.into()]) };
        for found in self.store.find(VERSIONS, query).await? {
            let version = VersionBody::read(&found)?;
            // kept already, by a save that did not happen or is about to
            if version.revision < present.revision {
                versions.push(of(version));
            }
        }
        Ok(versions)
    }

    /// A workflow as it was at a revision.
    ///
    /// # Errors
    /// [`BusError::Missing`] if there is no such workflow, or if that state is not kept any more; if the store is in
    /// trouble.
    pub async fn version(&self, id: &str, revision: u64) -> Result<OldVersion, BusError> {
        let present = self.get(id).await?;
        if present.revision == revision {
            let StoredWorkflow { document, changed, by, .. } = present;
            return Ok(OldVersion { revision, document, at: changed, by });
        }
        let found = self.store.get(VERSIONS, &version_id(id, revision)).await?;
        VersionBody::read(&found.filter(|_| revision < present.revision).ok_or(BusError::Missing)?)
    }

    /// The workflows that `who` may do something with, newest first, a page of them; `after` is the id that the page
    /// before gave as next.
    ///
    /// # Errors
    /// If the store is in trouble.
    pub async fn list(
        &self,
        who: &Who,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<StoredWorkflow>, BusError> {
        let limit = limit.clamp(1, 1_000);
        let mut ids = BTreeSet::new();
        for principal in who.principals() {
            let query = Query {
                until: after.map(IndexValue::from),
                descending: true,
                limit: limit + 1,
                ..Query::of("principal", vec![principal.to_string().as_str().into()])
            };
            let found = self.store.find(GRANTS, query).await?;
            ids.extend(found.iter().filter_map(|grant| grant.body.text_of("workflow")));
        }
        let more = ids.len() > limit;
        let mut items = Vec::new();
        let mut last = None;
        for id in ids.into_iter().rev().take(limit) {
            // a grant may be older or newer than the workflow: the workflow decides
            match self.get(&id).await {
                Ok(workflow) if workflow.role(who).is_some() => items.push(workflow),
                Ok(_) | Err(BusError::Missing) => {}
                Err(error) => return Err(error),
            }
            last = Some(id);
        }
        Ok(Page { items, next: last.filter(|_| more) })
    }

    /// Ends what a crash has interrupted: brings what follows from workflows in line with them, and says of how many.
    ///
    /// # Errors
    /// If the store is in trouble.
    pub async fn tidy(&self) -> Result<usize, BusError> {
        let mut done = 0;
        loop {
            let query = Query { limit: 100, ..Query::of("untidy", vec![IndexValue::Bool(true)]) };
            let found = self.store.find(WORKFLOWS, query).await?;
            if found.is_empty() {
                return Ok(done);
            }
            for Document { id, .. } in found {
                self.tidy_one(&id).await?;
                done += 1;
            }
        }
    }

    /// Changes a record with compare-and-set, as often as it takes.
    async fn change(&self, id: &str, change: &Change<'_>) -> Result<StoredWorkflow, BusError> {
        loop {
            let present = self.get(id).await?;
            let mut next = present.clone();
            change(&mut next)?;
            if next.revision != present.revision {
                // before the record is replaced: what it says is kept even if this process ends right after
                let version = VersionBody::of(&present);
                self.store.save(VERSIONS, &version.id(), version.written(), Expect::Anything).await?;
            }
            let fires = |workflow: &StoredWorkflow| schedules_of(&workflow.document, workflow.draft);
            let listens = |workflow: &StoredWorkflow| self.listens(&workflow.document, workflow.draft);
            next.untidy |= next.owner != present.owner
                || next.shares != present.shares
                || fires(&next) != fires(&present)
                || listens(&next) != listens(&present);
            let expect = Expect::Revision(present.stored);
            match self.store.save(WORKFLOWS, id, Body::from(&next).written(), expect).await {
                Ok(stored) => {
                    next.stored = stored;
                    if next.untidy {
                        self.tidy_one(id).await?;
                    }
                    return Ok(next);
                }
                // somebody else was faster: what stands now decides
                Err(error) if error.trouble == Trouble::Conflict => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Removes the states beyond those that are kept; what a crash leaves, the next save removes.
    async fn prune(&self, workflow: &StoredWorkflow) -> Result<(), BusError> {
        let Some(oldest) = workflow.revision.checked_sub(self.versions_kept) else { return Ok(()) };
        let query = Query {
            until: i64::try_from(oldest).ok().map(IndexValue::Int),
            ..Query::of("workflow", vec![workflow.id.as_str().into()])
        };
        for old in self.store.find(VERSIONS, query).await? {
            self.store.delete(VERSIONS, &old.id, Expect::Anything).await?;
        }
        Ok(())
    }

    /// Makes what follows from a workflow as its record says.
    async fn tidy_one(&self, id: &str) -> Result<(), BusError> {
        loop {
            let Some(found) = self.store.get(WORKFLOWS, id).await? else { return Ok(()) };
            let body = Body::read(&found)?;
            if body.gone {
                return self.remove(id).await;
            }
            if !body.untidy {
                return Ok(());
            }
            let workflow = body.clone().stored(id, found.revision)?;
            self.grant(id, workflow.principals().collect()).await?;
            self.schedules().follow(id, schedules_of(&workflow.document, workflow.draft)).await?;
            self.listeners().follow(id, self.listens(&workflow.document, workflow.draft)).await?;
            let body = Body { untidy: false, ..body };
            match self.store.save(WORKFLOWS, id, body.written(), Expect::Revision(found.revision)).await {
                Ok(_) => return Ok(()),
                // changed meanwhile: the mark stays until what stands now is followed
                Err(error) if error.trouble == Trouble::Conflict => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn schedules(&self) -> Schedules {
        Schedules::new(Arc::clone(&self.store), Arc::clone(&self.clock))
    }

    fn listeners(&self) -> Listeners {
        Listeners::new(Arc::clone(&self.store))
    }

    /// How a workflow is to be listened for; not at all while it is a draft.
    fn listens(&self, document: &Workflow, draft: bool) -> Option<Wanted> {
        let trigger = document.live_trigger().filter(|_| !draft)?;
        // what a workflow in the place of a step listens with is known when it is in its place
        let is_live = |step: &&Step| {
            step.connector == WORKFLOW
                || self.catalogue.entry(&step.connector).is_some_and(|entry| entry.live)
        };
        let steps = document.steps.iter().filter(|step| !step.disabled).filter(is_live);
        let labels: BTreeSet<&str> = steps.map(|step| document.label_of(step)).collect();
        let labels = labels.into_iter().filter(|label| !label.is_empty()).map(str::to_owned).collect();
        Some(Wanted { trigger, labels })
    }

    /// Makes the grants of a workflow those of `principals`.
    async fn grant(&self, workflow: &str, principals: BTreeSet<Principal>) -> Result<(), BusError> {
        let mut wanted: BTreeSet<String> = principals.iter().map(ToString::to_string).collect();
        let query = Query::of("workflow", vec![workflow.into()]);
        for grant in self.store.find(GRANTS, query).await? {
            let principal = grant.body.text_of("principal").unwrap_or_default();
            if !wanted.remove(&principal) {
                self.store.delete(GRANTS, &grant.id, Expect::Anything).await?;
            }
        }
        for principal in wanted {
            let body = json!({ "principal": principal, "workflow": workflow });
            self.store
                .save(GRANTS, &format!("{principal}/{workflow}"), body.into(), Expect::Anything)
                .await?;
        }
        Ok(())
    }

    /// Removes what belongs to a workflow that is gone, then its record.
    async fn remove(&self, id: &str) -> Result<(), BusError> {
        self.grant(id, BTreeSet::new()).await?;
        self.schedules().follow(id, Vec::new()).await?;
        self.listeners().follow(id, None).await?;
        publications::forget(&*self.store, id).await?;
        loop {
            let versions = self.store.find(VERSIONS, Query::of("workflow", vec![id.into()])).await?;
            if versions.is_empty() {
                break;
            }
            for version in versions {
                self.store.delete(VERSIONS, &version.id, Expect::Anything).await?;
            }
        }
        Ok(self.store.delete(WORKFLOWS, id, Expect::Anything).await?)
    }
}

/// The workflow a document of the store holds, unless it was deleted.
fn read(document: &Document) -> Result<Option<StoredWorkflow>, BusError> {
    let body = Body::read(document)?;
    if body.gone { Ok(None) } else { body.stored(&document.id, document.revision).map(Some) }
}

#[cfg(test)]
mod tests;
