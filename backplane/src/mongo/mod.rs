//! The adapter for MongoDB: the store of a bus on many machines.
//!
//! Documents are read and written by single commands that the server does as one, so it is correct without
//! transactions, on one server as on a replica set. Every query is bounded by an index. `documents.rs`,
//! `leases.rs` and `chunks.rs` say what is stored and how.

mod body;
mod chunks;
mod documents;
mod keys;
mod leases;
mod schema;
mod settings;
mod time;
mod trouble;
mod wire;

pub use settings::MongoSettings;

use crate::{
    BackplaneError, Body, Chunk, Collection, Document, Expect, Lease, Query, Revision, Store, Trouble,
};
use chunks::Shelves;
use documents::Failed;
use futures::future::BoxFuture;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use time::Time;
use tokio::{
    sync::OnceCell,
    time::{Instant, sleep},
};
use wire::{Base, Fault, Table, Way};

/// The store MongoDB.
pub struct Mongo {
    base: Base,
    time: Time,
    leases: Table,
    shelves: Shelves,
    /// Collections whose indexes are known to stand.
    declared: Mutex<HashMap<&'static str, Arc<OnceCell<()>>>>,
}

impl std::fmt::Debug for Mongo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mongo").field("base", &self.base).finish_non_exhaustive()
    }
}

/// The first pause between two tries to connect, doubled each time.
const PAUSE: Duration = Duration::from_millis(250);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(5);

impl Mongo {
    /// Connects to the server, and makes or checks what must stand there. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`Trouble::Unavailable`] if it cannot be reached for as long as the settings say; [`Trouble::Refused`]
    /// at once if it does not let us in, if an index is not as it should be, or if a later version of the bus
    /// has written there.
    pub async fn connect(settings: MongoSettings) -> Result<Arc<Self>, BackplaneError> {
        let until = Instant::now() + settings.start;
        let mut pause = PAUSE;
        loop {
            let error = match Self::once(&settings).await {
                Ok(mongo) => return Ok(Arc::new(mongo)),
                Err(error) => error,
            };
            if error.trouble != Trouble::Unavailable || Instant::now() + pause >= until {
                return Err(error);
            }
            tracing::warn!(%error, "MongoDB is tried again");
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST);
        }
    }

    async fn once(settings: &MongoSettings) -> Result<Self, BackplaneError> {
        let way = Way {
            uri: &settings.uri,
            database: &settings.database,
            name: &settings.name,
            connections: settings.connections,
            call: settings.call,
            watch: settings.watch,
        };
        let base = Base::new(&way).await.map_err(|fault| trouble::about(&fault, "-", &settings.database))?;
        let mongo = Self {
            time: Time::new(settings.clock.clone()),
            leases: base.table(schema::LEASES),
            shelves: Shelves { entries: base.table(schema::CHUNKS), pieces: base.table(schema::PIECES) },
            declared: Mutex::default(),
            base,
        };
        mongo.told(schema::open(&mongo.base).await)?;
        for collection in &settings.collections {
            mongo.table(*collection).await?;
        }
        Ok(mongo)
    }

    /// Every shape of query that was asked so far, with the server's plan for it as text; nothing unless the
    /// settings say `watch`.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub async fn explained(&self) -> Result<Vec<(String, String)>, BackplaneError> {
        self.told(self.base.explained().await)
    }

    /// Every shape of command that was asked so far, with the write concern or the read concern it was asked
    /// with, as JSON; nothing unless the settings say `watch`.
    #[must_use]
    pub fn concerns(&self) -> Vec<(String, String)> {
        self.base.concerns()
    }

    /// Deletes the database with all that is in it.
    ///
    /// # Errors
    /// If the server cannot be reached or does not allow it.
    pub async fn remove(&self) -> Result<(), BackplaneError> {
        self.told(self.base.remove().await)
    }

    fn told<R>(&self, result: Result<R, impl Into<Failed>>) -> Result<R, BackplaneError> {
        result.map_err(|failed| match failed.into() {
            Failed::Told(error) => error,
            Failed::Fault(fault) => trouble::told(&fault, &self.base),
        })
    }

    /// The same for a call about one document: what is taken is a conflict about it.
    fn told_of<R>(&self, id: &str, result: Result<R, Failed>) -> Result<R, BackplaneError> {
        match result {
            Err(Failed::Fault(Fault::Taken(_))) => Err(BackplaneError::conflict(id)),
            other => self.told(other),
        }
    }

    /// A collection whose indexes stand.
    async fn table(&self, collection: Collection) -> Result<Table, BackplaneError> {
        let cell = {
            let mut declared = self.declared.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(declared.entry(collection.name).or_default())
        };
        cell.get_or_try_init(|| async { self.told(schema::declare(&self.base, collection).await) }).await?;
        Ok(self.base.table(collection.name))
    }

    async fn now(&self) -> Result<i64, BackplaneError> {
        self.told(self.time.now(&self.base).await)
    }
}

