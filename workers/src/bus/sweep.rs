//! What a node does besides its tasks: begins runs that wait, publishes again what stayed out too long,
//! deletes what has outlived its time.

use super::{
    Bus, BusError,
    record::{RUNS, RunRecord},
    runs::Known,
};
use backplane::{Document, Expect, IndexValue, Pattern, Query};
use bus_core::run::Event;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// Who may tidy up: one node at a time.
const LEASE: &str = "sweep";
/// Documents read at a time.
const PAGE: usize = 200;
/// The pause before it is listened again when the broker went away.
const AGAIN: Duration = Duration::from_millis(500);
/// Runs forgotten in one go.
const FORGOTTEN: usize = 100;

impl Bus {
    pub(super) async fn sweep_until(&self, stop: &CancellationToken) {
        let begun = if self.settings().shared { self.admit_all().await } else { self.recover().await };
        if let Err(error) = begun {
            tracing::error!(%error, "what this node was doing before is found by the sweeper, later");
        }
        let mut ticks = tokio::time::interval(self.settings().sweep);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            if let Err(error) = self.sweep_once().await {
                tracing::warn!(%error, "the sweeper could not do its round");
            }
        }
    }

    /// After a start: what this node had in hand when it ended will not be done, and runs that were
    /// accepted may not have begun.
    async fn recover(&self) -> Result<(), BusError> {
        let node = format!("{}/", self.parts().node);
        let event = Event::Restarted { node, alive: self.boot().to_owned() };
        for run in self.standing("running").await? {
            if let Some(workflow) = run.body.text_of("workflow") {
                self.share().note(&workflow, &run.id);
            }
            self.tick(run, &event).await;
        }
        self.admit_all().await
    }

    /// Publishes what could not be published when the broker was away.
    async fn send_unsent(&self) {
        for run in self.unsent().take() {
            if let Err(error) = self.tell(&run, Event::Tick { patience: 0 }).await
                && error != BusError::Missing
            {
                self.unsent().note(&run);
            }
        }
    }

    async fn sweep_once(&self) -> Result<(), BusError> {
        self.send_unsent().await;
        let running = self.standing("running").await?;
        self.count_shares(&running).await;
        self.admit_all().await?;
        let time = self.settings().sweep * 3;
        if self.store().lease(LEASE, &self.parts().node, time).await?.is_none() {
            return Ok(());
        }
        let patience = self.patience().await;
        for run in running {
            self.tick(run, &Event::Tick { patience }).await;
        }
        self.store().sweep().await?;
        self.forget_uploads().await?;
        self.forget().await
    }

    /// How long a due task is left alone, ms: as long as its message may still be waiting for its turn, since one that
    /// is published anew stands in the queue twice. A message that waits is no older than the oldest that does.
    async fn patience(&self) -> i64 {
        let oldest = self.queued().await.map_or(0.0, |(_, oldest)| oldest);
        let oldest = Duration::try_from_secs_f64(oldest).unwrap_or_default() + self.settings().sweep;
        i64::try_from(self.settings().patience.max(oldest).as_millis()).unwrap_or(i64::MAX)
    }

    /// All runs that stand like this.
    async fn standing(&self, status: &'static str) -> Result<Vec<Document>, BusError> {
        let mut found: Vec<Document> = Vec::new();
        loop {
            let query = Query::of("standing", vec![IndexValue::from(status)]);
            let page =
                self.store().find(RUNS, Query { limit: PAGE, after: found.last().cloned(), ..query }).await?;
            let is_last = page.len() < PAGE;
            found.extend(page);
            if is_last {
                return Ok(found);
            }
        }
    }

    /// Tells a run what happened. One that cannot be read or saved does not keep the others from going on.
    async fn tick(&self, run: Document, event: &Event) {
        let (id, revision) = (run.id, run.revision);
        let told = match RunRecord::read(&run.body) {
            Ok(record) => {
                let known = Some(Known { record: Arc::new(record), revision });
                let event = event.clone();
                let told = self.change(&id, known, move |record, now| record.state.on(event.clone(), now));
                told.await.map(|_| ())
            }
            Err(error) => Err(error),
        };
        if let Err(error) = told {
            tracing::error!(run = id, %error, "a run cannot go on");
        }
    }

    /// Gives back the places of runs whose end this node has not heard of.
    async fn count_shares(&self, running: &[Document]) {
        let ids: BTreeSet<&str> = running.iter().map(|run| run.id.as_str()).collect();
        for (workflow, run) in self.share().all() {
            if ids.contains(run.as_str()) {
                continue;
            }
            // it may have begun since the store was asked, or have its place already and be about to be saved
            let stands = self.known(&run).await.map(|known| known.record.state.has_ended());
            if matches!(stands, Ok(true)) {
                self.share().leave(&workflow, &run);
            }
        }
    }

    async fn admit_all(&self) -> Result<(), BusError> {
        let waiting = self.standing("waiting").await?;
        let workflow = |run: &Document| run.body.text_of("workflow");
        let mut seen = BTreeSet::new();
        for workflow in waiting.iter().filter_map(workflow) {
            if seen.insert(workflow.clone()) {
                self.admit(&workflow).await;
            }
        }
        Ok(())
    }

    /// Begins runs that other nodes have accepted, as soon as they say so.
    pub(super) async fn hear_waiting(&self) {
        loop {
            if let Ok(mut listener) = self.broker().listen(Pattern::new("waiting.*")).await {
                while let Some(heard) = listener.next().await {
                    self.admit(heard.topic.strip_prefix("waiting.").unwrap_or_default()).await;
                }
            }
            // the broker is away: the sweeper begins runs meanwhile
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Begins the next run when one has ended that this node had begun and another node has finished.
    pub(super) async fn hear_ends(&self) {
        loop {
            if let Ok(mut listener) = self.broker().listen(Pattern::new("ended.*.*")).await {
                while let Some(heard) = listener.next().await {
                    let mut words = heard.topic.split('.').skip(1);
                    if let (Some(workflow), Some(run)) = (words.next(), words.next())
                        && self.share().leave(workflow, run)
                    {
                        self.admit(workflow).await;
                    }
                }
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Deletes runs that ended long ago, with what is left of them.
    async fn forget(&self) -> Result<(), BusError> {
        let history = i64::try_from(self.settings().history.as_millis()).unwrap_or(i64::MAX);
        let until = IndexValue::Int(self.now().saturating_sub(history));
        let query = Query { until: Some(until), limit: FORGOTTEN, ..Query::of("ended", Vec::new()) };
        for run in self.store().find(RUNS, query).await? {
            self.delete_run(&run.id).await?;
        }
        Ok(())
    }

    /// Deletes a run with everything that is kept of it.
    pub(super) async fn delete_run(&self, run: &str) -> Result<(), BusError> {
        self.delete_chunks(&format!("run/{run}")).await?;
        self.store().delete(RUNS, run, Expect::Anything).await?;
        Ok(())
    }

    /// Deletes all that is held for an owner.
    pub(super) async fn delete_chunks(&self, owner: &str) -> Result<(), BusError> {
        loop {
            let chunks = self.store().chunks(owner, None, PAGE).await?;
            let own: Vec<_> = chunks.iter().filter(|chunk| chunk.owner == owner).collect();
            if own.is_empty() {
                return Ok(());
            }
            for chunk in &own {
                self.store().delete_chunk(&chunk.name).await?;
            }
        }
    }
}
