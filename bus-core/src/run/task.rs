use super::Chunks;
use crate::error::StepError;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::{fmt, str::FromStr};

/// Names a task within its run: the stage and the part, both from 0. Written `2.17`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId {
    /// The stage, by its place in the plan.
    pub stage: u32,
    /// The part of the stage's data.
    pub part: u32,
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.stage, self.part)
    }
}

impl FromStr for TaskId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |text: &str| text.parse().map_err(|_| "a task is written stage.part");
        let (stage, part) = text.split_once('.').ok_or("a task is written stage.part")?;
        Ok(Self { stage: number(stage)?, part: number(part)? })
    }
}

impl Serialize for TaskId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TaskId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Where a task stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskStatus {
    /// It is to be done; published last at this time (ms).
    Due {
        /// When it was published last, ms since the Unix epoch.
        since: i64,
    },
    /// A worker does it.
    Out {
        /// Who.
        worker: String,
        /// Until when the worker has it, unless it asks for longer; ms since the Unix epoch.
        until: i64,
    },
    /// It is done.
    Done,
    /// It was tried often enough.
    Failed(StepError),
}

/// One stage on one part of the data: what is dispatched to a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// The how-manieth attempt this is, from 1.
    pub attempt: u32,
    /// Where it stands.
    pub status: TaskStatus,
    /// What it takes, as it was when the attempt became due.
    pub inputs: Chunks,
    /// What it has made so far; complete when it is done.
    pub outputs: Chunks,
    /// Whether its source found nothing new.
    #[serde(default)]
    pub unchanged: bool,
    /// Whether its source must be read even if nothing is new, since others need the data.
    #[serde(default)]
    pub forced: bool,
    /// How often whoever did it has gone away before it was done.
    #[serde(default)]
    pub lost: u32,
}

impl Task {
    pub(super) const fn due(inputs: Chunks, now: i64) -> Self {
        Self {
            attempt: 1,
            status: TaskStatus::Due { since: now },
            inputs,
            outputs: Chunks::new(),
            unchanged: false,
            forced: false,
            lost: 0,
        }
    }

    /// Whether it is done.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self.status, TaskStatus::Done)
    }

    /// Starts the next attempt.
    pub(super) fn again(&mut self, now: i64) {
        self.attempt += 1;
        self.status = TaskStatus::Due { since: now };
        self.unchanged = false;
    }
}
