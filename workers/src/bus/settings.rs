use bus_core::{
    limits::{Limited, seconds},
    plan::Rules,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// When a run is cut into stages that several workers do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Split {
    /// A run is one task from end to end, which streams on all cores of one worker.
    Never,
    /// Along its stages, however small it is; those that stream are done in the parts of their source, or
    /// in one for each chunk.
    Always,
    /// Where its sources are so large that it pays (see [`BusSettings::parts`]), and can be read in parts;
    /// as one task otherwise.
    #[default]
    Auto,
}

/// How much a node keeps and how patient it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BusSettings {
    /// When a run is cut into stages.
    pub split: Split,
    /// From when on sources are read in parts, and in how many.
    #[serde(flatten)]
    pub parts: Rules,
    /// Records that a chunk between two stages holds at most.
    pub chunk_records: u64,
    /// Bytes that a chunk between two stages holds at most, before it is compressed.
    pub chunk_bytes: usize,
    /// Records kept of each output port, for the eye.
    pub kept_records: u64,
    /// Bytes kept of each output port.
    pub kept_bytes: usize,
    /// Refused records kept of each step.
    pub refused_records: u64,
    /// Bytes of refused records kept of each step.
    pub refused_bytes: usize,
    /// What the node can do that others cannot: it takes the tasks that ask for one of these, too.
    pub labels: Vec<String>,
    /// Bytes that the tasks under way may hold together; not counted if not given.
    pub memory: Option<u64>,
    /// Whether other nodes work on the same store.
    pub shared: bool,
    /// How long work that is under way waits for a store that cannot be reached.
    #[serde(rename = "outage_seconds", with = "seconds")]
    #[schemars(with = "u64")]
    pub outage: Duration,
    /// Runs of one workflow that are at work at a time; half of the slots if not given.
    pub share: Option<usize>,
    /// How long a worker has a task without saying that it still does it; after that and the next look of
    /// a node, another gets it.
    #[serde(rename = "lease_seconds", with = "seconds")]
    #[schemars(with = "u64")]
    pub lease: Duration,
    /// A due task that nobody has taken is published again after this time, or when its message would be the oldest
    /// in the queue, if that is later.
    #[serde(rename = "patience_seconds", with = "seconds")]
    #[schemars(with = "u64")]
    pub patience: Duration,
    /// How often a node looks for tasks that nobody does any more.
    #[serde(rename = "sweep_seconds", with = "seconds")]
    #[schemars(with = "u64")]
    pub sweep: Duration,
    /// How long tasks may take to finish when the node is to stop; the others are handed back.
    #[serde(rename = "grace_seconds", with = "seconds")]
    #[schemars(with = "u64")]
    pub grace: Duration,
    /// How long the record of a run that has ended is kept.
    #[serde(rename = "history_seconds", with = "seconds")]
    #[schemars(with = "u64")]
    pub history: Duration,
    /// Bytes an upload may have.
    pub upload_bytes: u64,
    /// How long a preview may take.
    #[serde(rename = "preview_seconds", with = "seconds")]
    #[schemars(with = "u64")]
    pub preview: Duration,
}

impl Default for BusSettings {
    fn default() -> Self {
        Self {
            split: Split::Auto,
            parts: Rules::default(),
            chunk_records: 16_384,
            chunk_bytes: 4 << 20,
            kept_records: 1_000,
            kept_bytes: 1 << 20,
            refused_records: 100_000,
            refused_bytes: 16 << 20,
            labels: Vec::new(),
            memory: None,
            shared: false,
            outage: Duration::from_secs(300),
            share: None,
            lease: Duration::from_secs(20),
            patience: Duration::from_secs(15),
            sweep: Duration::from_secs(5),
            grace: Duration::from_secs(5),
            history: Duration::from_secs(30 * 24 * 3_600),
            upload_bytes: 1 << 30,
            preview: Duration::from_secs(10),
        }
    }
}

impl Limited for BusSettings {}

impl BusSettings {
    /// The same, so patient that the tasks of a node that has died are given to another after `time` at most.
    #[must_use]
    pub fn redelivering_after(self, time: Duration) -> Self {
        // a lease runs out, the sweeper's own does meanwhile (three rounds), and the next round finds the task
        let (lease, sweep) = (time * 6 / 10, time * 2 / 10);
        Self { lease, sweep, patience: self.patience.min(time * 2), ..self }
    }
}
