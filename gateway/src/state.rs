use crate::{
    Problem, Settings,
    accounts::{Limiter, Passwords},
    metrics::Metrics,
    shelf::{Published, Shelf},
    streams::Streams,
};
use backplane::Store;
use bus_core::api::Time;
use connectors::contract::Clock;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;
use workers::{Bus, Who, Workflows};

/// What the gateway stands on.
pub struct Parts {
    /// The node of the bus that it stands before.
    pub bus: Bus,
    /// Where accounts, sessions and the audit are kept.
    pub store: Arc<dyn Store>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// How it behaves.
    pub settings: Settings,
    /// Cancelled when the server is to stop: no call is taken any more, event streams end.
    pub stop: CancellationToken,
}

/// The gateway as its handlers see it. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    parts: Parts,
    passwords: Passwords,
    limiter: Limiter,
    streams: Streams,
    shelf: Shelf,
    metrics: Metrics,
    start: Instant,
}

impl App {
    /// The gateway over its parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let passwords = Passwords::new(&parts.settings.accounts);
        let limiter = Limiter::new(parts.settings.accounts.attempts_time);
        let streams = Streams::new(parts.settings.streams);
        let shelf = Shelf::new(parts.settings.shelf);
        let (metrics, start) = (Metrics::default(), Instant::now());
        Self(Arc::new(Inner { parts, passwords, limiter, streams, shelf, metrics, start }))
    }

    /// The node of the bus.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.0.parts.bus
    }

    /// A new name that sorts by time.
    pub(crate) fn new_id(&self) -> String {
        workers::new_id(self.0.parts.clock.as_ref())
    }

    /// Where accounts, sessions and the audit are kept.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        self.0.parts.store.as_ref()
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Time {
        Time(workers::now(self.0.parts.clock.as_ref()))
    }

    /// How the gateway behaves.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.parts.settings
    }

    /// Cancelled when the server is to stop; streams of events end with it.
    #[must_use]
    pub fn stopping(&self) -> &CancellationToken {
        &self.0.parts.stop
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    pub(crate) fn limiter(&self) -> &Limiter {
        &self.0.limiter
    }

    pub(crate) fn streams(&self) -> &Streams {
        &self.0.streams
    }

    pub(crate) fn shelf(&self) -> &Shelf {
        &self.0.shelf
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Since when it runs.
    pub(crate) fn uptime(&self) -> Duration {
        self.0.start.elapsed()
    }

    pub(crate) fn workflows(&self) -> Workflows {
        self.bus().workflows()
    }

    /// What the store knows of a publication.
    pub(crate) async fn published(&self, slug: &str) -> Result<Option<Published>, Problem> {
        let found = self.bus().publications().get(slug).await?;
        Ok(found.map(|found| Published {
            version: found.etag,
            workflow: found.info.workflow,
            at: found.info.at,
            public: found.info.public,
        }))
    }

    /// An account with its groups.
    pub(crate) async fn who(&self, account: &str) -> Result<Who, Problem> {
        Ok(Who::known(self.store(), account).await?)
    }

    /// Lays a file out in the folder of a workflow.
    pub(crate) async fn lay_out(&self, workflow: &str, path: &str, bytes: &[u8]) -> std::io::Result<()> {
        let path = self.bus().folder(workflow).join(path);
        if let Some(folder) = path.parent() {
            tokio::fs::create_dir_all(folder).await?;
        }
        tokio::fs::write(path, bytes).await
    }
}