impl Store for Mongo {
    fn get<'a>(
        &'a self,
        collection: Collection,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Document>, BackplaneError>> {
        Box::pin(async move {
            let table = self.table(collection).await?;
            self.told(documents::get(&table, id).await)
        })
    }

    fn save<'a>(
        &'a self,
        collection: Collection,
        id: &'a str,
        body: Body,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, BackplaneError>> {
        Box::pin(async move {
            let table = self.table(collection).await?;
            self.told_of(id, documents::save(&table, collection, id, &body, expect).await)
        })
    }

    fn delete<'a>(
        &'a self,
        collection: Collection,
        id: &'a str,
        expect: Expect,
    ) -> BoxFuture<'a, Result<(), BackplaneError>> {
        Box::pin(async move {
            let table = self.table(collection).await?;
            self.told(documents::delete(&table, id, expect).await)
        })
    }

    fn find(
        &self,
        collection: Collection,
        query: Query,
    ) -> BoxFuture<'_, Result<Vec<Document>, BackplaneError>> {
        Box::pin(async move {
            let table = self.table(collection).await?;
            self.told(documents::find(&table, collection, &query).await)
        })
    }

    fn lease<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        time: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>, BackplaneError>> {
        Box::pin(async move {
            let now = self.now().await?;
            self.told(leases::take(&self.leases, name, holder, now, time).await)
        })
    }

    fn release(&self, lease: Lease) -> BoxFuture<'_, Result<(), BackplaneError>> {
        Box::pin(async move { self.told(leases::release(&self.leases, &lease).await) })
    }

    fn put_chunk<'a>(
        &'a self,
        name: &'a str,
        owner: &'a str,
        bytes: Vec<u8>,
        time: Duration,
    ) -> BoxFuture<'a, Result<(), BackplaneError>> {
        Box::pin(async move {
            let time = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
            let until = self.now().await?.saturating_add(time);
            let size = bytes.len() as u64;
            let chunk = Chunk { name: name.to_owned(), owner: owner.to_owned(), size, until };
            self.told(chunks::put(&self.shelves, &chunk, bytes).await)
        })
    }

    fn chunk<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, BackplaneError>> {
        Box::pin(async move {
            let now = self.now().await?;
            self.told(chunks::get(&self.shelves, name, now).await)
        })
    }

    fn chunks<'a>(
        &'a self,
        owner: &'a str,
        after: Option<&'a Chunk>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Chunk>, BackplaneError>> {
        Box::pin(async move { self.told(chunks::list(&self.shelves, owner, after, limit).await) })
    }

    fn delete_chunk<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), BackplaneError>> {
        Box::pin(async move { self.told(chunks::delete(&self.shelves, name).await) })
    }

    fn sweep(&self) -> BoxFuture<'_, Result<u64, BackplaneError>> {
        Box::pin(async move {
            let now = self.now().await?;
            self.told(chunks::sweep(&self.shelves, now).await)
        })
    }
}
