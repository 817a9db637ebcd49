//! Runs at given times.
//!
//! Each schedule of a workflow has a document that says when it is due next; an index by time finds those that are,
//! so that nothing walks over all workflows. A slot is fired in two steps: the run is started under an id that follows
//! from the slot, then the document moves on, by compare-and-set. Whoever does the first step twice (a crash between
//! the two, two nodes at once) starts one run; a lease keeps nodes from doing the same work. Whoever holds it shows
//! its token with every slot (fencing): one that was held up and has lost the lease meanwhile fires nothing any more.

mod slots;

use crate::{BusError, now};
use backplane::{
    BackplaneError, Body, Collection, Document, Expect, Index, IndexValue, Query, Store, Trouble,
};
use bus_core::{
    api::Time,
    msg,
    workflow::{Missed, Schedule, Trigger, Workflow},
};
use connectors::contract::Clock;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use slots::passed;
use std::{fmt, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// When schedules are due.
const DUE: Collection = Collection {
    name: "due",
    indexes: &[
        Index { name: "at", members: &["at"], unique: false },
        Index { name: "workflow", members: &["workflow", "at"], unique: false },
    ],
};

/// The most runs for times that were missed, of a schedule that makes them all up: the latest.
pub(crate) const MOST_MISSED: usize = 100;
/// A slot fired later than this was missed: the bus was off.
const ON_TIME: i64 = 60_000;
/// How often it is looked what is due.
const LOOK: Duration = Duration::from_secs(1);
/// How long a node that has died keeps others from firing.
const LEASE: Duration = Duration::from_secs(15);

/// A schedule as the store holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Due {
    form: u32,
    workflow: String,
    schedule: Schedule,
    /// The next slot, ms since the Unix epoch.
    at: i64,
    /// The token of the lease under which it was moved on last.
    #[serde(default)]
    fence: u64,
}

/// A slot whose time has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The workflow to run.
    pub workflow: String,
    /// The time it was meant for.
    pub at: Time,
    /// The id of the run: the same whenever the same slot is fired.
    pub run: String,
}

/// What starts runs. A run whose id exists already is started already.
pub trait Starts: Send + Sync {
    /// Starts the run of a slot.
    fn start(&self, slot: Slot) -> BoxFuture<'_, Result<(), BusError>>;
}

/// The schedules of all workflows. Cheap to clone.
#[derive(Clone)]
pub struct Schedules {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Schedules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schedules").finish_non_exhaustive()
    }
}

/// The schedules a workflow is run by: none while it is a draft. Those that are written twice fire once.
pub(crate) fn schedules_of(document: &Workflow, draft: bool) -> Vec<Schedule> {
    let mut found: Vec<Schedule> = Vec::new();
    for trigger in document.triggers.iter().filter(|_| !draft) {
        if let Trigger::Schedule(schedule) = trigger
            && !found.iter().any(|known| known.cron == schedule.cron && known.zone == schedule.zone)
        {
            found.push(schedule.clone());
        }
    }
    found
}

impl Schedules {
    /// The schedules in this store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// When a workflow is due next.
    ///
    /// # Errors
    /// If the store is in trouble.
    pub async fn next(&self, workflow: &str) -> Result<Option<Time>, BusError> {
        let query = Query { limit: 1, ..Query::of("workflow", vec![workflow.into()]) };
        let found = self.store.find(DUE, query).await?;
        found.first().map(|first| read(first).map(|due| Time(due.at))).transpose()
    }

