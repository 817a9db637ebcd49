//! The embedded adapter: one process, one data folder, nothing to install.
//!
//! Documents, leases, queues and small chunks stand in one redb file, written by one thread that commits
//! many writes together (group commit, with fsync); larger chunks are files beside it. A crash at any
//! moment loses nothing that a call has returned from.

mod base;
mod chunks;
mod documents;
mod events;
mod keys;
mod leases;
mod queue;
mod queues;
mod writer;

use crate::{
    Announcement, BackplaneError, Body, Broker, Chunk, Collection, Consumer, DeadLetter, Document, Expect,
    Lease, Listener, Message, Pattern, Query, Revision, Store, Trouble,
};
use base::Base;
use bus_core::msg;
use events::Events;
use futures::future::BoxFuture;
use queues::Queues;
use redb::{Database, TableDefinition};
use std::{
    fs::{self, File, TryLockError},
    io::{Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use writer::Writer;

pub use crate::Clock;

/// `(collection, id)` → revision (8 bytes, little endian) and JSON.
const DOCUMENTS: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("documents");
/// Ordered keys (see `keys.rs`) that end in the document's id.
const INDEXES: TableDefinition<'_, &[u8], ()> = TableDefinition::new("indexes");
/// Name → lease as JSON.
const LEASES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("leases");
/// `(queue, number)` → message.
const MESSAGES: TableDefinition<'_, (&str, u64), &[u8]> = TableDefinition::new("messages");
/// `(queue, number)` → message that was given up.
const DEAD: TableDefinition<'_, (&str, u64), &[u8]> = TableDefinition::new("dead");
/// Name → what is known of the chunk, as JSON.
const CHUNKS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("chunks");
/// Name → bytes of a small chunk; those of larger ones are files.
const SMALL: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("small chunks");
/// `(owner, name)`: chunks by owner.
const OWNERS: TableDefinition<'_, (&str, &str), ()> = TableDefinition::new("chunk owners");
/// `(until, name)`: chunks by the time they leave.
const EXPIRY: TableDefinition<'_, (i64, &str), ()> = TableDefinition::new("chunk expiry");

/// Memory for pages of the store, bytes: small, the operating system caches the file as well.
const CACHE: usize = 16 << 20;

/// Broker and store in one process and one folder. Cheap to clone.
#[derive(Clone)]
pub struct Embedded {
    database: Arc<Base>,
    writer: Writer,
    queues: Arc<Queues>,
    events: Events,
    chunks: PathBuf,
    clock: Clock,
    _lock: Arc<File>,
}

impl std::fmt::Debug for Embedded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Embedded").field("chunks", &self.chunks).finish_non_exhaustive()
    }
}

impl Embedded {
    /// Opens the data folder, and makes it if it is not there. Needs a tokio runtime.
    ///
    /// # Errors
    /// If another process uses the folder, or if what it holds cannot be read; nothing is deleted then.
    pub fn open(folder: &Path, clock: Clock) -> Result<Self, BackplaneError> {
        let chunks = folder.join("chunks");
        fs::create_dir_all(&chunks).map_err(|error| trouble(folder, &error))?;
        let lock = lock(folder)?;
        let file = folder.join("store.redb");
        let path = file.clone();
        let database = Base::open(move || Database::builder().set_cache_size(CACHE).create(&path));
        let database = Arc::new(database.map_err(|error| unreadable(&file, &error))?);
        let writer = Writer::start(Arc::clone(&database))?;
        prepare(&database).map_err(|error| unreadable(&file, &error))?;
        let queues = Queues::open(&database, writer.clone(), Arc::clone(&clock))
            .map_err(|error| unreadable(&file, &error))?;
        Ok(Self { database, writer, queues, events: Events::default(), chunks, clock, _lock: Arc::new(lock) })
    }

