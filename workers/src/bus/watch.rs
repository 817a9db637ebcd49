//! Runs under the eye of somebody: told of every change, never asked for.

use super::{
    Bus, BusError,
    kept::Section,
    record::{RunRecord, status},
    report::merged,
};
use backplane::{Announcement, Listener, Pattern};
use bus_core::{
    api::{Progress, RunStatus, RunSummary, StepCounts},
    record::Batch,
    run::{Status, TaskId},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::Arc,
    time::Duration,
};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

/// What is announced of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Note {
    /// It was changed in the store, and stands like this now.
    Changed(Status),
    /// A task has come this far.
    Task {
        /// The task.
        task: TaskId,
        /// What its steps have counted.
        steps: BTreeMap<String, StepCounts>,
    },
}

/// The least time between two states that a watcher sees, unless the run has ended.
const APART: Duration = Duration::from_millis(200);
/// After this time without a word the store is asked: the node that works may have died.
const SILENCE: Duration = Duration::from_secs(5);

/// While the broker is away, the store is asked so often.
const DEAF: Duration = Duration::from_secs(1);

/// Hears what is announced; nothing while the broker is away.
struct Ears {
    bus: Bus,
    pattern: Pattern,
    listener: Option<Listener>,
}

impl Ears {
    async fn open(bus: &Bus, pattern: Pattern) -> Self {
        let listener = bus.broker().listen(pattern.clone()).await.ok();
        Self { bus: bus.clone(), pattern, listener }
    }

    /// The next announcement; `None` if some may have been missed: the store knows then.
    async fn next(&mut self) -> Option<Announcement> {
        let heard = match &mut self.listener {
            Some(listener) => listener.next().await,
            None => {
                tokio::time::sleep(DEAF).await;
                None
            }
        };
        if heard.is_none() {
            self.listener = self.bus.broker().listen(self.pattern.clone()).await.ok();
        }
        heard
    }
}

/// What is seen of a run: first how it stands, then every change, last how it ended.
pub struct Watch {
    bus: Bus,
    run: String,
    ears: Ears,
    record: RunRecord,
    /// How far the tasks are that are not done.
    live: BTreeMap<TaskId, BTreeMap<String, StepCounts>>,
    shown: Option<(Instant, Progress)>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("run", &self.run).finish_non_exhaustive()
    }
}

impl Watch {
    /// The next state; `None` after the one that says that the run has ended.
    pub async fn next(&mut self) -> Option<Progress> {
        loop {
            if self.shown.as_ref().is_some_and(|(_, shown)| shown.status.has_ended()) {
                return None;
            }
            let now = self.progress();
            let (fresh, due) = match &self.shown {
                None => (true, Instant::now()),
                Some((at, shown)) => (*shown != now, *at + APART),
            };
            if fresh && (now.status.has_ended() || due <= Instant::now()) {
                self.shown = Some((Instant::now(), now.clone()));
                return Some(now);
            }
            let heard = if fresh {
                timeout_at(due, self.ears.next()).await
            } else {
                timeout(SILENCE, self.ears.next()).await
            };
            match heard {
                Ok(Some(announcement)) => self.hear(&announcement).await,
                // too slow, or the broker was away: what was missed stands in the store
                Ok(None) => self.read().await,
                Err(_) if fresh => {}
                Err(_) => self.read().await,
            }
        }
    }

    fn progress(&self) -> Progress {
        let done = self.record.counts();
        let live = self.live.values().cloned();
        Progress {
            run: self.run.clone(),
            status: status(self.record.state.status),
            steps: merged([done].into_iter().chain(live)),
        }
    }

    async fn hear(&mut self, announcement: &Announcement) {
        match serde_json::from_slice(&announcement.body) {
            Ok(Note::Changed(_)) => self.read().await,
            Ok(Note::Task { task, steps }) => {
                if self.record.state.tasks.get(&task).is_some_and(|task| !task.is_done()) {
                    self.live.insert(task, steps);
                }
            }
            // said by a newer version
            Err(_) => {}
        }
    }

    async fn read(&mut self) {
        // what cannot be read now is read at the next word
        if let Ok(known) = self.bus.known(&self.run).await {
            self.record = Arc::unwrap_or_clone(known.record);
            let record = &self.record;
            self.live.retain(|task, _| !record.reports.contains_key(task) && !record.state.has_ended());
        }
    }
}

impl Bus {
    pub(super) async fn announce(&self, run: &str, record: &RunRecord, note: &Note) {
        let body = serde_json::to_vec(note).unwrap_or_default();
        let topic = format!("run.{}.{run}", record.workflow);
        if let Err(error) = self.broker().announce(&topic, body).await {
            tracing::debug!(run, %error, "nobody hears how a run goes on");
        }
    }

    pub(super) async fn watch_run(&self, run: &str) -> Result<Watch, BusError> {
        // first the ears, then the eyes: nothing falls between
        let ears = Ears::open(self, Pattern::new(&format!("run.*.{run}"))).await;
        let record = Arc::unwrap_or_clone(self.known(run).await?.record);
        let (bus, run) = (self.clone(), run.to_owned());
        Ok(Watch { bus, run, ears, record, live: BTreeMap::new(), shown: None })
    }

    pub(super) async fn wait_for(&self, run: &str, most: Duration) -> Result<RunSummary, BusError> {
        let until = Instant::now() + most;
        let mut ears = Ears::open(self, Pattern::new(&format!("run.*.{run}"))).await;
        loop {
            let summary = self.known(run).await?.record.summary(run);
            if summary.status.has_ended() || Instant::now() >= until {
                return Ok(summary);
            }
            let mut silence = Instant::now() + SILENCE;
            loop {
                tokio::select! {
                    heard = ears.next() => match heard.map(|heard| ends(&heard)) {
                        Some(true) | None => break,
                        Some(false) => silence = Instant::now() + SILENCE,
                    },
                    () = sleep_until(until.min(silence)) => break,
                }
            }
        }
    }
}

/// Whether an announcement says that the run has ended.
fn ends(announcement: &Announcement) -> bool {
    let note = serde_json::from_slice(&announcement.body);
    matches!(note, Ok(Note::Changed(standing)) if RunStatus::has_ended(status(standing)))
}

/// Records kept of a port, batch by batch.
pub struct Records {
    bus: Bus,
    sections: VecDeque<Section>,
    waiting: VecDeque<Batch>,
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("sections", &self.sections.len()).finish_non_exhaustive()
    }
}

impl Records {
    pub(super) fn new(bus: Bus, sections: Vec<Section>) -> Self {
        Self { bus, sections: sections.into(), waiting: VecDeque::new() }
    }

    /// The records of whole chunks: name, bytes and records of each.
    pub(crate) fn of_chunks(bus: Bus, chunks: impl IntoIterator<Item = (String, usize, u64)>) -> Self {
        let section = |(chunk, length, records)| Section { chunk, from: 0, length, records };
        Self::new(bus, chunks.into_iter().map(section).collect())
    }

    /// The next batch; `None` after the last.
    ///
    /// # Errors
    /// If a batch has outlived its time meanwhile, or cannot be read.
    pub async fn next(&mut self) -> Result<Option<Batch>, BusError> {
        loop {
            if let Some(batch) = self.waiting.pop_front() {
                return Ok(Some(batch));
            }
            let Some(section) = self.sections.pop_front() else { return Ok(None) };
            self.waiting = self.bus.section(&section).await?.into();
        }
    }
}