    /// Makes the schedules of a workflow these. One that was there already keeps its next time, so that saving a
    /// workflow does not make it miss one.
    pub(crate) async fn follow(&self, workflow: &str, schedules: Vec<Schedule>) -> Result<(), BusError> {
        let query = Query::of("workflow", vec![workflow.into()]);
        let known = self.store.find(DUE, query).await?;
        let ids: Vec<String> = schedules.iter().map(|schedule| id(workflow, schedule)).collect();
        for gone in known.iter().filter(|known| !ids.contains(&known.id)) {
            self.store.delete(DUE, &gone.id, Expect::Anything).await?;
        }
        for (schedule, id) in schedules.into_iter().zip(&ids) {
            loop {
                let old = self.store.get(DUE, id).await?;
                let known = old.as_ref().map(read).transpose()?;
                if known.as_ref().is_some_and(|known| known.schedule == schedule) {
                    break;
                }
                let fence = known.as_ref().map_or(0, |known| known.fence);
                let at = known.map(|known| Time(known.at));
                let Some(at) = at.or_else(|| after(&schedule, Time(now(&*self.clock)))) else { break };
                let due = Due {
                    form: 1,
                    workflow: workflow.to_owned(),
                    schedule: schedule.clone(),
                    at: at.0,
                    fence,
                };
                if self.put(id, &due, old.as_ref()).await? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Fires everything whose time has come, under the lease of this token; says how many slots that were.
    ///
    /// # Errors
    /// If the store or the broker is in trouble: what was not fired is due at the next call. If somebody with a later
    /// token has been here: the lease is lost.
    pub async fn fire(&self, starts: &dyn Starts, fence: u64) -> Result<usize, BusError> {
        let mut fired = 0;
        loop {
            let until = now(&*self.clock).saturating_add(1);
            let query =
                Query { until: Some(IndexValue::Int(until)), limit: 100, ..Query::of("at", Vec::new()) };
            let found = self.store.find(DUE, query).await?;
            if found.is_empty() {
                return Ok(fired);
            }
            for document in found {
                fired += self.fire_one(&document, starts, fence).await?;
            }
        }
    }

    /// Fires one slot of a schedule, or those of all times that were missed; moves it on.
    async fn fire_one(
        &self,
        document: &Document,
        starts: &dyn Starts,
        fence: u64,
    ) -> Result<usize, BusError> {
        let due = read(document)?;
        if due.fence > fence {
            return Err(BackplaneError::conflict("schedules").into());
        }
        let time = now(&*self.clock);
        let Ok(times) = due.schedule.times() else {
            // a zone that this version does not know any more: the next save of the workflow says so
            tracing::warn!(workflow = due.workflow, cron = due.schedule.cron, "a schedule cannot be read");
            self.store.delete(DUE, &document.id, Expect::Revision(document.revision)).await?;
            return Ok(0);
        };
        let slots = passed(&times, Time(due.at), Time(time), MOST_MISSED);
        let last = slots.last().copied().unwrap_or(Time(due.at));
        let on_time = time - last.0 <= ON_TIME;
        let (fire, next) = match due.schedule.missed {
            // one slot at a time, so that a crash makes none up twice and leaves none out
            Missed::All => {
                let first = slots.first().copied().unwrap_or(last);
                if first.0 > due.at {
                    tracing::warn!(
                        workflow = due.workflow,
                        most = MOST_MISSED,
                        "more times were missed than are made up: the latest are"
                    );
                }
                (Some(first), first)
            }
            Missed::Once => (Some(last), last),
            Missed::Skip => (on_time.then_some(last), last),
        };
        if let Some(at) = fire {
            let slot = Slot { workflow: due.workflow.clone(), at, run: run_id(&document.id, at) };
            match starts.start(slot).await {
                Ok(()) => {}
                Err(BusError::Backplane(error)) => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(workflow = due.workflow, %error, "a run that was due did not start");
                }
            }
        }
        let fired = usize::from(fire.is_some());
        match times.next_after(next) {
            Some(at) => {
                // if not, somebody else has moved it on
                self.put(&document.id, &Due { at: at.0, fence, ..due }, Some(document)).await?;
            }
            None => self.store.delete(DUE, &document.id, Expect::Revision(document.revision)).await?,
        }
        Ok(fired)
    }

    /// Fires what is due until stopped, while no other node does.
    pub async fn work(&self, node: &str, starts: &dyn Starts, stop: CancellationToken) {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut held = None;
        loop {
            tokio::select! {
                _ = looks.tick() => {}
                () = stop.cancelled() => break,
            }
            match self.store.lease("schedules", node, LEASE).await {
                Ok(Some(lease)) => held = Some(lease),
                Ok(None) => {
                    held = None;
                    continue;
                }
                Err(error) => {
                    tracing::warn!(%error, "schedules wait for the store");
                    continue;
                }
            }
            let fence = held.as_ref().map_or(0, |lease| lease.token);
            if let Err(error) = self.fire(starts, fence).await {
                tracing::warn!(%error, "schedules could not be fired; they are tried again");
            }
        }
        if let Some(lease) = held
            && let Err(error) = self.store.release(lease).await
        {
            tracing::debug!(%error, "the lease on schedules runs out by itself");
        }
    }

    /// Saves a due time if the document stands as it was read; `false` if somebody else was faster.
    async fn put(&self, id: &str, due: &Due, known: Option<&Document>) -> Result<bool, BusError> {
        let expect = known.map_or(Expect::Absent, |known| Expect::Revision(known.revision));
        // nothing in it can fail to serialise
        let body = Body::of(due).unwrap_or_default();
        match self.store.save(DUE, id, body, expect).await {
            Ok(_) => Ok(true),
            Err(error) if error.trouble == Trouble::Conflict => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

fn after(schedule: &Schedule, time: Time) -> Option<Time> {
    schedule.times().ok()?.next_after(time)
}

fn id(workflow: &str, schedule: &Schedule) -> String {
    format!("{workflow}/{}/{}", schedule.zone, schedule.cron)
}

fn read(document: &Document) -> Result<Due, BusError> {
    document.body.read().map_err(|error| {
        BusError::Backplane(BackplaneError::new(
            Trouble::Corrupt,
            msg!(
                "the schedule `{id}` in the store cannot be read: {problem}",
                id = &document.id,
                problem = error.to_string()
            ),
        ))
    })
}

/// An id in the form of the others: the time of the slot, and what tells it from other schedules.
fn run_id(schedule: &str, at: Time) -> String {
    let digest = Sha256::new().chain_update(schedule).chain_update(at.0.to_le_bytes()).finalize();
    let mut rest = [0; 10];
    rest.iter_mut().zip(digest).for_each(|(byte, of)| *byte = of);
    crate::id::from_parts(at.0, rest)
}

#[cfg(test)]
mod tests;
