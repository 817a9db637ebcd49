//! Keeps what is listened for: takes leases, stays connected, starts runs for what arrives.
//!
//! Each listener that a node keeps is one task. It holds the lease, sees to it that the workflow is still as it was,
//! and gathers what arrives at all live steps of the workflow into batches. A batch is kept in the store, noted under
//! the token of the lease, and given to a run; when that is accepted, the messages are acknowledged.

mod ears;
mod gather;

use super::{
    Bus, BusError,
    arrived::Kept,
    pinned::Pinned,
    record::{NewRun, RunRecord},
    start::{priority_of, wrong_parameters},
};
use crate::listeners::{Found, Listener, Listeners, NotChanged};
use backplane::Lease;
use bus_core::{Language, api::StartedBy, run::RunState, workflow::LiveTrigger};
use connectors::contract::{Letters, Mailbox};
use ears::Ears;
use gather::Gathered;
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;

/// How often it is looked whether a listener is free, and whether a workflow is still the same.
const LOOK: Duration = Duration::from_secs(1);
/// After so many looks it is seen whether workflows inside the workflow are still the same.
const DEEP: u32 = 10;
/// The pause before a workflow that cannot be listened for is tried again.
const PAUSE: Duration = Duration::from_secs(5);
/// How long sources may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// Why listening ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    /// The workflow has changed: it goes on with what it is now.
    Changed,
    /// It is not to be listened for any more.
    Gone,
    /// Another node has it, or may have it by now.
    Lost,
    /// The node stops.
    Stopped,
}

/// Listeners that this node keeps.
type Held = Arc<Mutex<BTreeSet<String>>>;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A listener that this node keeps.
struct Keeper {
    bus: Bus,
    workflow: String,
    lease: Lease,
    listeners: Listeners,
    saying: tokio::sync::Mutex<()>,
}

/// What is kept as long as the workflow stays the same.
struct Life {
    pinned: Pinned,
    trigger: LiveTrigger,
    /// What the runs are like; its parameters and secrets are those the steps listen with.
    run: RunRecord,
    ears: Ears,
    gathered: Gathered,
}

impl Bus {
    /// Keeps listeners that nobody keeps, at most one more at each look, so that they spread over the nodes.
    pub(super) async fn keep_listening(&self, stop: &CancellationToken) {
        if self.parts().slots == 0 {
            return stop.cancelled().await;
        }
        let (held, mut seen) = (Held::default(), HashMap::new());
        let mut keeping = JoinSet::new();
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = looks.tick() => {}
                Some(_) = keeping.join_next() => continue,
                () = stop.cancelled() => break,
            }
            match self.free_listener(&held, &mut seen).await {
                Ok(Some((workflow, lease))) => {
                    locked(&held).insert(workflow.clone());
                    let (bus, held, stop) = (self.clone(), Arc::clone(&held), stop.clone());
                    keeping.spawn(async move {
                        bus.tally().listeners.fetch_add(1, Relaxed);
                        let listeners = bus.listeners();
                        let keeper = Keeper {
                            bus: bus.clone(),
                            workflow: workflow.clone(),
                            lease,
                            listeners,
                            saying: tokio::sync::Mutex::default(),
                        };
                        keeper.keep(&stop).await;
                        bus.tally().listeners.fetch_sub(1, Relaxed);
                        locked(&held).remove(&workflow);
                    });
                }
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, "listeners wait for the store"),
            }
        }
        while keeping.join_next().await.is_some() {}
    }

    /// A listener that nobody keeps, and its lease. One whose document has not changed for as long as a lease lasts
    /// may be free: nobody's clock is asked.
    async fn free_listener(
        &self,
        held: &Held,
        seen: &mut HashMap<String, (u64, Instant)>,
    ) -> Result<Option<(String, Lease)>, BusError> {
        let all = self.listeners().all().await?;
        seen.retain(|workflow, _| all.iter().any(|found| found.workflow == *workflow));
        for Found { workflow, revision, listener } in all {
            let can = listener.wanted.labels.iter().all(|label| self.settings().labels.contains(label));
            if !can || locked(held).contains(&workflow) {
                continue;
            }
            let now = Instant::now();
            let (known, since) = seen.entry(workflow.clone()).or_insert((revision, now));
            if *known != revision {
                (*known, *since) = (revision, now);
            }
            if listener.node.is_some() && since.elapsed() < self.settings().lease {
                continue;
            }
            if let Some(lease) = self.listener_lease(&workflow).await? {
                return Ok(Some((workflow, lease)));
            }
            *since = now;
        }
        Ok(None)
    }

    async fn listener_lease(&self, workflow: &str) -> Result<Option<Lease>, BusError> {
        let name = format!("listen/{workflow}");
        // not the node's name alone: one that was started anew is another holder
        Ok(self.store().lease(&name, self.boot(), self.settings().lease).await?)
    }
}

