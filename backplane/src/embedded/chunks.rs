//! Chunks: an entry that says until when, and the bytes: small ones in the store, where one fsync serves many,
//! larger ones one file each, named by the hash of the chunk's name.

use super::{CHUNKS, EXPIRY, Embedded, OWNERS, SMALL, base::Base, failed, trouble};
use crate::{BackplaneError, Chunk};
use redb::WriteTransaction;
use sha2::{Digest, Sha256};
use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{ErrorKind, Write as _},
    ops::Bound,
    path::{Path, PathBuf},
};

/// Where a chunk's bytes are.
fn path(folder: &Path, name: &str) -> PathBuf {
    let mut hash = String::with_capacity(64);
    for byte in Sha256::digest(name.as_bytes()) {
        // writing to a String cannot fail
        let _written = write!(hash, "{byte:02x}");
    }
    let (start, rest) = hash.split_at(2);
    folder.join(start).join(rest)
}

/// A chunk of so many bytes is a file, a smaller one stands in the store itself.
const SMALLEST_FILE: usize = 64 << 10;

pub(super) async fn put(embedded: &Embedded, chunk: Chunk, bytes: Vec<u8>) -> Result<(), BackplaneError> {
    if bytes.len() < SMALLEST_FILE {
        let write = move |transaction: &WriteTransaction| {
            note(transaction, &chunk)?;
            transaction.open_table(SMALL)?.insert(chunk.name.as_str(), bytes.as_slice())?;
            Ok(Ok(()))
        };
        return embedded.writer.write(write).await;
    }
    let path = path(&embedded.chunks, &chunk.name);
    let target = path.clone();
    blocking(move || write_file(&target, &bytes)).await?.map_err(|error| trouble(&path, &error))?;
    embedded.writer.write(move |transaction| note(transaction, &chunk).map(Ok)).await
}

/// Writes beside and renames: the file of a name is always whole.
fn write_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)?;
    let beside = path.with_extension(format!("{:?}", std::thread::current().id()).replace(['(', ')'], "-"));
    let mut file = File::create(&beside)?;
    let written =
        file.write_all(bytes).and_then(|()| file.sync_data()).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // the error that matters is the first one
        let _removed = fs::remove_file(&beside);
    }
    written
}

fn note(transaction: &WriteTransaction, chunk: &Chunk) -> Result<(), redb::Error> {
    // a file of an earlier chunk of this name stays: another writer may just have replaced it
    forget(transaction, &chunk.name)?;
    let name = chunk.name.as_str();
    transaction.open_table(CHUNKS)?.insert(name, serde_json::json!(chunk).to_string().as_bytes())?;
    transaction.open_table(OWNERS)?.insert((chunk.owner.as_str(), name), ())?;
    transaction.open_table(EXPIRY)?.insert((chunk.until, name), ())?;
    Ok(())
}

/// Removes the entry, if there is one; says whether its bytes stand in a file.
fn forget(transaction: &WriteTransaction, name: &str) -> Result<bool, redb::Error> {
    let known: Option<Chunk> = transaction
        .open_table(CHUNKS)?
        .remove(name)?
        .and_then(|stored| serde_json::from_slice(stored.value()).ok());
    let Some(known) = known else { return Ok(false) };
    transaction.open_table(OWNERS)?.remove((known.owner.as_str(), name))?;
    transaction.open_table(EXPIRY)?.remove((known.until, name))?;
    Ok(transaction.open_table(SMALL)?.remove(name)?.is_none())
}

/// The entry of a chunk, and its bytes where they stand in the store.
type Entry = (Chunk, Option<Vec<u8>>);

fn entry(database: &Base, name: &str) -> Result<Option<Entry>, redb::Error> {
    let read = database.begin_read()?;
    let stored = read.open_table(CHUNKS)?.get(name)?;
    let known = stored.and_then(|stored| serde_json::from_slice(stored.value()).ok());
    let Some(known) = known else { return Ok(None) };
    let bytes = read.open_table(SMALL)?.get(name)?.map(|bytes| bytes.value().to_vec());
    Ok(Some((known, bytes)))
}

pub(super) async fn get(embedded: &Embedded, name: &str) -> Result<Option<Vec<u8>>, BackplaneError> {
    let known = entry(&embedded.database, name).map_err(|error| failed(&error))?;
    let Some((_, small)) = known.filter(|(known, _)| known.until > embedded.now()) else { return Ok(None) };
    if small.is_some() {
        return Ok(small);
    }
    let path = path(&embedded.chunks, name);
    let file = path.clone();
    match blocking(move || fs::read(file)).await? {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(trouble(&path, &error)),
    }
}

pub(super) fn list(
    database: &Base,
    owner: &str,
    after: Option<&Chunk>,
    limit: usize,
) -> Result<Vec<Chunk>, redb::Error> {
    let read = database.begin_read()?;
    let (owners, chunks) = (read.open_table(OWNERS)?, read.open_table(CHUNKS)?);
    let from = after.map_or(Bound::Included((owner, "")), |chunk| {
        Bound::Excluded((chunk.owner.as_str(), chunk.name.as_str()))
    });
    let mut found = Vec::new();
    for held in owners.range::<(&str, &str)>((from, Bound::Unbounded))? {
        let held = held?;
        let (of, name) = held.0.value();
        if !of.starts_with(owner) || found.len() >= limit {
            break;
        }
        if let Some(stored) = chunks.get(name)? {
            found.extend(serde_json::from_slice::<Chunk>(stored.value()).ok());
        }
    }
    Ok(found)
}

pub(super) async fn delete(embedded: &Embedded, name: &str) -> Result<(), BackplaneError> {
    // the entry first: a file without an entry is nothing, an entry without a file is a promise not kept
    let of = name.to_owned();
    if embedded.writer.write(move |transaction| forget(transaction, &of).map(Ok)).await? {
        remove_file(path(&embedded.chunks, name)).await?;
    }
    Ok(())
}

async fn remove_file(path: PathBuf) -> Result<(), BackplaneError> {
    let file = path.clone();
    match blocking(move || fs::remove_file(file)).await? {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(trouble(&path, &error)),
        _ => Ok(()),
    }
}

/// Chunks deleted in one sweep at most, so that a sweep does not hold up the writer.
const SWEEP: usize = 1_000;

pub(super) async fn sweep(embedded: &Embedded) -> Result<u64, BackplaneError> {
    let now = embedded.now();
    let outlived = || -> Result<Vec<String>, redb::Error> {
        let table = embedded.database.begin_read()?.open_table(EXPIRY)?;
        let range = table.range(..(now.saturating_add(1), ""))?.take(SWEEP);
        range.map(|entry| Ok(entry?.0.value().1.to_owned())).collect()
    };
    let names = outlived().map_err(|error| failed(&error))?;
    for name in &names {
        delete(embedded, name).await?;
    }
    Ok(names.len() as u64)
}

async fn blocking<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> Result<R, BackplaneError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| failed(&error))
}
