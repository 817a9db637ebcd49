//! What a node keeps beside its runs: workflows, their secrets, their schedules, what they publish.

use super::{Bus, BusError, Start, start::priority_of};
use crate::{Listeners, Publications, Schedules, Slot, Starts, Vault, Workflows};
use bus_core::{Language, api::StartedBy};
use futures::future::BoxFuture;
use serde_json::Map;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// How often it is looked whether something is left over.
const TIDY: Duration = Duration::from_secs(60);

impl Bus {
    /// The same node, with the secrets of this vault for its runs; without one they have those of the environment.
    #[must_use]
    pub fn with_vault(self, vault: Vault) -> Self {
        // the first one stays: runs may use it already
        let _first = self.0.vault.set(vault);
        self
    }

    /// The vault, if there is one.
    #[must_use]
    pub fn vault(&self) -> Option<&Vault> {
        self.0.vault.get()
    }

    /// The workflows there are.
    #[must_use]
    pub fn workflows(&self) -> Workflows {
        let parts = self.parts();
        Workflows::new(Arc::clone(&parts.store), Arc::clone(&parts.clock), Arc::clone(&parts.catalogue))
    }

    /// When workflows are due.
    #[must_use]
    pub fn schedules(&self) -> Schedules {
        Schedules::new(Arc::clone(&self.parts().store), Arc::clone(&self.parts().clock))
    }

    /// What is listened for.
    #[must_use]
    pub fn listeners(&self) -> Listeners {
        Listeners::new(Arc::clone(&self.parts().store))
    }

    /// What workflows offer to the outside.
    #[must_use]
    pub fn publications(&self) -> Publications {
        Publications::new(self.clone())
    }

    /// The time, as publications have it.
    pub(crate) fn milliseconds(&self) -> i64 {
        self.now()
    }

    /// Fires schedules, and tidies up what a crash left over, until stopped.
    pub(super) async fn keep_time(&self, stop: &CancellationToken) {
        let (schedules, publications) = (self.schedules(), self.publications());
        let tidying = async {
            let mut ticks = tokio::time::interval(TIDY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = ticks.tick() => {}
                    () = stop.cancelled() => return,
                }
                if let Err(error) = self.workflows().tidy().await {
                    tracing::warn!(%error, "workflows are tidied up later");
                }
                if let Err(error) = publications.tidy().await {
                    tracing::warn!(%error, "publications are tidied up later");
                }
            }
        };
        tokio::join!(schedules.work(&self.parts().node, self, stop.clone()), tidying);
    }
}

impl Starts for Bus {
    fn start(&self, slot: Slot) -> BoxFuture<'_, Result<(), BusError>> {
        Box::pin(async move {
            match self.known(&slot.run).await {
                Ok(_) => return Ok(()),
                Err(BusError::Missing) => {}
                Err(error) => return Err(error),
            }
            let by = StartedBy::Schedule(slot.at);
            let asked = Start {
                workflow: slot.workflow,
                parameters: Map::new(),
                inputs: BTreeMap::new(),
                priority: priority_of(&by),
                by,
                language: Language::default(),
            };
            match self.start_run(slot.run.clone(), asked).await {
                // another node has started it between the two
                Err(BusError::Backplane(_)) if self.known(&slot.run).await.is_ok() => Ok(()),
                started => started.map(|_| ()),
            }
        })
    }
}