impl Keeper {
    /// Keeps the listener until it is over, then gives it back.
    async fn keep(&self, stop: &CancellationToken) {
        let over = loop {
            let over = Box::pin(self.keep_as_it_is(stop)).await;
            if over != Over::Changed {
                break over;
            }
        };
        tracing::info!(workflow = self.workflow, ?over, "not listening any more");
        if over == Over::Lost {
            return;
        }
        let free = |listener: &mut Listener| {
            (listener.node, listener.since) = (None, None);
            listener.steps.clear();
        };
        if let Err(NotChanged::Store(error)) = self.change(free).await {
            tracing::debug!(%error, "others will notice by themselves that nobody listens");
        }
        if let Err(error) = self.bus.store().release(self.lease.clone()).await {
            tracing::debug!(%error, "the lease on a listener runs out by itself");
        }
    }

    async fn change(&self, change: impl Fn(&mut Listener) + Send + Sync) -> Result<(), NotChanged> {
        self.listeners.change(&self.workflow, self.lease.token, change).await
    }

    /// Says how things stand, under the token of the lease; one saying at a time, so that nothing counts twice.
    async fn say(&self, life: &Life) -> Result<(), NotChanged> {
        let _alone = self.saying.lock().await;
        self.change(|listener| life.show(listener)).await?;
        life.gathered.said();
        life.ears.said();
        Ok(())
    }

    /// Listens for the workflow as it is now.
    async fn keep_as_it_is(&self, stop: &CancellationToken) -> Over {
        let (mailbox, letters) = Mailbox::new("", true);
        let life = match self.begin().await {
            Ok(Ok(life)) => life,
            Ok(Err(over)) => return over,
            Err(error) => return self.wait(error, stop).await,
        };
        let quiet = CancellationToken::new();
        let mut listening = self.listen(&life, &mailbox, &quiet).await;
        drop(mailbox);
        let over = self.listen_until_over(&life, letters, stop).await;
        quiet.cancel();
        let _said = timeout(GOODBYE, async { while listening.join_next().await.is_some() {} }).await;
        over
    }

    async fn listen_until_over(&self, life: &Life, mut letters: Letters, stop: &CancellationToken) -> Over {
        tokio::select! {
            over = self.see_to_it(life) => over,
            over = self.gather(life, &mut letters) => over,
            () = stop.cancelled() => Over::Stopped,
        }
    }

    /// Takes the workflow as it is now, and the listener under the token of the lease.
    async fn begin(&self) -> Result<Result<Life, Over>, BusError> {
        let pinned = match self.bus.pinned(&self.workflow, Language::default()).await {
            Err(BusError::Missing) => return Ok(Err(Over::Gone)),
            pinned => pinned?,
        };
        let Some(trigger) = pinned.document.live_trigger() else { return Ok(Err(Over::Gone)) };
        let run = self.run_of(&pinned)?;
        let (node, now) = (self.bus.parts().node.clone(), self.bus.now());
        let taken = |listener: &mut Listener| {
            (listener.node, listener.since) = (Some(node.clone()), Some(now));
            listener.problem = None;
            listener.steps.clear();
        };
        if let Err(over) = over(self.change(taken).await)? {
            return Ok(Err(over));
        }
        tracing::info!(workflow = self.workflow, "listening");
        let (ears, gathered) = (Ears::default(), Gathered::default());
        Ok(Ok(Life { pinned, trigger, run, ears, gathered }))
    }

    /// A run as those that will be started.
    fn run_of(&self, pinned: &Pinned) -> Result<RunRecord, BusError> {
        let parameters = pinned.document.bind(&Map::new(), |_| false).map_err(wrong_parameters)?;
        let run = self.new_run(pinned, parameters, Kept::new());
        Ok(RunRecord::new(run, Vec::new(), RunState::new(Vec::new()), self.bus.now()))
    }

    /// A run for what has arrived.
    fn new_run(&self, pinned: &Pinned, parameters: Map<String, Value>, arrived: Kept) -> NewRun {
        NewRun {
            workflow: self.workflow.clone(),
            revision: pinned.revision,
            owner: pinned.owner.clone(),
            document: pinned.document.clone(),
            parameters,
            inputs: BTreeMap::new(),
            given: Vec::new(),
            arrived,
            by: StartedBy::Live,
            language: Language::default(),
            priority: priority_of(&StartedBy::Live),
        }
    }

