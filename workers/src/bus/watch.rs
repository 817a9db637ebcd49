use super::BusError;
use bus_core::{api::Progress, record::Batch};
use std::collections::VecDeque;

/// What is seen of a run: first how it stands, then every change, last how it ended.
#[derive(Debug)]
pub struct Watch {
    waiting: VecDeque<Progress>,
}

impl Watch {
    /// The next state; `None` after the one that says that the run has ended.
    pub async fn next(&mut self) -> Option<Progress> {
        self.waiting.pop_front()
    }
}

/// Records kept of a port, batch by batch.
#[derive(Debug)]
pub struct Records {
    waiting: VecDeque<Batch>,
}

impl Records {
    /// The next batch; `None` after the last.
    ///
    /// # Errors
    /// If a batch has outlived its time meanwhile, or cannot be read.
    pub async fn next(&mut self) -> Result<Option<Batch>, BusError> {
        Ok(self.waiting.pop_front())
    }
}
