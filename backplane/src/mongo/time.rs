//! The time by which leases and chunks run out.
//!
//! It is the server's: asked at the start and again every half minute, and counted on by the clock of this
//! machine that only goes forward. So the clocks of the nodes may be set as they like and may jump; between
//! two questions a node is wrong by what its ticks are (some parts in a million) and by half of the way to
//! the server, which is far less than any lease. After a failover it is the new primary's.

use super::wire::{Base, Fault};
use crate::Clock;
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The server is asked again after this time.
const AGAIN: Duration = Duration::from_secs(30);

/// Tells the time of the server.
pub(super) struct Time {
    given: Option<Clock>,
    known: Mutex<Option<(Instant, i64)>>,
}

impl Time {
    pub(super) fn new(given: Option<Clock>) -> Self {
        Self { given, known: Mutex::default() }
    }

    /// The time, ms since the Unix epoch.
    pub(super) async fn now(&self, base: &Base) -> Result<i64, Fault> {
        if let Some(clock) = &self.given {
            return Ok(clock());
        }
        let known = *self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, time)) = known
            && at.elapsed() < AGAIN
        {
            return Ok(time.saturating_add(millis(at.elapsed())));
        }
        let asked = Instant::now();
        let time = base.time().await?;
        let way = asked.elapsed() / 2;
        let time = time.saturating_add(millis(way));
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), time));
        Ok(time)
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