    /// Closes the folder, so that it can be opened again: waits until what was begun is written.
    ///
    /// Other clones of this handle keep it open; it is closed when the last is gone.
    pub async fn close(self) {
        let file = self.chunks.with_file_name("store.redb");
        drop(self);
        for _ in 0..5_000 {
            // the writer lets go of the file when it has written what was begun
            if File::open(&file).is_ok_and(|file| file.try_lock().is_ok()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn now(&self) -> i64 {
        (self.clock)()
    }
}

/// Makes all tables, so that reading one never finds it missing.
fn prepare(database: &Base) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(DOCUMENTS)?;
    transaction.open_table(INDEXES)?;
    transaction.open_table(LEASES)?;
    transaction.open_table(MESSAGES)?;
    transaction.open_table(DEAD)?;
    transaction.open_table(CHUNKS)?;
    transaction.open_table(SMALL)?;
    transaction.open_table(OWNERS)?;
    transaction.open_table(EXPIRY)?;
    transaction.commit()?;
    Ok(())
}

/// Takes the folder for this process.
fn lock(folder: &Path) -> Result<File, BackplaneError> {
    let path = folder.join("lock");
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|error| trouble(&path, &error))?;
    match file.try_lock() {
        Ok(()) => {
            let noted = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
            noted.map_err(|error| trouble(&path, &error))?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let known = file.read_to_string(&mut holder).is_ok() && !holder.is_empty();
            let holder = if known { holder } else { "?".to_owned() };
            Err(BackplaneError::new(
                Trouble::Refused,
                msg!(
                    "the data folder {folder} is in use by process {process}: stop it, or choose another folder",
                    folder = folder.display().to_string(),
                    process = holder
                ),
            ))
        }
        Err(TryLockError::Error(error)) => Err(trouble(&path, &error)),
    }
}

fn trouble(path: &Path, error: &std::io::Error) -> BackplaneError {
    BackplaneError::new(
        Trouble::Unavailable,
        msg!("{path}: {reason}", path = path.display().to_string(), reason = error.to_string()),
    )
}

fn unreadable(file: &Path, error: &dyn std::error::Error) -> BackplaneError {
    BackplaneError::new(
        Trouble::Corrupt,
        msg!(
            "{file} cannot be read ({reason}); nothing was deleted: put a copy of it back, or move it away to start empty",
            file = file.display().to_string(),
            reason = error.to_string()
        ),
    )
}

/// A failure of the store itself while it works: full disk, broken disk.
fn failed(error: &dyn std::error::Error) -> BackplaneError {
    BackplaneError::new(
        Trouble::Unavailable,
        msg!("the store cannot be written or read: {reason}", reason = error.to_string()),
    )
}

impl Broker for Embedded {
    fn publish<'a>(
        &'a self,
        queue: &'a str,
        message: Message,
        delay: Duration,
    ) -> BoxFuture<'a, Result<(), BackplaneError>> {
        Box::pin(self.queues.publish(queue, message, delay))
    }

    fn consume<'a>(
        &'a self,
        queue: &'a str,
        prefetch: u16,
    ) -> BoxFuture<'a, Result<Consumer, BackplaneError>> {
        Box::pin(async move { Ok(self.queues.consume(queue, prefetch)) })
    }

    fn announce<'a>(&'a self, topic: &'a str, body: Vec<u8>) -> BoxFuture<'a, Result<(), BackplaneError>> {
        self.events.announce(&Announcement { topic: topic.into(), body: body.into() });
        Box::pin(async { Ok(()) })
    }

    fn listen<'a>(&'a self, pattern: Pattern) -> BoxFuture<'a, Result<Listener, BackplaneError>> {
        Box::pin(async move { Ok(self.events.listen(pattern)) })
    }

    fn depth<'a>(&'a self, queue: &'a str) -> BoxFuture<'a, Result<(u64, f64), BackplaneError>> {
        Box::pin(async move { Ok(self.queues.depth(queue)) })
    }

    fn dead_letters<'a>(
        &'a self,
        queue: &'a str,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<DeadLetter>, BackplaneError>> {
        Box::pin(async move { self.queues.dead_letters(queue, limit).map_err(|error| failed(&error)) })
    }

    fn bury<'a>(
        &'a self,
        queue: &'a str,
        id: &'a str,
        again: bool,
    ) -> BoxFuture<'a, Result<(), BackplaneError>> {
        Box::pin(self.queues.bury(queue, id, again))
    }
}

impl Store for Embedded {
    fn get<'a>(
        &'a self,
        collection: Collection,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Document>, BackplaneError>> {
        Box::pin(async move { documents::get(&self.database, collection, id) })
    }

    fn save<'a>(
        &'a self,
        collection: Collection,
        id: &'a str,
        body: Body,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, BackplaneError>> {
        let id = id.to_owned();
        self.writer.write(move |transaction| documents::save(transaction, collection, &id, &body, expect))
    }

    fn delete<'a>(
        &'a self,
        collection: Collection,
        id: &'a str,
        expect: Expect,
    ) -> BoxFuture<'a, Result<(), BackplaneError>> {
        let id = id.to_owned();
        self.writer.write(move |transaction| documents::delete(transaction, collection, &id, expect))
    }

    fn find(
        &self,
        collection: Collection,
        query: Query,
    ) -> BoxFuture<'_, Result<Vec<Document>, BackplaneError>> {
        Box::pin(async move { documents::find(&self.database, collection, &query) })
    }

    fn count(&self, collection: Collection, query: Query) -> BoxFuture<'_, Result<u64, BackplaneError>> {
        Box::pin(async move { documents::count(&self.database, collection, &query) })
    }

    fn lease<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        time: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>, BackplaneError>> {
        let (name, holder, now) = (name.to_owned(), holder.to_owned(), self.now());
        self.writer.write(move |transaction| leases::take(transaction, &name, &holder, now, time))
    }

    fn release(&self, lease: Lease) -> BoxFuture<'_, Result<(), BackplaneError>> {
        self.writer.write(move |transaction| leases::release(transaction, &lease))
    }

    fn put_chunk<'a>(
        &'a self,
        name: &'a str,
        owner: &'a str,
        bytes: Vec<u8>,
        time: Duration,
    ) -> BoxFuture<'a, Result<(), BackplaneError>> {
        let until = self.now().saturating_add(i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
        let chunk = Chunk { name: name.to_owned(), owner: owner.to_owned(), size: bytes.len() as u64, until };
        Box::pin(chunks::put(self, chunk, bytes))
    }

    fn chunk<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, BackplaneError>> {
        Box::pin(chunks::get(self, name))
    }

    fn chunks<'a>(
        &'a self,
        owner: &'a str,
        after: Option<&'a Chunk>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Chunk>, BackplaneError>> {
        Box::pin(
            async move { chunks::list(&self.database, owner, after, limit).map_err(|error| failed(&error)) },
        )
    }

    fn delete_chunk<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), BackplaneError>> {
        Box::pin(chunks::delete(self, name))
    }

    fn sweep(&self) -> BoxFuture<'_, Result<u64, BackplaneError>> {
        Box::pin(chunks::sweep(self))
    }
}
