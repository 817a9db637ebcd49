//! Where a part of a workflow is joined to the rest of it, when it runs by itself.

use bus_core::{catalogue::Go, error::StepError, record::Batch, workflow::Port};
use connectors::contract::{Step, Tap};
use futures::future::BoxFuture;
use serde_json::Value;
use std::{collections::BTreeMap, fmt, sync::Arc};
use tokio::sync::mpsc::{Receiver, Sender};

/// What comes of a feed or a drain.
pub(crate) type Ended = BoxFuture<'static, Result<(), StepError>>;

/// Brings records to an input port, as a link would.
pub(crate) struct Feed {
    pub(crate) to: Port,
    pub(crate) read: Box<dyn FnOnce(Sender<Batch>) -> Ended + Send>,
}

/// Takes the records of an output port, as a link would.
pub(crate) struct Drain {
    pub(crate) from: Port,
    pub(crate) write: Box<dyn FnOnce(Receiver<Batch>) -> Ended + Send>,
}

/// Makes what sees the records that a step sends.
pub(crate) type Taps = Arc<dyn Fn(&str) -> Arc<dyn Tap> + Send + Sync>;

/// How the steps that run are joined to those that do not.
#[derive(Default)]
pub(crate) struct Seams {
    pub(crate) feeds: Vec<Feed>,
    pub(crate) drains: Vec<Drain>,
    /// Steps whose place is taken, by id.
    pub(crate) stand_ins: BTreeMap<String, Step>,
    pub(crate) taps: Option<Taps>,
    /// Steps of which one of two goes is done.
    pub(crate) goes: BTreeMap<String, Go>,
    /// What the steps remember of their last run, if they may.
    pub(crate) memory: BTreeMap<String, Value>,
}

impl fmt::Debug for Seams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seams").finish_non_exhaustive()
    }
}
