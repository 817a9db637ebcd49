//! Waiting for a store that is away: what was done so far is not thrown away because of that.

use super::{Bus, BusError};
use backplane::Trouble;
use std::{future::Future, time::Duration};
use tokio_util::sync::CancellationToken;

/// The first pause; each further one is twice as long.
const FIRST: Duration = Duration::from_millis(100);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(2);

/// Whether waiting can help.
pub(super) fn is_away(error: &BusError) -> bool {
    matches!(error, BusError::Backplane(error) if error.trouble == Trouble::Unavailable)
}

impl Bus {
    /// Tries until the store can be reached, as long as the node waits for it and `stop` allows.
    pub(super) async fn patiently<T, E, F>(
        &self,
        stop: &CancellationToken,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, BusError>
    where
        E: Into<BusError>,
        F: Future<Output = Result<T, E>>,
    {
        let (start, mut pause) = (tokio::time::Instant::now(), FIRST);
        loop {
            let error = match attempt().await.map_err(Into::into) {
                Err(error) if is_away(&error) && start.elapsed() < self.settings().outage => error,
                ended => return ended,
            };
            tracing::debug!(%error, "work waits for the store");
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST),
                () = stop.cancelled() => return Err(error),
            }
        }
    }
}
