//! What tests of the engine stand on: a clock that is set by hand, a store in a folder of its own, one that fails.

use crate::{Bus, BusParts, BusSettings};
use backplane::{
    BackplaneError, Body, Chunk, Collection, Document, Expect, Lease, Query, Revision, Store, Trouble,
    embedded::Embedded,
};
use bus_core::{
    msg,
    record::{Precision, Timestamp},
};
use connectors::{
    contract::{Clock, Limits},
    kit::http::Http,
};
use futures::future::BoxFuture;
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

/// A clock that is set by hand; ms since the Unix epoch.
#[derive(Debug)]
pub(crate) struct HandClock(AtomicI64);

impl HandClock {
    pub(crate) fn at(milliseconds: i64) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(milliseconds)))
    }

    pub(crate) fn set(&self, milliseconds: i64) {
        self.0.store(milliseconds, SeqCst);
    }

    pub(crate) fn forward(&self, milliseconds: i64) {
        self.0.fetch_add(milliseconds, SeqCst);
    }

    pub(crate) fn milliseconds(&self) -> i64 {
        self.0.load(SeqCst)
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::at(self.milliseconds() * 1_000, 0, Precision::Microsecond)
    }
}

/// An embedded backplane in a folder that goes with it.
pub(crate) struct Node {
    pub(crate) hand: Arc<HandClock>,
    pub(crate) embedded: Embedded,
    folder: tempfile::TempDir,
}

impl Node {
    pub(crate) fn new() -> Self {
        let hand = HandClock::at(1_700_000_000_000);
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Arc::clone(&hand);
        let embedded = Embedded::open(folder.path(), Arc::new(move || clock.milliseconds())).expect("opened");
        Self { hand, embedded, folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn store(&self) -> Arc<dyn Store> {
        Arc::new(self.embedded.clone())
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::<HandClock>::clone(&self.hand)
    }

    /// A bus over it; it does nothing by itself.
    pub(crate) fn bus(&self) -> Bus {
        Bus::new(BusParts {
            node: "node".to_owned(),
            broker: Arc::new(self.embedded.clone()),
            store: self.store(),
            clock: self.clock(),
            find: connectors::connector,
            catalogue: Arc::new(connectors::Connectors),
            http: Http::default(),
            limits: Limits::default(),
            folder: self.folder().join("files"),
            scratch: std::env::temp_dir(),
            slots: 2,
            settings: BusSettings::default(),
        })
    }

    /// The same store for somebody whose writes fail after so many, as if the process had ended there.
    pub(crate) fn store_that_fails_after(&self, writes: u64) -> Arc<dyn Store> {
        Arc::new(Failing { store: self.embedded.clone(), left: AtomicU64::new(writes) })
    }
}

struct Failing {
    store: Embedded,
    left: AtomicU64,
}

impl Failing {
    fn write(&self) -> Result<(), BackplaneError> {
        let left = self.left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1));
        let away = || BackplaneError::new(Trouble::Unavailable, msg!("the run was cancelled"));
        left.map(|_| ()).map_err(|_| away())
    }
}

impl Store for Failing {
    fn get<'a>(
        &'a self,
        collection: Collection,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Document>, BackplaneError>> {
        self.store.get(collection, id)
    }

    fn save<'a>(
        &'a self,
        collection: Collection,
        id: &'a str,
        body: Body,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, BackplaneError>> {
        Box::pin(async move {
            self.write()?;
            self.store.save(collection, id, body, expect).await
        })
    }

    fn delete<'a>(
        &'a self,
        collection: Collection,
        id: &'a str,
        expect: Expect,
    ) -> BoxFuture<'a, Result<(), BackplaneError>> {
        Box::pin(async move {
            self.write()?;
            self.store.delete(collection, id, expect).await
        })
    }

    fn find(
        &self,
        collection: Collection,
        query: Query,
    ) -> BoxFuture<'_, Result<Vec<Document>, BackplaneError>> {
        self.store.find(collection, query)
    }

    fn lease<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        time: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>, BackplaneError>> {
        self.store.lease(name, holder, time)
    }

    fn release(&self, lease: Lease) -> BoxFuture<'_, Result<(), BackplaneError>> {
        self.store.release(lease)
    }

    fn put_chunk<'a>(
        &'a self,
        name: &'a str,
        owner: &'a str,
        bytes: Vec<u8>,
        time: Duration,
    ) -> BoxFuture<'a, Result<(), BackplaneError>> {
        Box::pin(async move {
            self.write()?;
            self.store.put_chunk(name, owner, bytes, time).await
        })
    }

    fn chunk<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, BackplaneError>> {
        self.store.chunk(name)
    }

    fn chunks<'a>(
        &'a self,
        owner: &'a str,
        after: Option<&'a Chunk>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Chunk>, BackplaneError>> {
        self.store.chunks(owner, after, limit)
    }

    fn delete_chunk<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), BackplaneError>> {
        Box::pin(async move {
            self.write()?;
            self.store.delete_chunk(name).await
        })
    }

    fn sweep(&self) -> BoxFuture<'_, Result<u64, BackplaneError>> {
        self.store.sweep()
    }
}