    /// Says why the workflow cannot be listened for, and waits: it is tried again.
    async fn wait(&self, error: BusError, stop: &CancellationToken) -> Over {
        tracing::warn!(workflow = self.workflow, %error, "a workflow cannot be listened for");
        let problem = error.message();
        let said = self.change(|listener| listener.problem = Some(problem.clone())).await;
        match said {
            Err(NotChanged::Gone) => return Over::Gone,
            Err(NotChanged::Lost) => return Over::Lost,
            Ok(()) | Err(NotChanged::Store(_)) => {}
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => return Over::Stopped,
        }
        match self.renewed().await {
            Some(true) => Over::Changed,
            Some(false) | None => Over::Lost,
        }
    }

    /// Makes the lease longer; nothing if the store does not say.
    async fn renewed(&self) -> Option<bool> {
        let lease = timeout(self.third(), self.bus.listener_lease(&self.workflow)).await;
        match lease {
            Ok(Ok(lease)) => Some(lease.is_some_and(|lease| lease.token == self.lease.token)),
            Ok(Err(error)) => {
                tracing::debug!(%error, "the lease on a listener could not be made longer");
                None
            }
            Err(_) => None,
        }
    }

    fn third(&self) -> Duration {
        self.bus.settings().lease / 3
    }

    /// Makes the lease longer, says how things stand, and sees whether the workflow is still the same.
    async fn see_to_it(&self, life: &Life) -> Over {
        let lease = self.bus.settings().lease;
        let mut looks = interval(LOOK.min(self.third()));
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut renewed, mut said) = (Instant::now(), Instant::now());
        let (mut shown, mut count) = (life.ears.states(), 0_u32);
        loop {
            looks.tick().await;
            count = count.wrapping_add(1);
            if renewed.elapsed() >= self.third() {
                match self.renewed().await {
                    Some(true) => renewed = Instant::now(),
                    Some(false) => return Over::Lost,
                    // before another may take it, this one has to be silent
                    None if renewed.elapsed() > lease * 4 / 5 => return Over::Lost,
                    None => continue,
                }
            }
            // a store that does not answer must not keep the lease from being seen to
            if let Ok(Some(over)) = timeout(self.third(), self.is_over(life, count % DEEP == 0)).await {
                return over;
            }
            let now = life.ears.states();
            if now != shown || said.elapsed() >= self.third() {
                match timeout(self.third(), self.say(life)).await {
                    Ok(Ok(())) => (shown, said) = (now, Instant::now()),
                    Ok(Err(NotChanged::Gone)) => return Over::Gone,
                    Ok(Err(NotChanged::Lost)) => return Over::Lost,
                    Ok(Err(NotChanged::Store(error))) => {
                        tracing::debug!(%error, "a listener cannot say how it is");
                    }
                    Err(_) => {}
                }
            }
        }
    }

    /// Whether the workflow is another by now; `deep` looks into the workflows it uses, too.
    async fn is_over(&self, life: &Life, deep: bool) -> Option<Over> {
        if deep {
            return match self.bus.pinned(&self.workflow, Language::default()).await {
                Ok(pinned) if pinned.document == life.pinned.document => None,
                Err(BusError::Backplane(_)) => None,
                Ok(_) | Err(_) => Some(Over::Changed),
            };
        }
        match self.bus.workflows().get(&self.workflow).await {
            Ok(stored) if stored.revision == life.pinned.revision && stored.owner == life.pinned.owner => {
                None
            }
            Err(BusError::Backplane(_)) => None,
            Ok(_) | Err(_) => Some(Over::Changed),
        }
    }
}

impl Life {
    /// Writes how things stand.
    fn show(&self, listener: &mut Listener) {
        listener.steps = self.ears.states();
        listener.too_large += self.ears.too_large();
        self.gathered.show(listener);
    }
}

/// What a change that did not happen means; trouble of the store is an error.
fn over(changed: Result<(), NotChanged>) -> Result<Result<(), Over>, BusError> {
    match changed {
        Ok(()) => Ok(Ok(())),
        Err(NotChanged::Gone) => Ok(Err(Over::Gone)),
        Err(NotChanged::Lost) => Ok(Err(Over::Lost)),
        Err(NotChanged::Store(error)) => Err(error.into()),
    }
}
